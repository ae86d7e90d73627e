"""How the same circuit will answer once it has changed: the reward stays, the optimal answers move."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import jax.numpy as jnp
import numpy as np
import scipy.optimize
import xarray as xr
from jaxtyping import Array
from tqdm.auto import tqdm

from bayes_irl._checks import InputError, count, one_of, positive
from bayes_irl._threads import map_threads
from bayes_irl._types import Baseline, Reward
from bayes_irl.optimization import adapt_baseline, respond
from bayes_irl.solver import Network
from bayes_irl.worlds import Circuit, Stimulus

KEEPS_RATES = (0.01, 0.1)  # absolute and relative change of a mean response that counts as keeping it
MOST_ROUNDS = 300  # of a draw's own adaptation of p
LARGEST_RESIDUAL = 1e-6
PILOT = 20  # draws whose unchanged circuits are looked at before all are adapted

CodingCost = float | Literal["keep mean cost"]


def adapt(
    posterior: xr.DataTree,
    circuit: Circuit,
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
        circuit: the changed circuit, for instance `recorded_circuit(posterior).silence(3)`.
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
        statistics did not change: otherwise the unknown b(x) would enter. Intervals over its draws are posterior
        intervals of these expectations, not of single responses.

    Raises:
        InputError: if the circuits differ in size, the draws do not keep the recorded rates, or a draw could not be
            solved.
    """
    before = recorded_circuit(posterior)
    _check_fits(posterior, before, circuit)
    one_of("baseline", baseline, ("held", "adapted"))
    if coding_cost_factor != "keep mean cost":
        positive("coding_cost_factor", coding_cost_factor)
    rewards = thin(posterior["reward"].to_dataset()["reward"], count("num_draws", num_draws))
    observed = recorded_baseline(posterior)
    settle = partial(_settle, kind=posterior.attrs["baseline"], adapts=baseline == "adapted")
    if baseline == "adapted":
        rewards = _that_keep_rates(posterior, before, rewards, observed, settle)
    with tqdm(total=rewards.sizes["sample"], desc="adapting", disable=not progress, leave=False) as bar:

        def pair(reward: np.ndarray) -> tuple[Network, Network]:
            unchanged = settle(respond(before, jnp.asarray(reward), observed))
            changed = settle(_respond_at_cost(circuit, jnp.asarray(reward), observed, unchanged, coding_cost_factor))
            bar.update()
            return unchanged, changed

        pairs = map_threads(pair, rewards.values)
    _refuse_unsolved(pairs)
    predictions = _predictions(pairs, rewards, before, circuit)
    predictions.attrs = {
        "change": describe_change(before, circuit, coding_cost_factor),
        "baseline": baseline,
        "coding_cost_factor": coding_cost_factor,
        "verdict_of_fit": posterior["gate"].attrs["verdict"],
    }
    tree = posterior.copy()
    tree["predictions"] = xr.DataTree(predictions)
    return tree


def recorded_circuit(posterior: xr.DataTree) -> Circuit:
    """The circuit that was recorded (in the first session), from what `infer` returned."""
    stored = posterior["circuit"].to_dataset().isel(session=0)
    return Circuit(
        num_neurons=stored.sizes["neuron"],
        stimulus=Stimulus(stored["transition"].values, [str(label) for label in stored["stimulus"].values]),
        silenced=frozenset(np.flatnonzero(stored["silenced"].values).tolist()),
        forced=frozenset(np.flatnonzero(stored["forced"].values).tolist()),
    )


def recorded_baseline(posterior: xr.DataTree) -> Baseline:
    """The baseline p that the first session was explained with `[num_neurons]`."""
    return jnp.asarray(posterior["circuit"].to_dataset()["baseline"].values[0])


def describe_change(before: Circuit, after: Circuit, coding_cost_factor: CodingCost = 1.0) -> str:
    """What is different, in words."""
    changes = []
    for verb in ("silenced", "forced"):
        new = sorted(getattr(after, verb) - getattr(before, verb))
        if new:
            changes.append(f"neuron{'s' * (len(new) > 1)} {', '.join(map(str, new))} {verb}")
    if after.missing - before.missing:
        changes.append(f"{len(after.missing - before.missing)} connections cut")
    if not _same_stimulus(before, after):
        changes.append("other stimulus statistics")
    if coding_cost_factor == "keep mean cost":
        changes.append("coding cost such that its mean stays")
    elif coding_cost_factor != 1:
        changes.append(f"coding cost × {coding_cost_factor:g}")
    return ", ".join(changes) or "nothing changed"


