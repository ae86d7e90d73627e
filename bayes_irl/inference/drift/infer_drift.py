"""From recordings of many sessions to a posterior of how the reward drifted."""

import time
from collections.abc import Hashable, Sequence
from typing import Any

import arviz_base as azb
import jax
import numpy as np
import xarray as xr
from jaxtyping import Float

from bayes_irl._checks import InputError, count, number_array, positive
from bayes_irl._keys import as_key
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.drift import offer_rows as _offers  # noqa: F401  (registers what drifts in offers)
from bayes_irl.inference.drift import population_rows as _populations  # noqa: F401
from bayes_irl.inference.drift.change_verdict import Changed, in_words
from bayes_irl.inference.drift.jumps import jumped
from bayes_irl.inference.drift.step_scale import (
    DriftProblem,
    ScalePeak,
    ScalePoints,
    draw_paths,
    draw_scales,
    find_peak,
)
from bayes_irl.inference.drift.walking_value import walking_value
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.tree import assemble
from bayes_irl.systems import Check

MAX_EXPANSION_ERROR = 0.5  # nats
LEAST_POINTS = 10.0  # effective number of points of τ


def drift(
    system: Any,
    recordings: Any,
    days: Any = None,
    model: Any = None,
    baseline: Any = "neuron",
    *,
    key: Any,
    change: float = 1.0,
    num_draws: int = 500,
    progress: bool | None = None,
) -> xr.DataTree:
    """Infer how the reward drifted over sessions: did it change, by how much, and in which parameters?

    The parameters w of the value function walk at random from session to session,

        w_d = w_{d−1} + ε_d,      ε_d ~ Normal(0, τ² Δ_d),      r_d = v_d − T B(v_d),

    with Δ_d days between them, and one τ for each named parameter of the model. The prior of the first session is the
    model's. Log-odds are linear in w, so each session's log likelihood is concave: the path is found by Newton's method
    with a block-tridiagonal curvature, τ by its evidence. A priori the change of a parameter over all days is of the
    order of `change`: τ √(Σ Δ_d) ~ HalfNormal(change).

    Args:
        system: A `Population`, or a `Circuit`, which is treated as one; or `Offers` to one subject in many sessions.
        recordings: A list of recordings of the same neurons, one per session, in the order in which they were made:
            single updates, or bins. For offers: the choice in each trial.
        days: When each session was recorded: numbers in days, or dates; increasing. None: one day apart, in the order
            given. Offers need them, in the order of `session_names`.
        model: A model of a value that is linear in its parameters, such as "large_population"; None:
            "independent_tuning". For offers leave it out: the value of an offer is linear in its quanta.
        baseline: p, the same in all sessions: each neuron's mean response over all sessions ("neuron"), the
            population's ("population"), or numbers. So a change of mean rates is a change of the reward.
        key: A JAX random key; a whole number is its seed.
        change: Prior scale of the change of a parameter from the first session to the last, in nats. The evidence
            ratio depends on it: a prior scale ten times as large lowers it by up to 2.3 nats for each τ.
        num_draws: Number of draws.
        progress: Whether to show progress bars; by default in terminals and notebooks.

    Returns:
        A tree. Its `posterior` has `tau` over `group`, in nats per root of a day, every parameter over `session`, and
        for neurons `reward` over `session` and `recorded_pattern` (see group `patterns`), in nats per update, with mean
        zero under each stimulus. The attribute `changed` is "yes", "no" or "undecided", `log_evidence_ratio` the log
        evidence of a drift against a constant reward. Look at `passed(tree)` and `verdict(tree)` first.

    Raises:
        InputError: For fewer than two sessions, sessions without an order, different neurons, or systems and models
            whose log-odds are not linear in parameters.

    Source:
        Roy, Bak, Akrami, Brody & Pillow 2021, doi:10.1016/j.neuron.2020.12.004, for choices; the theory of rewards is
        that of Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.

    >>> sessions = [bi.simulate(network, 2000, each) for each in jax.random.split(key, 3)]
    >>> tree = drift(circuit, sessions, days=[0, 1, 4], key=0)
    >>> tree["posterior"]["fields"].dims
    ('chain', 'draw', 'session', 'stimulus', 'neuron')
    """
    began, bars, seed = time.perf_counter(), Progress(progress), as_key(key)
    positive("change", change)
    count("num_draws", num_draws, least=2)
    value = walking_value(system, recordings, model, baseline)
    when = _checked_days(days, len(value.sessions), ordered=value.labels is None)
    names = [str(number) for number in range(len(when))] if value.labels is None else list(value.labels)
    problem = DriftProblem(value, np.diff(when), float(change))
    rng = np.random.default_rng(np.asarray(jax.random.bits(seed, (4,))))
    with bars.stage("finding the scale of steps", None) as tick:
        peak = find_peak(problem, tick)
    with bars.stage("evidence of the scale", None) as tick:
        points = draw_scales(problem, peak, rng, tick)
    scales, paths = draw_paths(problem, peak, points, num_draws, rng)
    checks = (*_checks(peak, points), *jumped(problem, peak, names, rng))
    tree = _as_tree(problem, peak, points, scales, paths, checks, names, when)
    tree.attrs["inference_seconds"] = time.perf_counter() - began
    return tree


