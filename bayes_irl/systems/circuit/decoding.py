"""The information that a circuit's patterns carry about a feature of the stimulus."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike, Occupancy, Reward, Scalar
from bayes_irl.systems.circuit.network import NeuronOptimum
from bayes_irl.systems.circuit.wiring import Wiring

Feature = Int[Array | np.ndarray, " num_stimuli"]
MIN_SHARE = 1e-9  # a value of the feature with a smaller long-run share than this does not occur
PRIOR_WEIGHT = 1e-12  # weight of the prior of y, spread over all patterns, beside the occupancy, which sums to one


def given_feature(feature: ArrayLike, circuit: Wiring) -> Feature:
    """Check a feature y(x), and number its values from 0 on.

    Raises:
        InputError: If there is not one whole number (or truth value) per stimulus, or fewer than two values occur.
    """
    values, size = np.asarray(feature), circuit.num_stimuli
    advice = "Give y(x) for every stimulus, such as np.arange(num_stimuli) > 3."
    if values.shape != (size,):
        raise InputError.of("feature", f"one value per stimulus, shape ({size})", f"shape {values.shape}", advice)
    if values.dtype.kind not in "biu":
        raise InputError.of("feature", "whole numbers or truth values", f"an array of {values.dtype}", advice)
    names, numbered = np.unique(values, return_inverse=True)
    occurring = np.bincount(numbered, weights=np.asarray(circuit.stimulus_share)) > MIN_SHARE
    if len(names) < 2 or not occurring.all():
        raise InputError.of(
            "feature",
            "at least two values, all of which occur in the long run",
            f"{names[occurring].tolist()} to occur of {names.tolist()}",
            "A feature that never changes carries no information.",
        )
    return numbered.astype(np.int32)


@eqx.filter_jit
def log_decoder(occupancy: Occupancy, feature: Feature) -> Reward:
    """Log posterior of each stimulus's feature given each pattern, log ρ(y(x) | σ), in nats.

    For a pattern that is never visited, ρ(y | σ) is arbitrary. Here it falls back on the prior of y, which is added
    with weight PRIOR_WEIGHT / num_patterns to ρ(y, σ). So it is finite everywhere, and the prior is negligible if ρ(σ)
    is above 1e-12.

    Args:
        occupancy: ρ `[num_stimuli, num_patterns]`.
        feature: y, from `given_feature`.
    """
    joint = _joint(occupancy, feature)
    weight = PRIOR_WEIGHT / occupancy.shape[1]
    prior = joint.sum(axis=1, keepdims=True)
    return jnp.log((joint + weight * prior) / (occupancy.sum(axis=0, keepdims=True) + weight))


def information_about(network: NeuronOptimum, feature: ArrayLike) -> float:
    """Information of a pattern about y(x): I(y; σ) = Σ ρ(y, σ) log₂ ρ(y, σ) / (ρ(y) ρ(σ)), in bits.

    Args:
        network: The network, from `optimize_code` or `optimize`.
        feature: y `[num_stimuli]`, whole numbers or truth values.

    Returns:
        I(y; σ), in bits.

    Raises:
        InputError: For a feature that does not fit the circuit, or has one value.

    >>> 0 < information_about(network, [0, 1]) < 1
    True
    """
    return float(_bits(network.occupancy, given_feature(feature, network.circuit)))


def information_if_independent(network: NeuronOptimum, feature: ArrayLike) -> float:
    """I(y; σ) in bits, if the neurons had the same tuning curves P(σ_i = 1 | x) but were independent given x.

    Patterns then follow P(σ | x) = Π_i P(σ_i | x). Arguments and errors are those of `information_about`.

    Args:
        network: The network, from `optimize_code` or `optimize`.
        feature: y `[num_stimuli]`, whole numbers or truth values.

    Returns:
        I(y; σ), in bits.

    >>> 0 < information_if_independent(network, [0, 1]) < 1
    True
    """
    circuit = network.circuit
    independent = independent_occupancy(circuit, network.tuning_curves)
    return float(_bits(independent, given_feature(feature, circuit)))


def independent_occupancy(circuit: Wiring, tuning: Float[Array, "num_stimuli num_neurons"]) -> Occupancy:
    """ρ(x) Π_i P(σ_i | x): neurons that answer the stimulus and ignore each other."""
    spikes = jnp.clip(tuning, 0.0, 1.0)[:, None, :]  # rounding may leave a probability just above 1
    chances = jnp.where(circuit.patterns[None] == 1, spikes, 1 - spikes).prod(axis=2)
    return circuit.stimulus_share[:, None] * chances


@eqx.filter_jit
def _bits(occupancy: Occupancy, feature: Feature) -> Scalar:
    joint = _joint(occupancy, feature)
    ratio = joint / (joint.sum(axis=1, keepdims=True) * occupancy.sum(axis=0, keepdims=True))
    return (occupancy * jnp.log2(jnp.where(occupancy > 0, ratio, 1.0))).sum()


def _joint(occupancy: Occupancy, feature: Feature) -> Occupancy:
    """ρ(y(x), σ), for every x."""
    return (feature[:, None] == feature[None]).astype(occupancy.dtype) @ occupancy