def _respond_at_cost(
    circuit: Circuit, reward: Reward, baseline: Baseline, unchanged: Network, factor: CodingCost
) -> Network:
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


def _settle(network: Network, kind: str, adapts: bool) -> Network:
    if not adapts:
        return network
    if kind == "given":
        raise InputError.of("baseline", '"held", since the fit used a given baseline', '"adapted"')
    return adapt_baseline(network, kind, MOST_ROUNDS)  # type: ignore[arg-type]


def _that_keep_rates(
    posterior: xr.DataTree,
    before: Circuit,
    rewards: xr.DataArray,
    observed: Baseline,
    settle: Callable[[Network], Network],
) -> xr.DataArray:
    """The draws whose unchanged circuit keeps the recorded rates when p is re-optimised; refused if they are few."""
    recorded = posterior["circuit"].to_dataset()["mean_response"].values[0]
    tolerance = np.maximum(KEEPS_RATES[0], KEEPS_RATES[1] * recorded)

    def keeps(reward: np.ndarray) -> bool:
        mean = np.asarray(settle(respond(before, jnp.asarray(reward), observed)).mean_response)
        return bool((np.abs(mean - recorded) <= tolerance).all())

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


def _refuse_unsolved(pairs: list[tuple[Network, Network]]) -> None:
    bad = sum(not _solved(network) for pair in pairs for network in pair)
    if bad:
        raise InputError(
            f"adapt: {bad} of {2 * len(pairs)} circuits could not be solved (residual above {LARGEST_RESIDUAL:g}): "
            "the change drives this circuit to an extreme. Change it less, or use float64."
        )


def _solved(network: Network) -> bool:
    return bool(jnp.isfinite(network.occupancy).all()) and float(network.residual) < LARGEST_RESIDUAL


def _check_fits(posterior: xr.DataTree, before: Circuit, circuit: Circuit) -> None:
    for name in ("num_neurons", "num_stimuli"):
        if getattr(circuit, name) != getattr(before, name):
            raise InputError.of("circuit", f"{name} = {getattr(before, name)}, as recorded", getattr(circuit, name))


def thin(rewards: xr.DataArray, num_draws: int) -> xr.DataArray:
    """Evenly spaced draws of the reward `[sample, stimulus, pattern]`."""
    flat = rewards.stack(sample=("chain", "draw")).transpose("sample", "stimulus", "pattern")
    last = flat.sizes["sample"] - 1
    return flat.isel(sample=np.unique(np.linspace(0, last, min(num_draws, last + 1)).round().astype(int)))


def _same_stimulus(before: Circuit, after: Circuit) -> bool:
    return bool(np.allclose(before.transition, after.transition, atol=1e-12))


def _predictions(
    pairs: list[tuple[Network, Network]], rewards: xr.DataArray, before: Circuit, circuit: Circuit
) -> xr.Dataset:
    def stacked(read: Callable[[Network], Array]) -> np.ndarray:
        """Read every network: `[2, 1, num_draws, ...]`, with one chain, as ArviZ expects."""
        return np.stack([[[np.asarray(read(pair[which])) for pair in pairs]] for which in (0, 1)])

    dims = ("circuit", "chain", "draw")
    variables = {
        "tuning_curve": ((*dims, "stimulus", "neuron"), stacked(lambda net: net.tuning_curves)),
        "mean_response": ((*dims, "neuron"), stacked(lambda net: net.mean_response)),
        "spike_count_probability": ((*dims, "stimulus", "spike_count"), stacked(lambda net: net.spike_count)),
        "information": ((*dims, "neuron"), stacked(lambda net: net.information), {"units": "bits"}),
        "mean_cost": (dims, stacked(lambda net: net.mean_cost), {"units": "nats per update"}),
        "solver_residual": (dims, stacked(lambda net: net.residual)),
    }
    if _same_stimulus(before, circuit):
        average = stacked(lambda net: net.average_reward)
        variables["average_reward_change"] = (dims[1:], average[1] - average[0], {"units": "nats per update"})
    return xr.Dataset(
        variables,
        coords={
            "circuit": ["unchanged", "changed"],
            "chain": [0],
            "draw": np.arange(len(pairs)),
            "stimulus": list(before.stimulus.labels),
            "neuron": np.arange(before.num_neurons),
            "spike_count": np.arange(before.num_neurons + 1),
            "alive": ("neuron", circuit.alive),
            "posterior_chain": ("draw", rewards["chain"].values),
            "posterior_draw": ("draw", rewards["draw"].values),
        },
    )
