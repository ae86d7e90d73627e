"""Value functions as sums of features: answers and implied rewards at any pattern, without enumerating patterns."""

from collections.abc import Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from bayes_irl._checks import InputError
from bayes_irl._types import Baseline
from bayes_irl.systems.population.many_neurons import ManyNeurons

Patterns = Float[Array, "num_bins num_neurons"]  # 0.0 and 1.0, or counts
PerNeuron = Float[Array, "num_bins num_stimuli num_neurons"]
PerStimulus = Float[Array, "num_bins num_stimuli"]


class FeatureValue(eqx.Module):
    """A value function of pairs, single responses and the spike count, in nats.

        v(σ, x) = Σ_{i<j} J_ij(x) σ_i σ_j + Σ_i h_i(x) σ_i + c_x(K) + Σ_i σ_i g_i(K),      K = Σ_i σ_i.

    It is linear in its parameters. So answers are logistic regressions with *shared, symmetric* couplings, and the
    reward for which they are optimal is explicit at every pattern, with λ = 1:

        r(σ, x) = v(σ, x) − Σ_x′ T[x, x′] B(v)(σ, x′),    B(v)(σ, x) = (1/n) Σ_i log Σ_a p_i(a) exp v(σ^{i←a}, x).

    Responses that are counts have the terms J and h alone: v is linear in each response, with the slope
    g_i(σ, x) = Σ_j J_ij(x) σ_j + h_i(x).

    Attributes:
        pairs: J, symmetric with a diagonal of zeros; one for all stimuli, or one for each.
        fields: h.
        by_count: c, for every number of spikes; `None`: no such term.
        with_count: g, the change of a response's value with the number of spikes; `None`: no such term.
    """

    pairs: Float[Array, "num_sets num_neurons num_neurons"]
    fields: Float[Array, "num_stimuli num_neurons"]
    by_count: Float[Array, "num_stimuli num_counts"] | None = None
    with_count: Float[Array, "num_neurons num_counts"] | None = None

    @property
    def num_neurons(self) -> int:
        """Number of neurons."""
        return self.fields.shape[1]

    @property
    def num_stimuli(self) -> int:
        """Number of stimuli."""
        return self.fields.shape[0]


def symmetric(num_neurons: int, pairs: Float[Array, "*sets num_pairs"]) -> Float[Array, "*sets n n"]:
    """Spread one number per pair, in the order of `numpy.triu_indices`, over a symmetric matrix.

    Args:
        num_neurons: Size of the matrix.
        pairs: One number per pair `[..., num_pairs]`.

    Returns:
        The matrices `[..., num_neurons, num_neurons]`, with a diagonal of zeros.

    >>> symmetric(3, jnp.array([1.0, 2.0, 3.0])).tolist()
    [[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]]
    """
    upper = np.triu_indices(num_neurons, k=1)  # a constant: JAX would search for it at each call
    half = jnp.zeros((*pairs.shape[:-1], num_neurons, num_neurons), pairs.dtype).at[..., *upper].set(pairs)
    return half + jnp.swapaxes(half, -1, -2)


def as_variables(value: FeatureValue) -> dict[str, Array]:
    """A value's parameters by name; pairs are in the order of `numpy.triu_indices`."""
    upper = np.triu_indices(value.num_neurons, k=1)
    variables = {"pairs": value.pairs[:, *upper], "fields": value.fields}
    terms = {"by_count": value.by_count, "with_count": value.with_count}
    return variables | {name: each for name, each in terms.items() if each is not None}


def from_variables(variables: Mapping[str, Array | np.ndarray]) -> FeatureValue:
    """The value with these parameters."""
    fields = jnp.asarray(variables["fields"])
    return FeatureValue(
        symmetric(fields.shape[1], jnp.asarray(variables["pairs"])),
        fields,
        jnp.asarray(variables["by_count"]) if "by_count" in variables else None,
        jnp.asarray(variables["with_count"]) if "with_count" in variables else None,
    )


def values(value: FeatureValue, patterns: Patterns) -> PerStimulus:
    """v(σ, x) of every pattern under every stimulus."""
    return 0.5 * jnp.einsum("bi,sij,bj->bs", patterns, value.pairs, patterns) + without_pairs(value, patterns)


def without_pairs(value: FeatureValue, patterns: Patterns) -> PerStimulus:
    """v(σ, x) without the pair terms."""
    total = patterns @ value.fields.T
    if value.by_count is None:
        return total
    spikes = patterns.sum(axis=1).astype(int)
    total = total + value.by_count[:, spikes].T
    if value.with_count is None:
        return total
    return total + (patterns * value.with_count[:, spikes].T).sum(axis=1, keepdims=True)


