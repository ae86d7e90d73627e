"""Predict the answers of a changed system: the reward stays, the optimal answers change."""

from typing import Any, Literal

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError, count, one_of, positive
from bayes_irl._threads import map_threads
from bayes_irl.inference.fit import Fit
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.thinning import evenly
from bayes_irl.prediction.unchanged import compare_unchanged
from bayes_irl.systems import Capability, System
from bayes_irl.systems.adapting import Adaptation, CodingCost

MAX_RESIDUAL = 1e-6
NUM_PILOT = 20  # draws whose unchanged systems are looked at before all are adapted
KEEPS_RATES = (0.01, 0.1)  # absolute and relative change of a mean response that counts as keeping it


def adapt(
    posterior: xr.DataTree,
    system: System,
    *,
    num_draws: int = 200,
    baseline: Literal["held", "adapted"] = "held",
    coding_cost_factor: CodingCost = 1.0,
    progress: bool | None = None,
) -> xr.DataTree:
    """Predict the answers of a changed system, for draws of the reward.

    For each draw the optimal answers are computed for the changed system and for the unchanged one. Compare each draw's
    changed system with the same draw's unchanged system. If nothing is changed, both are equal. If the fit does not
    predict the recorded answers of the unchanged system, this function raises an error instead of predicting.

    Args:
        posterior: The tree that `infer` returned.
        system: The changed system, for instance `recorded(posterior).silence(3)`.
        num_draws: Number of posterior draws to use, evenly spaced among the draws whose reward was stored.
        baseline: `"held"`: p stays at its observed value. `"adapted"`: p is re-optimised in both systems, for the draws
            in which the unchanged system then keeps its recorded rates.
        coding_cost_factor: Coding cost of the changed system, divided by that of the unchanged one. `"keep mean cost"`
            chooses the factor that keeps the mean cost in nats per update (of a population: for the point estimate).
        progress: Whether to show a progress bar; by default in terminals and notebooks.

    Returns:
        The tree with a group `predictions`, whose dimension `circuit` is "unchanged", "changed". It holds the results
        of `System.predict` for each draw: for circuits `tuning_curve` E[σ_i | x], `mean_response` E[σ_i],
        `spike_count_probability`, `information` (bits per response), `mean_cost` (nats per update), `solver_residual`;
        for populations also `monte_carlo_error`, the standard error of a tuning curve from averaging over simulated
        runs (part of it is common to both populations); in a maze `place_probability` and `move_probability`; for
        offers `choice_probability`, P(A) for each distinct offer, `share_of_a` and `relative_value`; for evidence
        `positive_probability`, the share of positive answers at each strength, `mean_reaction_time` (s),
        `share_answered` and `reward_rate` (per second), or `share_sure`. `average_reward_change` (nats per update;
        value per trial) is there if the stimulus statistics did not change: otherwise it would depend on the unknown
        b(x). Intervals over draws are posterior intervals of these expectations, not of single responses. Attributes:
        `change`, in words; `unchanged`, how well the prediction for the unchanged system agrees with the recording;
        `verdict_of_fit`.

    Raises:
        InputError: If the system is of another kind or size, the prediction for the unchanged system differs from the
            recording, draws do not keep the recorded rates, or a draw could not be solved.

    >>> prediction = adapt(posterior, recorded(posterior).silence(2), num_draws=2)
    >>> prediction["predictions"]["circuit"].values.tolist()
    ['unchanged', 'changed']
    """
    fit = Fit(posterior).require(Capability.ADAPT)
    before = fit.system
    system = system.named_after(before) if isinstance(system, System) else system
    change = describe_change(before, system, coding_cost_factor)
    follows = _follows(baseline, fit.baseline_kind)
    plan = before.adaptation(system, fit.as_fitted(follows, coding_cost_factor))
    rewards = fit.rewards(count("num_draws", num_draws))
    drawn = fit.reward_draws(num_draws)
    recorded = fit.recorded
    if follows != "held":
        pilot = [plan.unchanged(rewards[k]) for k in evenly(len(rewards), NUM_PILOT)]
        _refuse_drift(np.array([_keeps_rates(each, recorded) for each in pilot]))
    with Progress(progress).stage("adapting", len(rewards)) as tick:

        def pair(reward: Any) -> tuple[Any, Any]:
            unchanged = plan.unchanged(reward)
            changed = plan.changed(reward, unchanged)
            tick(1)
            return unchanged, changed

        pairs = map_threads(pair, rewards)
    if follows != "held":
        kept = np.array([_keeps_rates(unchanged, recorded) for unchanged, _ in pairs])
        _refuse_drift(kept)
        pairs, drawn = [each for each, keep in zip(pairs, kept, strict=True) if keep], drawn.isel(sample=kept)
    _refuse_unsolved(before, pairs)
    predicted = _dataset(pairs, before, system, drawn, plan)
    predicted.attrs |= {
        "change": change,
        "baseline": baseline,
        "unchanged": compare_unchanged(before, predicted, recorded),
        "verdict_of_fit": fit.verdict,
    }
    return fit.with_group("predictions", predicted)


