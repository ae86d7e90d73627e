"""Reward tables r(σ, x), `[num_stimuli, num_patterns]`, and their gauge."""

from collections.abc import Callable, Mapping

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError, count, finite_array
from bayes_irl._types import ArrayLike, Occupancy, Reward
from bayes_irl.solvers import World
from bayes_irl.systems.circuit.wiring import Wiring


def from_spike_count(
    circuit: Wiring, table: ArrayLike | None = None, *, target: int | Mapping[int, int] | None = None
) -> Reward:
    """Reward that depends on the number of spikes: r(σ, x) = table[x, Σ_i σ_i].

    Args:
        circuit: The circuit to reward.
        table: Reward per spike count, `[num_stimuli, num_neurons + 1]`; may be traced.
        target: Instead of a table, the count that is rewarded by 1, for all stimuli or per stimulus.

    Returns:
        r `[num_stimuli, num_patterns]`.

    Raises:
        InputError: If neither or both are given, or a target is out of range.

    >>> from bayes_irl import Circuit, Stimulus
    >>> from_spike_count(Circuit(2, Stimulus.switching(0.1)), target={0: 0, 1: 2}).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """
    if (table is None) == (target is None):
        raise InputError("from_spike_count: give either a table or a target, not both or neither.")
    shape = (circuit.num_stimuli, circuit.num_neurons + 1)
    if table is None:
        table = _indicator(circuit, target)  # type: ignore[arg-type]
    elif np.shape(table) != shape:
        raise InputError.of("table", f"shape {shape}: stimuli by spike counts", f"shape {np.shape(table)}")
    return jnp.asarray(table)[:, circuit.spike_count]


def pairwise(circuit: Wiring, weights: ArrayLike, fields: ArrayLike) -> Reward:
    """Reward of single responses and of pairs: r(σ, x) = Σ_{i<j} W_ij σ_i σ_j + Σ_i h_i(x) σ_i.

    Args:
        circuit: The circuit to reward.
        weights: W_ij for i < j, in the order of `numpy.triu_indices(num_neurons, 1)`.
        fields: h_i(x) `[num_stimuli, num_neurons]`.

    Returns:
        r `[num_stimuli, num_patterns]`.

    >>> pairwise(bi.Circuit(2, bi.Stimulus.constant()), [1.0], [[0.0, 0.5]]).tolist()
    [[0.0, 0.5, 0.0, 1.5]]
    """
    patterns = circuit.patterns.astype(float)
    first, second = np.triu_indices(circuit.num_neurons, 1)
    pairs = patterns[:, first] * patterns[:, second]
    return jnp.asarray(fields) @ patterns.T + (pairs @ jnp.asarray(weights))[None]


def adjacent(circuit: Wiring, num_active: int) -> Reward:
    """Reward 1 if exactly `num_active` neighbouring neurons on a ring spike, and no other; else 0.

    Args:
        circuit: The circuit to reward.
        num_active: Number of neighbouring neurons that spike.

    Returns:
        r `[num_stimuli, num_patterns]`.

    >>> adjacent(bi.Circuit(4, bi.Stimulus.constant()), 2).sum().item()  # 1100, 0110, 0011, 1001
    4.0
    """
    size = count("num_active", num_active)
    if size > circuit.num_neurons:
        raise InputError.of("num_active", f"at most {circuit.num_neurons} neurons", size)

    def run(pattern: np.ndarray) -> float:
        starts = int(((pattern == 1) & (np.roll(pattern, 1) == 0)).sum())
        return float(pattern.sum() == size and (starts == 1 or size == circuit.num_neurons))

    return from_function(circuit, lambda pattern, stimulus: run(pattern))


def from_function(circuit: Wiring, function: Callable[[np.ndarray, int], float]) -> Reward:
    """Reward from any function of a pattern `[num_neurons]` of 0 and 1, and a stimulus's index.

    Args:
        circuit: The circuit to reward.
        function: `function(pattern, x)` returns a finite number.

    Returns:
        r `[num_stimuli, num_patterns]`.

    Raises:
        InputError: If the function returns something that is not a finite number.

    >>> from_function(bi.Circuit(2, bi.Stimulus.constant()), lambda pattern, x: pattern[0] * pattern[1]).tolist()
    [[0.0, 0.0, 0.0, 1.0]]
    """
    values = [[function(pattern, x) for pattern in circuit.patterns] for x in range(circuit.num_stimuli)]
    return jnp.asarray(
        finite_array("function", values, (circuit.num_stimuli, circuit.num_patterns), "It must return one number.")
    )