def differences(value: FeatureValue, patterns: Patterns) -> PerNeuron:
    """The value that a spike of each neuron adds, given the others: v(σ^{i←1}, x) − v(σ^{i←0}, x)."""
    if value.by_count is None:
        return jnp.einsum("bj,sij->bsi", patterns, value.pairs) + value.fields[None]
    spikes = patterns.sum(axis=1).astype(int)
    spiking = patterns[:, None]
    steps = jnp.diff(value.by_count, axis=1)  # value of one more spike, by the number of the others' spikes
    up, down = (jnp.take(steps, k, axis=1, mode="clip").T[:, :, None] for k in (spikes, spikes - 1))
    added = jnp.einsum("bj,sij->bsi", patterns, value.pairs) + (value.fields[None] + up) + spiking * (down - up)
    if value.with_count is None:
        return added
    worth = patterns @ value.with_count  # of all spikes, if their number were k
    more, same, less = (
        jnp.take_along_axis(worth, jnp.clip(k, 0)[:, None], axis=1)
        for k in (jnp.minimum(spikes + 1, value.num_neurons), spikes, spikes - 1)
    )
    own_more, own_less = (jnp.take(value.with_count, k, axis=1, mode="clip").T for k in (spikes + 1, spikes - 1))
    if_silent = own_more + more - same
    if_spiking = same - (less - own_less)
    return added + (1 - spiking) * if_silent[:, None] + spiking * if_spiking[:, None]


def check_of_counts(population: ManyNeurons, value: FeatureValue) -> None:
    """Refuse a value that responses which are counts cannot have.

    Raises:
        InputError: If it has terms of the number of spikes, of which v is no linear function; or pairs, and counts
            without an upper limit: where couplings are positive they have no stationary distribution (Besag 1974,
            doi:10.1111/j.2517-6161.1974.tb00999.x).
    """
    if _any(value.by_count) or _any(value.with_count):
        raise InputError.of(
            "value",
            "pairs and fields alone, if responses are counts",
            "terms of the number of spikes",
            'They are for responses of 0 and 1. Use the model "independent_tuning".',
        )
    if _any(value.pairs) and np.isinf(population.responses.most):
        raise InputError.of(
            "value",
            f"no pairs, if responses are {type(population.responses).__name__} counts",
            "pairs",
            "Without a largest count, neurons that excite each other run away. Use Binomial(most), or the model "
            '"independent_tuning".',
        )


def _any(numbers: Array | None) -> bool:
    """Whether a term is there, and known not to be 0: not while a program is compiled."""
    return numbers is not None and not isinstance(numbers, jax.core.Tracer) and bool(np.asarray(numbers).any())


def log_partitions(population: ManyNeurons, added: PerNeuron, baseline: Baseline) -> PerNeuron:
    """K_i(g_i) = log Σ_a p_i(a) exp v(σ^{i←a}, x) − v(σ^{i←0}, x) of every neuron; `added` are the differences of v."""
    free, forced = _per_neuron(population.free), _per_neuron(population.alive & ~population.free)
    responses = population.responses
    silent, odds = (_per_neuron(each) for each in (responses.log_silent(baseline), responses.log_odds(baseline)))
    chosen = silent + responses.log_partition(odds + added)
    return jnp.where(free, chosen, jnp.where(forced, added, 0.0))


def mean_answers(population: ManyNeurons, added: PerNeuron, baseline: Baseline) -> PerNeuron:
    """E_π[a] = K_i′(g_i) of every neuron; of responses of 0 and 1 π_i(1 | σ, x), with the log-odds of p plus g."""
    chosen = population.responses.mean(_per_neuron(population.responses.log_odds(baseline)) + added)
    return jnp.where(_per_neuron(population.free), chosen, _per_neuron(population.spike_probability(baseline)))


def after_update(population: ManyNeurons, value: FeatureValue, patterns: Patterns, baseline: Baseline) -> PerStimulus:
    """B(v)(σ, x′): expected value of a pattern after one neuron was redrawn, minus the coding cost."""
    added = differences(value, patterns)
    gains = log_partitions(population, added, baseline) - patterns[:, None] * added
    return values(value, patterns) + gains.mean(axis=2)


def implied_reward(population: ManyNeurons, value: FeatureValue, patterns: Patterns, baseline: Baseline) -> PerStimulus:
    """r(σ, x) = v(σ, x) − Σ_x′ T[x, x′] B(v)(σ, x′) of every pattern, up to a constant per stimulus."""
    return values(value, patterns) - after_update(population, value, patterns, baseline) @ population.transition.T


def _per_neuron(numbers: Shaped[Array | np.ndarray, " num_neurons"]) -> Shaped[Array, "1 1 num_neurons"]:
    """One number of each neuron, the same in every bin and under every stimulus."""
    return jnp.asarray(numbers)[None, None]