def _follows(baseline: str, kind: str) -> Literal["held", "neuron", "population"]:
    """How p follows mean responses."""
    if one_of("baseline", baseline, ("held", "adapted")) == "held":
        return "held"
    if kind == "neuron":
        return "neuron"
    if kind == "population":
        return "population"
    raise InputError.of("baseline", f'"held", since the baseline of the fit is "{kind}"', '"adapted"')


def recorded(posterior: xr.DataTree) -> Any:
    """Return the system of a fit's first recording. Change it, and pass it to `adapt`.

    Args:
        posterior: The tree that `infer` returned.

    Returns:
        The system, lesions included.

    Raises:
        InputError: If this is no fit to a system.

    >>> recorded(posterior).num_neurons
    3
    """
    return Fit(posterior).system


def describe_change(before: System, after: System, coding_cost_factor: CodingCost = 1.0) -> str:
    """The change, in words.

    Raises:
        InputError: If the reward of one does not belong to the other, or the factor is not positive.
    """
    changes = before.describe_change(after)
    if coding_cost_factor == "keep mean cost":
        changes.append("coding cost such that its mean stays")
    elif positive("coding_cost_factor", coding_cost_factor) != 1:
        changes.append(f"coding cost × {coding_cost_factor:g}")
    return ", ".join(changes) or "nothing changed"


def _keeps_rates(optimum: Any, recorded: xr.Dataset) -> bool:
    """Whether mean responses are those that were recorded, within 0.01 or 10 %."""
    was = recorded["mean_response" if "mean_response" in recorded else "mean_move"].values
    mean = np.asarray(optimum.mean_baseline("neuron"))
    return bool((np.abs(mean - was) <= np.maximum(KEEPS_RATES[0], KEEPS_RATES[1] * was)).all())


def _refuse_drift(kept: np.ndarray) -> None:
    """Refuse to re-optimise p where that alone moves the unchanged system."""
    if kept.mean() < 0.5:
        raise InputError.of(
            "baseline",
            '"adapted" only where re-optimising p keeps the recorded rates of the unchanged circuit',
            f"rates that change in {(~kept).sum()} of {len(kept)} draws",
            'Re-optimising p alone would look like an adaptation. Use baseline="held".',
        )


def _refuse_unsolved(before: System, pairs: list[tuple[Any, Any]]) -> None:
    bad = sum(not before.is_solved(each, MAX_RESIDUAL) for pair in pairs for each in pair)
    if bad:
        raise InputError(
            f"adapt: {bad} of {2 * len(pairs)} {before.kind}s could not be solved (residual above {MAX_RESIDUAL:g}): "
            "the change is too extreme for the solver. Make a smaller change, or use float64."
        )


def _dataset(
    pairs: list[tuple[Any, Any]], before: System, after: System, drawn: xr.Dataset, plan: Adaptation
) -> xr.Dataset:
    """Every prediction, with a dimension `circuit`: unchanged, changed; and one chain, as ArviZ expects."""
    each = [[who.predict(pair[which]) for pair in pairs] for which, who in ((0, before), (1, after))]
    variables: dict[str, tuple] = {}
    for name, first in each[0][0].data_vars.items():
        values = np.stack([[one[name].values for one in system] for system in each])[:, None]
        variables[str(name)] = (("circuit", "chain", "draw", *first.dims), values, first.attrs)
    dims, average, attrs = variables.pop("average_reward")
    if before.same_stimulus(after):
        variables["average_reward_change"] = (dims[1:], average[1] - average[0], attrs)
    coords = {
        "circuit": ["unchanged", "changed"],
        "chain": [0],
        "draw": np.arange(len(pairs)),
        "posterior_chain": ("draw", drawn["chain"].values),
        "posterior_draw": ("draw", drawn["draw"].values),
    }
    return xr.Dataset(variables, coords=coords | after.label_predictions(before), attrs=dict(plan.attrs))
