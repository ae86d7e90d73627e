"""How the same circuit will answer once it has changed: the reward stays, the optimal answers move."""

from collections.abc import Callable
from functools import partial
from typing import Literal, cast

import jax.numpy as jnp
import numpy as np
import scipy.optimize
import xarray as xr
from tqdm.auto import tqdm

from bayes_irl._checks import InputError, count, one_of, positive
from bayes_irl._threads import map_threads
from bayes_irl._types import Baseline, Reward
from bayes_irl.prediction.change import Changeable, CodingCost, check_fits, describe_change
from bayes_irl.prediction.population import adapt_population
from bayes_irl.prediction.predictions import predictions
from bayes_irl.prediction.recorded import recorded_baseline, recorded_mean, recorded_world, thin
from bayes_irl.solvers.world import World
from bayes_irl.systems.optimize import adapt_baseline
from bayes_irl.systems.optimum import Optimum
from bayes_irl.systems.population.baselines import keeps_rates
from bayes_irl.systems.respond import respond

MOST_ROUNDS = 300  # of a draw's own adaptation of p
LARGEST_RESIDUAL = 1e-6
PILOT = 20  # draws whose unchanged circuits are looked at before all are adapted


def adapt(
    posterior: xr.DataTree,
    circuit: Changeable,
    *,
    num_draws: int = 200,
    baseline: Literal["held", "adapted"] = "held",
    coding_cost_factor: CodingCost = 1.0,
    progress: bool = False,
) -> xr.DataTree:
    """Predict the answers of a changed circuit, for draws of the reward.

    For each draw the soft Bellman equation is solved for the changed circuit, and for the unchanged one beside it:
    show every change against that draw's unchanged circuit. No change predicts no change.

    Args:
        posterior: what `infer` returned.
        circuit: the changed circuit, for instance `recorded_circuit(posterior).silence(3)`; or the changed maze, or
            `recorded_population(posterior).silence(3)` (see `adapt_population` for what differs there).
        num_draws: posterior draws to use, evenly spaced among those whose reward was kept.
        baseline: p stays where it was observed (`"held"`), or is re-optimised in both circuits (`"adapted"`), for
            draws whose unchanged circuit then keeps the recorded rates.
        coding_cost_factor: the coding cost of the changed circuit relative to before, or `"keep mean cost"`: such that
            the mean cost in nats per update stays what it was.
        progress: whether to show a progress bar.

    Returns:
        The tree with a group `predictions`, whose dimension `circuit` is "unchanged", "changed": `tuning_curve`
        E[σ_i | x], `mean_response` E[σ_i], `spike_count_probability`, `information` (bits per response), `mean_cost`
        (nats per update), `solver_residual`; and `average_reward_change` (nats per update), where the stimulus
        statistics did not change: otherwise the unknown b(x) would enter. In a maze, `place_probability` and
        `move_probability` stand in for the first three. Intervals over its draws are posterior
        intervals of these expectations, not of single responses.

    Raises:
        InputError: if the circuits differ in size, the draws do not keep the recorded rates, or a draw could not be
            solved.
    """
    if "population" in posterior.children:
        return adapt_population(
            posterior,
            circuit,
            num_draws=num_draws,
            baseline=baseline,
            coding_cost_factor=coding_cost_factor,
            progress=progress,
        )
    before = recorded_world(posterior)
    check_fits(before, circuit)
    circuit = cast(World, circuit)  # as recorded
    one_of("baseline", baseline, ("held", "adapted"))
    if coding_cost_factor != "keep mean cost":
        positive("coding_cost_factor", coding_cost_factor)
    rewards = thin(posterior["reward"].to_dataset()["reward"], count("num_draws", num_draws))
    observed = recorded_baseline(posterior)
    settle = partial(_settle, kind=posterior.attrs["baseline"], adapts=baseline == "adapted")
    if baseline == "adapted":
        rewards = _that_keep_rates(posterior, before, rewards, observed, settle)
    with tqdm(total=rewards.sizes["sample"], desc="adapting", disable=not progress, leave=False) as bar:

        def pair(reward: np.ndarray) -> tuple[Optimum, Optimum]:
            unchanged = settle(respond(before, jnp.asarray(reward), observed))
            changed = settle(_respond_at_cost(circuit, jnp.asarray(reward), observed, unchanged, coding_cost_factor))
            bar.update()
            return unchanged, changed

        pairs = map_threads(pair, rewards.values)
    _refuse_unsolved(pairs)
    predicted = predictions(pairs, rewards, before, circuit)
    predicted.attrs = {
        "change": describe_change(before, circuit, coding_cost_factor),
        "baseline": baseline,
        "coding_cost_factor": coding_cost_factor,
        "verdict_of_fit": posterior["gate"].attrs["verdict"],
    }
    tree = posterior.copy()
    tree["predictions"] = xr.DataTree(predicted)
    return tree