def in_gauge(
    reward: Float[Array, "*num_draws num_stimuli num_patterns"], weights: Occupancy
) -> Float[Array, "*num_draws num_stimuli num_patterns"]:
    """Bring a reward into the gauge: for each stimulus the mean over patterns, weighted by `weights`, becomes zero.

    Args:
        reward: r `[..., num_stimuli, num_patterns]`.
        weights: How often each pattern was seen under each stimulus `[num_stimuli, num_patterns]`.

    Returns:
        r − Σ_σ w r / Σ_σ w, of the shape of `reward`.

    >>> in_gauge(jnp.array([[1.0, 3.0]]), jnp.array([[1.0, 1.0]])).tolist()
    [[-1.0, 1.0]]
    """
    shares = weights / weights.sum(axis=-1, keepdims=True)
    shares = shares.reshape(*[1] * (reward.ndim - 2), *shares.shape)
    return reward - (reward * shares).sum(axis=-1, keepdims=True)


def in_gauge_of(
    world: World, reward: Float[Array, "*num_draws num_stimuli num_patterns"], weights: Occupancy
) -> Float[Array, "*num_draws num_stimuli num_patterns"]:
    """Bring a reward into the gauge of a system: as `in_gauge`, or where neurons move the stimulus, one mean over all.

    Args:
        world: The system.
        reward: r `[..., num_stimuli, num_patterns]`.
        weights: How often each state was seen `[num_stimuli, num_patterns]`.

    Returns:
        The reward less its mean over each set of states that no unit can lead out of, of the same shape.

    >>> in_gauge_of(circuit, jnp.arange(16.0).reshape(2, 8), jnp.ones((2, 8))).mean(axis=1).tolist()
    [0.0, 0.0]
    """
    return in_gauge(world.apart(reward), world.apart(weights)).reshape(reward.shape)


def per_spike_count(circuit: Wiring, reward: Reward) -> Float[Array, "num_stimuli num_counts"]:
    """Mean reward of the patterns with each number of spikes `[num_stimuli, num_neurons + 1]`.

    Args:
        circuit: The circuit.
        reward: r `[num_stimuli, num_patterns]`.

    Returns:
        The means `[num_stimuli, num_neurons + 1]`.

    >>> per_spike_count(circuit, reward).tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    """
    counts = circuit.spike_count
    members = (counts[:, None] == np.arange(circuit.num_neurons + 1)).astype(float)
    return reward @ (members / members.sum(axis=0))


def _indicator(circuit: Wiring, target: int | Mapping[int, int]) -> np.ndarray:
    wanted = dict(target) if isinstance(target, Mapping) else dict.fromkeys(range(circuit.num_stimuli), target)
    table = np.zeros((circuit.num_stimuli, circuit.num_neurons + 1))
    for x, spikes in wanted.items():
        if x not in range(circuit.num_stimuli) or spikes not in range(circuit.num_neurons + 1):
            raise InputError.of(
                "target",
                f"stimuli 0 to {circuit.num_stimuli - 1} and counts 0 to {circuit.num_neurons}",
                f"{spikes} spikes for stimulus {x}",
            )
        table[x, spikes] = 1.0
    return table


def from_walsh(circuit: Wiring, coefficients: ArrayLike) -> Reward:
    """Reward from its interactions: r(σ, x) = Σ_S c_S(x) Π_{i∈S} (1 − 2 σ_i), by a fast Walsh-Hadamard transform.

    Args:
        circuit: The circuit to reward.
        coefficients: c `[num_stimuli, num_patterns − 1]`; a set S of neurons is indexed like the pattern in which just
            they spike, the empty set left out.

    Returns:
        r `[num_stimuli, num_patterns]`.

    >>> from_walsh(bi.Circuit(1, bi.Stimulus.constant()), [[2.0]]).tolist()
    [[2.0, -2.0]]
    """
    table = jnp.pad(jnp.asarray(coefficients), ((0, 0), (1, 0)))
    for i in range(circuit.num_neurons):
        pairs = table.reshape(circuit.num_stimuli, 2**i, 2, -1)
        table = jnp.stack([pairs[:, :, 0] + pairs[:, :, 1], pairs[:, :, 0] - pairs[:, :, 1]], axis=2)
    return table.reshape(circuit.num_stimuli, -1)
