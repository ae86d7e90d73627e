"""The content of a report: every analysis, run once, with a sentence where one does not apply."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import jax
import xarray as xr
from jaxtyping import PRNGKeyArray
from matplotlib.figure import Figure

from bayes_irl import plots
from bayes_irl._checks import InputError
from bayes_irl.evaluation.checks import dynamics, loo_pit, predictive, prior_sensitivity
from bayes_irl.evaluation.comparison import compare
from bayes_irl.evaluation.experiments import tell_apart
from bayes_irl.evaluation.identifiability import assumptions, blind_spots
from bayes_irl.inference.fit import Fit
from bayes_irl.recordings import Recording

Step = Callable[[str], None]


@dataclass(frozen=True)
class Picture:
    """A figure with the words that belong to it.

    Attributes:
        name: Of its file, without suffix.
        title: What it shows, for those who cannot see it.
        caption: How to read it.
        figure: The figure.
    """

    name: str
    title: str
    caption: str
    figure: Figure


@dataclass(frozen=True)
class Claim:
    """The results of one claim.

    Attributes:
        name: Of the claim.
        tree: Its fit.
        findings: The outcomes of its checks, in words.
        pictures: Of its checks.
        unknown: What is not known after the recording, in words.
    """

    name: str
    tree: xr.DataTree
    findings: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Of its gate."""
        return Fit(self.tree).verdict

    @property
    def passed(self) -> bool:
        """Whether its gate passed."""
        return Fit(self.tree).passed


@dataclass(frozen=True)
class Content:
    """The results of all claims.

    Attributes:
        claims: By how well they predict, the best one first.
        table: The result of `compare`.
        comparison: Picture of the comparison.
        rewards: Picture of all rewards, where they belong to circuits.
        experiments: The result of `tell_apart`, or why it did not.
        telling: Picture of it.
    """

    claims: list[Claim]
    table: xr.Dataset
    comparison: Picture
    rewards: Picture | None
    experiments: xr.Dataset | str
    telling: Picture | None


def gather(
    posteriors: Mapping[str, xr.DataTree],
    recording: Recording | None,
    key: PRNGKeyArray,
    step: Step,
    allow_failed: bool,
) -> Content:
    """Run every analysis.

    Args:
        posteriors: Fits by the name of their claim.
        recording: For checks that need the order of bins.
        key: A JAX random key.
        step: Called with the name of each analysis before it begins.
        allow_failed: Whether to continue if fits failed their gate.

    Raises:
        InputError: As `compare`.
    """
    step("comparing")
    table = compare(posteriors, allow_failed=allow_failed)
    names = [str(each) for each in table["claim"].values]
    keys = jax.random.split(key, len(names) + 1)
    claims = [_claim(name, k, posteriors[name], recording, keys[k], step) for k, name in enumerate(names)]
    step("ranking experiments")
    ordered = {name: posteriors[name] for name in names}
    ranked = _attempt(lambda: tell_apart(ordered, key=keys[-1]))
    rewards = _attempt(lambda: plots.rewards_compared(ordered))
    return Content(
        claims=claims,
        table=table,
        comparison=Picture(
            "comparison",
            "Leave-one-out predictive density of each claim relative to the best one",
            COMPARISON,
            plots.elpd(table),
        ),
        rewards=None if isinstance(rewards, str) else Picture("rewards", "Inferred rewards", REWARDS, rewards),
        experiments=ranked,
        telling=None if isinstance(ranked, str) else _telling(ranked),
    )


COMPARISON = (
    "Predictive density of each claim relative to the best one, with two standard errors of the "
    "difference; to the right, stacking weights. Hollow: the fit failed its gate."
)
REWARDS = (
    "Reward by the number of simultaneous spikes, averaged over the patterns that were observed: posterior means and "
    "90 % equal-tailed intervals. Compare levels within a panel, not between panels: for each stimulus the mean over "
    "observed patterns is zero."
)
EXPERIMENTS = (
    "Left: expected information about which claim is right, with two standard errors of the simulation; grey, more "
    "of the same recording; dotted, the maximum. Right: each claim's prediction for the best "
    "experiment."
)
PREDICTIVE = (
    "The recording beside recordings of the same length drawn from the fit. If a bar misses the diagonal, or a dot its "
    "band, the claim does not explain this part of the recording."
)
DYNAMICS = "Dwell times and responses after a change of stimulus: recorded (dots) and drawn from the fit (bands)."
PIT = "Leave-one-out predictions are calibrated if the line stays in the band. The PIT is the non-randomised one."
PRIOR = "Sensitivity of each quantity to a slightly stronger or weaker prior, and to slightly more or less data."


def _telling(ranked: xr.Dataset) -> Picture:
    return Picture("experiments", "Ranked experiments", EXPERIMENTS, plots.experiments(ranked))


def _claim(
    name: str, number: int, tree: xr.DataTree, recording: Recording | None, key: PRNGKeyArray, step: Step
) -> Claim:
    """Check one fit, as far as it can be checked."""
    step(f"checking {name}")
    keys = jax.random.split(key, 3)
    found: list[tuple[str, str, xr.Dataset | str]] = [
        ("predictive", PREDICTIVE, _attempt(lambda: predictive(tree, key=keys[0]))),
        ("loo_pit", PIT, _attempt(lambda: loo_pit(tree, key=keys[1]))),
        ("prior_sensitivity", PRIOR, _attempt(lambda: prior_sensitivity(tree))),
    ]
    if recording is not None:
        found.insert(1, ("dynamics", DYNAMICS, _attempt(lambda: dynamics(tree, recording, key=keys[2]))))
    findings, pictures = Fit(tree).model_findings, []
    for kind, caption, check in found:
        if isinstance(check, str):
            findings.append(check)
            continue
        findings += sentences(check)
        title = f"{kind.replace('_', ' ')}: {name}"
        pictures.append(Picture(f"{kind}_{number + 1}", title, caption, getattr(plots, kind)(check)))
    blind = _attempt(lambda: blind_spots(tree, allow_failed=True))
    assumed = _attempt(lambda: assumptions(tree, allow_failed=True))
    unknown = [blind] if isinstance(blind, str) else list(blind)
    unknown.append(assumed if isinstance(assumed, str) else assumed.attrs["sentence"])
    return Claim(name, tree, findings, pictures, unknown)


def sentences(check: xr.Dataset) -> list[str]:
    """What a check found, in words."""
    found = check["sentence"].values.tolist() if "sentence" in check else [check.attrs["sentence"]]
    found = [sentence.replace("p = ", "p\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}") for sentence in found]
    return [*found, *(check.attrs[about] for about in ("skipped", "note") if check.attrs.get(about))]


def _attempt[Result](analysis: Callable[[], Result]) -> Result | str:
    """An analysis, or the reason why it does not apply: a report still has the rest."""
    try:
        return analysis()
    except InputError as error:
        return left_out(str(error))


def left_out(message: str) -> str:
    """Say why an analysis does not apply, without the names of its arguments.

    >>> left_out("recording: expected updates in their order, got snapshots. Keep the bins.")
    'Left out: it needs updates in their order; here are snapshots. Keep the bins.'
    """
    return re.sub(
        r"^[^:]*: expected (.*?), got (.*?)\.(?= |$)", r"Left out: it needs \1; here are \2.", message, count=1
    )