def _checked_days(days: Any, number: int, ordered: bool) -> Float[np.ndarray, " num_sessions"]:
    """When sessions were recorded, in days from the first.

    Raises:
        InputError: For a single session, or days that do not increase.
    """
    if number < 2:
        raise InputError.of("recordings", "at least two sessions", f"{number}", "Use infer for one.")
    if days is None:
        if not ordered:
            raise InputError.of(
                "days", "the day of each session, for offers", "none", "Names of sessions do not order."
            )
        return np.arange(float(number))
    if isinstance(days, str) or not isinstance(days, Sequence | np.ndarray):
        raise InputError.of("days", "a list of numbers or dates", type(days).__name__)
    given = np.asarray(days)
    if given.dtype.kind in "UMO":
        try:
            given = (given.astype("datetime64[s]") - given.astype("datetime64[s]")[0]) / np.timedelta64(1, "D")
        except (TypeError, ValueError) as error:
            raise InputError.of("days", "numbers, or dates such as 2021-05-31", repr(days)) from error
    when = number_array("days", given).astype(float)
    if when.shape != (number,):
        raise InputError.of("days", f"one for each of {number} sessions", f"shape {when.shape}")
    if not (np.isfinite(when).all() and (np.diff(when) > 0).all()):
        raise InputError.of("days", "days that increase from session to session", when.tolist(), "Sort the sessions.")
    return when - when[0]


def _checks(peak: ScalePeak, points: ScalePoints) -> tuple[Check, ...]:
    effective = 1 / float((points.weights**2).sum())
    return (
        Check.at_least(
            "mode found",
            int(peak.settled),
            1,
            "The most probable path was found.",
            "The search for the most probable path did not settle: draws have the wrong centre.",
        ),
        Check.at_most(
            "error of the evidence's expansion (nats)",
            points.expansion_error,
            MAX_EXPANSION_ERROR,
            f"The log evidence is known to {points.expansion_error:.2g} nats.",
            f"The log evidence of tau is off by {points.expansion_error:.2g} nats: sessions say too little, or change "
            "too much, for an expansion about one path. Use longer sessions, or fewer parameters.",
        ),
        Check.at_least(
            "effective number of points of tau",
            effective,
            LEAST_POINTS,
            f"The posterior of tau rests on {effective:.0f} points.",
            f"The posterior of tau rests on {effective:.0f} points only: scales of groups depend on each other.",
        ),
    )


def _as_tree(
    problem: DriftProblem,
    peak: ScalePeak,
    points: ScalePoints,
    scales: Float[np.ndarray, "num_draws num_groups"],
    paths: Float[np.ndarray, "num_draws num_sessions num_parameters"],
    checks: tuple[Check, ...],
    names: list[str],
    when: Float[np.ndarray, " num_sessions"],
) -> xr.DataTree:
    value, groups = problem.value, list(problem.value.places)
    implied, at_mode = value.implied(paths), value.implied(peak.about.path[None])
    drawn: dict[str, tuple[Sequence[str], np.ndarray]] = {"tau": (("group",), scales)}
    drawn |= {name: (("session", *value.dims[name]), paths[..., at]) for name, at in value.places.items()}
    known = {"session": names, "group": groups} | dict(value.coords)

    def dataset(variables: dict) -> xr.Dataset:
        dims: dict[Hashable, Sequence[Hashable]] = {name: list(axes) for name, (axes, _) in variables.items()}
        used = {axis for axes in dims.values() for axis in axes}
        found = azb.dict_to_dataset(
            {name: each[None] for name, (_, each) in variables.items()},
            dims=dims,
            coords={name: labels for name, labels in known.items() if name in used},
            sample_dims=["chain", "draw"],
        )
        return found.assign_coords(day=("session", when))

    extra = dict(implied.groups) | {"sessions": value.system}
    if implied.value:
        extra["value"] = dataset(dict(implied.value))
        extra["value_at_mode"] = dataset(dict(at_mode.value)).isel(chain=0, draw=0, drop=True)
    posterior = dataset(drawn | dict(implied.posterior))
    settings = {"method": "drift", "change": problem.change, "num_draws": len(scales)}
    draws = Draws(paths.reshape(1, len(paths), -1), {}, checks, peak.about.path.reshape(-1), settings)
    tree = assemble(posterior, draws, (), extra)
    ratio = points.log_evidence_ratio
    answer = in_words(ratio, posterior["tau"] * problem.span)
    tree["gate"].attrs["verdict"] = f"{tree['gate'].attrs['verdict']} {answer}"
    tree.attrs |= dict(value.attrs) | {
        "changed": str(Changed.of(ratio)),
        "log_evidence_ratio": ratio,
    }
    return tree
