"""How a population too large to enumerate will answer once it has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

import numpy as np
import scipy.optimize
import xarray as xr
from tqdm.auto import tqdm

from bayes_irl._checks import InputError, count, one_of, positive
from bayes_irl._threads import map_threads
from bayes_irl.prediction.change import Changeable, CodingCost, check_fits, describe_change, same_stimulus
from bayes_irl.prediction.recorded import recorded_baseline, recorded_mean, recorded_population, stored_value
from bayes_irl.systems.population.baselines import Answers, Kind, Reference, answer_mode, collapsed, keeps_rates
from bayes_irl.systems.population.galerkin import pairs_are_held
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.population.population_network import PopulationNetwork

DIMS = ("circuit", "chain", "draw")
STRIDE, LARGEST_FACTOR = 0.35, 8  # in the search for a factor of the coding cost: steps of its logarithm; its limit


def adapt_population(
    posterior: xr.DataTree,
    population: Changeable,
    *,
    num_draws: int = 200,
    baseline: Literal["held", "adapted"] = "held",
    coding_cost_factor: CodingCost = 1.0,
    progress: bool = False,
) -> xr.DataTree:
    """Predict the answers of a changed population, for draws of its value.

    The reward that a draw implies is known at every pattern, r = v − T B(v). For the changed population a value is
    sought in the same family (`solver.galerkin.solve_changed`): in full for the point estimate, by a few more steps on
    the same states for each draw. The unchanged population keeps the draw's own value. Expectations are averages over
    1,000 runs, which have the same random numbers in every draw and in both populations, seeded by a fixed number: no
    change predicts exactly no change, and the same call the same numbers.

    Args:
        posterior: what `infer` returned for a population.
        population: the changed one, for instance `recorded_population(posterior).silence(3)`.
        num_draws: posterior draws to use, evenly spaced.
        baseline: p stays where it was observed (`"held"`), or follows the mean responses of both populations
            (`"adapted"`), for draws whose unchanged population then keeps the recorded rates.
        coding_cost_factor: the coding cost of the changed population relative to before, or `"keep mean cost"`: the one
            for which the mean cost of the point estimate stays; every draw has it.
        progress: whether to show a progress bar.

    Returns:
        The tree with a group `predictions`, as of `adapt`: `tuning_curve`, `mean_response`, `spike_count_probability`,
        `mean_cost`, `average_reward_change`; `solver_residual`, of the projected equation relative to the reward; and
        `monte_carlo_error`, the standard error of a tuning curve that comes from averaging over runs. Both
        populations share it in part: the error of a change is smaller. `information` cannot be had. The attribute
        `num_iterations` tells how many steps the point estimate took, `coding_cost_factor` which factor it has, and
        `pairs` whether J was "adapted" or, beyond 6,000 features, "held" (fields and counts then adapt alone).

    Raises:
        InputError: if sizes differ, the family is too large to be solved for, the draws do not keep the recorded rates
            (or their baselines collapse), a draw could not be solved, or no factor keeps the mean cost.
    """
    before = recorded_population(posterior)
    check_fits(before, population)
    population = cast(Population, population)  # as recorded
    one_of("baseline", baseline, ("held", "adapted"))
    if coding_cost_factor != "keep mean cost":
        positive("coding_cost_factor", coding_cost_factor)
    draws = _evenly(posterior["value"].to_dataset(), count("num_draws", num_draws))
    observed = recorded_baseline(posterior)
    mode = PopulationNetwork(before, stored_value(posterior["value_at_mode"].to_dataset()), observed)
    held = pairs_are_held(mode.value)
    references, factor = _references(posterior, mode, population, coding_cost_factor, adapts=baseline == "adapted")
    with tqdm(total=draws.sizes["sample"], desc="adapting", disable=not progress, leave=False) as bar:

        def pair(number: int) -> _Pair:
            fitted = PopulationNetwork(before, stored_value(draws.isel(sample=number)), observed)
            unchanged, changed = (each.nearby(fitted) for each in references)
            bar.update()
            return _Pair(unchanged, changed)

        pairs = map_threads(pair, range(draws.sizes["sample"]))
    if baseline == "adapted":
        draws, pairs = _that_keep_rates(draws, pairs, recorded_mean(posterior))
    _refuse_unsolved(pairs)
    predicted = _dataset(pairs, draws, before, population)
    predicted.attrs = {
        "change": describe_change(before, population, coding_cost_factor),
        "baseline": baseline,
        "coding_cost_factor": factor,
        "pairs": "held" if held else "adapted",
        "verdict_of_fit": posterior["gate"].attrs["verdict"],
        "num_iterations": 0 if references[1].adapted is None else references[1].adapted.num_iterations,
    }
    tree = posterior.copy()
    tree["predictions"] = xr.DataTree(predicted)
    return tree


@dataclass(frozen=True)
class _Pair:
    """The answers to the reward of a draw, before and after the change."""

    unchanged: Answers
    changed: Answers


def _references(
    posterior: xr.DataTree, mode: PopulationNetwork, after: Population, cost: CodingCost, adapts: bool
) -> tuple[tuple[Reference, Reference], float]:
    """Answer the reward of the point estimate before and after; refuse baselines that do not stay where they are.

    Returns:
        Both answers, and the factor of the coding cost after.
    """
    kind: Kind = posterior.attrs["baseline"] if adapts else "held"
    if kind not in ("held", "neuron", "population"):
        raise InputError.of("baseline", '"held", since the fit used a given baseline', '"adapted"')
    unchanged = answer_mode(mode, mode.population, 1.0, kind, changed=False)
    if adapts:
        _refuse_unsettled("unchanged", unchanged, mode)
        _refuse_drift(np.asarray(unchanged.expected.mean_response), recorded_mean(posterior))
    if cost in (1, "keep mean cost") and _same(mode.population, after):
        return (unchanged, unchanged), 1.0

    @cache
    def answer(factor: float) -> Reference:
        return answer_mode(mode, after, factor, kind, changed=True)

    factor = _keeps_cost(answer, unchanged) if cost == "keep mean cost" else float(cost)
    changed = answer(factor)
    _refuse_unsettled("changed", changed, mode)
    return (unchanged, changed), factor


def _keeps_cost(answer: Callable[[float], Reference], unchanged: Reference) -> float:
    """The factor of the coding cost at which the changed population spends as much as the unchanged one."""

    def excess(log_factor: float) -> float:
        return float(answer(float(np.exp(log_factor))).expected.mean_cost - unchanged.expected.mean_cost)

    inner = 0.0
    way = STRIDE if excess(inner) > 0 else -STRIDE  # what costs more is spent less
    while abs(inner + way) <= np.log(LARGEST_FACTOR):
        if excess(inner) * excess(inner + way) <= 0:
            return float(np.exp(scipy.optimize.brentq(excess, inner, inner + way, xtol=1e-3)))
        inner += way
    raise InputError.of(
        "coding_cost_factor",
        f"a mean cost that some factor from 1/{LARGEST_FACTOR} to {LARGEST_FACTOR} restores",
        "none such at the point estimate",
    )


_KEEPING = "where re-optimising p keeps the recorded rates of the unchanged population"
_ADVICE = 'An adaptation would appear with nothing changed. Use baseline="held".'


def _same(before: Population, after: Population) -> bool:
    lesions = all(getattr(before, name) == getattr(after, name) for name in ("silenced", "forced"))
    return lesions and same_stimulus(before, after)


def _refuse_unsettled(name: str, found: Reference, mode: PopulationNetwork) -> None:
    ends = collapsed(found.network, mode.baseline)
    if ends or not found.settled:
        what = f"those of neurons {', '.join(map(str, ends))} at 0 or 1" if ends else "baselines that go on moving"
        advice = _ADVICE if name == "unchanged" else 'Use baseline="held".'
        raise InputError.of("baseline", f'"adapted" only where baselines settle ({name} population)', what, advice)


def _refuse_drift(mean: np.ndarray, recorded: np.ndarray) -> None:
    if not keeps_rates(mean, recorded):
        worst = int(np.abs(mean - recorded).argmax())
        drift = f"{mean[worst]:.3f} instead of {recorded[worst]:.3f} for neuron {worst}"
        raise InputError.of("baseline", f'"adapted" only {_KEEPING}', drift, _ADVICE)


def _that_keep_rates(draws: xr.Dataset, pairs: list[_Pair], recorded: np.ndarray) -> tuple[xr.Dataset, list[_Pair]]:
    """The draws whose unchanged population keeps the recorded rates; refused if they are few."""
    kept = np.array([keeps_rates(np.asarray(pair.unchanged.expected.mean_response), recorded) for pair in pairs])
    if kept.mean() < 0.5:
        got = f"rates that drift in {(~kept).sum()} of {len(kept)} draws"
        raise InputError.of("baseline", f'"adapted" only {_KEEPING}', got, _ADVICE)
    return draws.isel(sample=kept), [pair for pair, keep in zip(pairs, kept, strict=True) if keep]


def _refuse_unsolved(pairs: list[_Pair]) -> None:
    bad = sum(not each.converged for pair in pairs for each in (pair.unchanged, pair.changed))
    if bad:
        raise InputError(
            f"adapt: {bad} of {2 * len(pairs)} populations could not be solved within their family of values: the "
            "change drives them to an extreme. Change them less, or use float64."
        )


def _evenly(draws: xr.Dataset, num_draws: int) -> xr.Dataset:
    """Evenly spaced draws along one axis, `sample`."""
    flat = draws.stack(sample=("chain", "draw"))
    last = flat.sizes["sample"] - 1
    return flat.isel(sample=np.unique(np.linspace(0, last, min(num_draws, last + 1)).round().astype(int)))


def _dataset(pairs: list[_Pair], draws: xr.Dataset, before: Population, after: Population) -> xr.Dataset:
    """Every prediction, with a dimension `circuit`: unchanged, changed; and one chain, as ArviZ expects."""
    both = [[pair.unchanged for pair in pairs], [pair.changed for pair in pairs]]

    def stacked(name: str) -> np.ndarray:
        return np.stack([[[np.asarray(getattr(each.expected, name)) for each in one]] for one in both])

    variables: dict[str, tuple] = {
        "tuning_curve": ((*DIMS, "stimulus", "neuron"), stacked("tuning_curve")),
        "monte_carlo_error": ((*DIMS, "stimulus", "neuron"), stacked("monte_carlo_error")),
        "mean_response": ((*DIMS, "neuron"), stacked("mean_response")),
        "spike_count_probability": ((*DIMS, "stimulus", "spike_count"), stacked("spike_count")),
        "mean_cost": (DIMS, stacked("mean_cost"), {"units": "nats per update"}),
        "solver_residual": (DIMS, np.array([[[each.residual for each in one]] for one in both])),
    }
    if same_stimulus(before, after):
        average = stacked("average_reward")
        variables["average_reward_change"] = (DIMS[1:], average[1] - average[0], {"units": "nats per update"})
    coords = {
        "circuit": ["unchanged", "changed"],
        "chain": [0],
        "draw": np.arange(len(pairs)),
        "posterior_chain": ("draw", draws["chain"].values),
        "posterior_draw": ("draw", draws["draw"].values),
        "stimulus": list(before.stimulus_labels),
        "neuron": np.arange(after.num_neurons),
        "spike_count": np.arange(after.num_neurons + 1),
        "alive": ("neuron", after.alive),
    }
    return xr.Dataset(variables, coords=coords)