def _respond_at_cost(
    circuit: World, reward: Reward, baseline: Baseline, unchanged: Optimum, factor: CodingCost
) -> Optimum:
    if factor != "keep mean cost":
        return respond(circuit, reward, baseline, factor)

    def excess(log_factor: float) -> float:
        return float(respond(circuit, reward, baseline, np.exp(log_factor)).mean_cost - unchanged.mean_cost)

    limit = np.log(32.0)
    if excess(-limit) < 0 or excess(limit) > 0:
        raise InputError.of(
            "coding_cost_factor", "a mean cost that some factor from 1/32 to 32 restores", "none such for a draw"
        )
    return respond(circuit, reward, baseline, np.exp(scipy.optimize.brentq(excess, -limit, limit, xtol=1e-6)))


def _settle(network: Optimum, kind: str, adapts: bool) -> Optimum:
    if not adapts:
        return network
    if kind == "given":
        raise InputError.of("baseline", '"held", since the fit used a given baseline', '"adapted"')
    return adapt_baseline(network, kind, MOST_ROUNDS)  # type: ignore[arg-type]


def _that_keep_rates(
    posterior: xr.DataTree,
    before: World,
    rewards: xr.DataArray,
    observed: Baseline,
    settle: Callable[[Optimum], Optimum],
) -> xr.DataArray:
    """The draws whose unchanged circuit keeps the recorded rates when p is re-optimised; refused if they are few."""
    recorded = recorded_mean(posterior)

    def keeps(reward: np.ndarray) -> bool:
        mean = np.asarray(settle(respond(before, jnp.asarray(reward), observed)).mean_baseline("neuron"))
        return keeps_rates(mean, recorded)

    pilot = np.unique(np.linspace(0, rewards.sizes["sample"] - 1, PILOT).astype(int))
    for chosen in (pilot, np.arange(rewards.sizes["sample"])):
        kept = np.array(map_threads(keeps, rewards.values[chosen]))
        if kept.mean() < 0.5:
            raise InputError.of(
                "baseline",
                '"adapted" only where re-optimising p keeps the recorded rates of the unchanged circuit',
                f"rates that drift in {(~kept).sum()} of {len(kept)} draws",
                'An adaptation would appear with nothing changed. Use baseline="held".',
            )
    return rewards.isel(sample=kept)


def _refuse_unsolved(pairs: list[tuple[Optimum, Optimum]]) -> None:
    bad = sum(not _solved(network) for pair in pairs for network in pair)
    if bad:
        raise InputError(
            f"adapt: {bad} of {2 * len(pairs)} circuits could not be solved (residual above {LARGEST_RESIDUAL:g}): "
            "the change drives this circuit to an extreme. Change it less, or use float64."
        )


def _solved(network: Optimum) -> bool:
    return bool(jnp.isfinite(network.occupancy).all()) and float(network.residual) < LARGEST_RESIDUAL
