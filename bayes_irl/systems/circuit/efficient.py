"""Efficient coding: circuits that maximise information about a feature of the stimulus, minus their coding cost."""

import warnings
from typing import cast

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl import _checks
from bayes_irl._types import ArrayLike, Baseline, Reward
from bayes_irl.systems.alternate import MAX_ROUNDS, alternate
from bayes_irl.systems.base import BaselineKind
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.decoding import Feature, given_feature, independent_occupancy, log_decoder
from bayes_irl.systems.circuit.network import Network

SETTLED_CHANGE = 1e-8  # L is then settled to about its square


def optimize_code(
    circuit: Circuit,
    feature: ArrayLike,
    coding_cost: float,
    baseline: BaselineKind | ArrayLike = "neuron",
    start: ArrayLike | None = None,
    max_rounds: int = MAX_ROUNDS,
) -> Network:
    """Find the answers that maximise the information about a feature y(x), minus their coding cost.

        L = E[log ρ(y(x) | σ)] − λ (1/n) Σ_i E KL(π_i ‖ p_i),  where E[log ρ(y | σ)] = −H(y | σ) = I(y; σ) − H(y).

    The reward is the log posterior of the feature given the circuit's own patterns. Each step maximises L over the
    decoder ρ(y | σ), the baseline or the answers, with the other two held, so L never falls. The joint problem has
    several optima (every neuron may swap 0 and 1, or its role with another neuron); the one found from `start` is
    returned.

    Args:
        circuit: The neurons, and what each of them sees.
        feature: y `[num_stimuli]`, whole numbers or truth values.
        coding_cost: λ > 0, in nats of information per nat of coding cost. Above some λ the optimal answers carry no
            information.
        baseline: `"neuron"` (each neuron's own mean response), `"population"` (their common mean), or given
            numbers `[num_neurons]`, which are held.
        start: Tuning curves P(σ_i = 1 | x) `[num_stimuli, num_neurons]`, within (0, 1), of the independent neurons
            whose baseline and decoder the search starts from; by default all rise from 0.25 to 0.75 with the feature.
            Neurons that start with the same tuning keep the same tuning, and can end at a saddle: compare L over
            several starts.
        max_rounds: Largest number of rounds; a round takes milliseconds.

    Returns:
        The network, whose reward is log ρ(y | σ) in nats; look at `converged`, `ended` and `history` (L per round).

    Raises:
        InputError: For a feature with one value or of the wrong length or type, λ ≤ 0, a baseline or tuning curves
            outside (0, 1).

    Source:
        Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.

    >>> import bayes_irl as bi
    >>> circuit = bi.Circuit(2, bi.Stimulus.switching(0.02))
    >>> network = bi.optimize_code(circuit, [0, 1], coding_cost=0.1)
    >>> bool((network.history[1:] >= network.history[:-1] - 1e-9).all())
    True
    >>> 0.8 < bi.information_about(network, [0, 1]) < 1
    True
    """
    cost = _checks.positive("coding_cost", coding_cost)
    values = given_feature(feature, circuit)
    tuning = _first_tuning(circuit, values, start)
    first = jnp.clip(circuit.stimulus_share @ tuning, 1e-12, 1 - 1e-12)
    if not isinstance(baseline, str):
        first = circuit.check_baseline("baseline", baseline)
    elif _checks.one_of("baseline", baseline, ("neuron", "population")) == "population":
        first = jnp.full_like(first, first[circuit.free].mean())
    reward = log_decoder(independent_occupancy(circuit, tuning), values)

    def improve(network: Network) -> tuple[Baseline, Reward]:
        adapts = isinstance(baseline, str)
        mean = network.mean_baseline(cast(BaselineKind, baseline)) if adapts else network.baseline
        return mean, log_decoder(network.occupancy, values)

    network = alternate(circuit.optimum(reward, first, cost), improve, max_rounds, SETTLED_CHANGE)
    if network.doubt:
        warnings.warn(network.doubt, _checks.DataWarning, stacklevel=2)
    return network


def _first_tuning(
    circuit: Circuit, feature: Feature, start: ArrayLike | None
) -> Float[Array, "num_stimuli num_neurons"]:
    """Tuning curves to begin from, with lesioned neurons as they are."""
    if not circuit.free.any():
        raise _checks.InputError.of("circuit", "a neuron that is neither silenced nor forced", "none")
    shape = (circuit.num_stimuli, circuit.num_neurons)
    if start is None:
        start = np.broadcast_to((0.25 + 0.5 * feature / feature.max())[:, None], shape)
    tuning = _checks.finite_array("start", start, shape, "Give P(σ_i = 1 | x), a row per stimulus.")
    if (tuning <= 0).any() or (tuning >= 1).any():
        raise _checks.InputError.of(
            "start", "probabilities strictly between 0 and 1", f"{tuning.min():.3g} to {tuning.max():.3g}"
        )
    return jnp.where(circuit.free[None], tuning, jnp.where(circuit.alive[None], 1.0, 0.0))
