"""How neurons answer by default: 0 or 1, or a count; and how they answer if a spike has a value."""

import abc
import math
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float

from bayes_irl._checks import InputError, count, finite_array
from bayes_irl._types import ArrayLike

CLOSEST = 1e-3  # to the log-odds at which the mean of a negative binomial is infinite; a relative distance
LEAST_PROBABILITY = 1e-12  # of counts that are drawn

Odds = Float[Array, "..."]  # θ
Means = Float[Array | np.ndarray, "..."]


class Responses(eqx.Module):
    """A family of default answers: how probable a = 0, 1, 2 and so on are.

    The value is linear in each response given the others, v = v_{/i} + a g. So the cumulant-generating function of p
    is all that the theory needs of it,

        K(g) = log Σ_a p(a) e^{a g},      π(a) = p(a) e^{a g − K(g)},      E_π[a] = K′(g),      Var_π[a] = K″(g),

    and answers are in the family of p, with log-odds θ = log p(1)/p(0) + g. In all families here the variance of an
    answer of mean μ is μ + φ μ², with the family's *dispersion* φ; then

        θ = log μ/(1 + φ μ),      A(θ) = −log(1 − φ e^θ)/φ,      K(g) = A(θ + g) − A(θ).
    """

    counted: ClassVar[bool] = True  # whether answers are counts

    @property
    @abc.abstractmethod
    def most(self) -> float:
        """The largest answer; infinite if there is none."""

    @property
    @abc.abstractmethod
    def dispersion(self) -> Any:
        """φ: a number, or one per neuron."""

    @abc.abstractmethod
    def log_partition(self, log_odds: Odds) -> Odds:
        """A(θ) = −log P(0)."""

    @abc.abstractmethod
    def mean(self, log_odds: Odds) -> Odds:
        """μ = A′(θ)."""

    @abc.abstractmethod
    def log_silent(self, mean: Means) -> Means:
        """Log P(0), of answers of this mean."""

    @abc.abstractmethod
    def log_weight(self, counts: Means) -> Means:
        """Log w(a), with p(a) = w(a) e^{a θ − A(θ)}."""

    def log_odds(self, mean: Means) -> Odds:
        """θ = log P(1)/P(0), of answers of this mean."""
        return jnp.log(mean) - jnp.log1p(self._dispersion(mean) * mean)

    def variance(self, mean: Means) -> Means:
        """μ + φ μ²: K″, of answers of this mean."""
        return mean * (1 + self._dispersion(mean) * mean)

    def log_prob(self, counts: ArrayLike, mean: ArrayLike) -> Float[Array, "..."]:
        """Log probability of counts, of answers of this mean.

        Args:
            counts: `[..., num_neurons]`.
            mean: The same, above 0.

        >>> round(float(Poisson().log_prob(2, 1.0)), 3)
        -1.693
        """
        number, middle = jnp.broadcast_arrays(jnp.asarray(counts, float), jnp.asarray(mean, float))
        return jnp.asarray(self.log_weight(number) + number * self.log_odds(middle) + self.log_silent(middle))

    def draw(self, uniform: Float[Array, "..."], log_odds: Odds) -> Float[Array, "..."]:
        """Draw answers by inversion: the smallest a with P(a) + … + P(0) above a uniform random number."""
        odds = jnp.broadcast_to(self._bounded(log_odds.astype(float)), uniform.shape)
        rate = jnp.exp(odds)
        grows = self._dispersion(odds) * rate
        mean = self.mean(odds)

        def waits(state: tuple) -> Array:
            number, _, chance, total = state
            return (total <= uniform) & ((number <= mean) | (chance > LEAST_PROBABILITY))

        def step(state: tuple) -> tuple:
            number, answer, chance, total = state
            chance, beyond = chance * (rate + grows * number) / (number + 1), waits(state)
            return number + 1, answer + beyond, chance, total + chance

        first = jnp.exp(-self.log_partition(odds))
        start = (jnp.zeros((), odds.dtype), jnp.zeros_like(odds), first, first)
        return jax.lax.while_loop(lambda state: waits(state).any(), step, start)[1].astype(log_odds.dtype)

    def smoothed(self, totals: np.ndarray, numbers: np.ndarray) -> Float[np.ndarray, "..."]:
        """Means of so many answers with these sums, (sum + ½)/(N − φ), so that log-odds stay finite."""
        return (totals + 0.5) / (numbers + 1 / self.most)

    def inside(self, mean: ArrayLike) -> bool:
        """Whether all are means that answers can have."""
        array = np.asarray(mean)
        return bool(((array > 0) & (array < self.most)).all())

    def for_neurons(self, num_neurons: int) -> None:
        """Refuse parameters of another number of neurons, or ones that are not known yet."""

    def _bounded(self, log_odds: Odds) -> Odds:
        return log_odds

    def _dispersion(self, like: Means) -> Any:
        """Along the last axis of other numbers, and in their precision."""
        return self.dispersion


class Bernoulli(Responses):
    """Responses of 0 and 1: a neuron spikes or not. φ = −1."""

    counted: ClassVar[bool] = False

    @property
    def most(self) -> float:
        """1."""
        return 1.0

    @property
    def dispersion(self) -> float:
        """−1."""
        return -1.0

    def log_partition(self, log_odds: Odds) -> Odds:
        """log(1 + e^θ)."""
        return jax.nn.softplus(log_odds)

    def mean(self, log_odds: Odds) -> Odds:
        """The probability of a spike."""
        return jax.nn.sigmoid(log_odds)

    def log_silent(self, mean: Means) -> Means:
        """log(1 − p)."""
        return jnp.log1p(-mean)

    def log_weight(self, counts: Means) -> Means:
        """Zero: log w(0) = log w(1) = 0."""
        return jnp.zeros_like(counts)

    def variance(self, mean: Means) -> Means:
        """The mean times one minus it, p (1 − p)."""
        return mean * (1 - mean)


class Binomial(Responses):
    """Counts that cannot exceed a number, as of a neuron that can spike in each of so many short bins. φ = −1/most.

    Attributes:
        largest: The largest possible count.

    >>> float(Binomial(4).variance(jnp.array(2.0)))
    1.0
    """

    largest: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        """Refuse numbers that are none."""
        count("largest", self.largest)

    @property
    def most(self) -> float:
        """The largest possible count."""
        return float(self.largest)

    @property
    def dispersion(self) -> float:
        """−1/most."""
        return -1 / self.most

    def log_partition(self, log_odds: Odds) -> Odds:
        """Most · log(1 + e^θ/most)."""
        return self.most * jax.nn.softplus(log_odds - math.log(self.most))

    def mean(self, log_odds: Odds) -> Odds:
        """Most · e^θ/(most + e^θ)."""
        return self.most * jax.nn.sigmoid(log_odds - math.log(self.most))

    def log_silent(self, mean: Means) -> Means:
        """Most · log(1 − μ/most)."""
        return self.most * jnp.log1p(-mean / self.most)

    def log_weight(self, counts: Means) -> Means:
        """Log of the binomial coefficient, over most^a."""
        n = self.most
        return gammaln(n + 1) - gammaln(counts + 1) - gammaln(n - counts + 1) - counts * math.log(n)


class Poisson(Responses):
    """Counts whose variance is their mean. φ = 0: values multiply the mean, E_π[a] = μ e^g."""

    @property
    def most(self) -> float:
        """Infinite."""
        return np.inf

    @property
    def dispersion(self) -> float:
        """0."""
        return 0.0

    def log_partition(self, log_odds: Odds) -> Odds:
        """e^θ."""
        return jnp.exp(log_odds)

    def mean(self, log_odds: Odds) -> Odds:
        """e^θ."""
        return jnp.exp(log_odds)

    def log_silent(self, mean: Means) -> Means:
        """−μ."""
        return -mean

    def log_weight(self, counts: Means) -> Means:
        """−log a!."""
        return -gammaln(counts + 1)


class NegativeBinomial(Responses):
    """Counts that vary more than those of a Poisson distribution: variance μ + μ²/size. φ = 1/size.

    A value multiplies q = e^θ/size: answers have a mean only while q e^g < 1.

    Attributes:
        size: One number for all neurons, or one per neuron; None: estimated from the recording, from the variance of
            each neuron's counts given the stimulus.

    >>> float(NegativeBinomial(2.0).variance(jnp.array(3.0)))
    7.5
    """

    size: Float[np.ndarray | Array, "..."] | None = None

    def __init__(self, size: ArrayLike | None = None):
        self.size = size if size is None or isinstance(size, jax.Array) else np.asarray(size, float)

    def __check_init__(self) -> None:
        """Refuse sizes that are none."""
        if isinstance(self.size, np.ndarray):
            finite_array("size", self.size, (None,) * self.size.ndim)
            if (self.size <= 0).any():
                raise InputError.of("size", "numbers above 0", self.size.min())

    @property
    def most(self) -> float:
        """Infinite."""
        return np.inf

    @property
    def dispersion(self) -> Any:
        """1/size."""
        assert self.size is not None
        return 1 / self.size

    def log_partition(self, log_odds: Odds) -> Odds:
        """−size · log(1 − e^θ/size); linear beyond the largest log-odds, so that slopes stay finite."""
        size, odds = self._size(log_odds), self._bounded(log_odds)
        return -size * jnp.log1p(-jnp.exp(odds) / size) + self.mean(odds) * (log_odds - odds)

    def mean(self, log_odds: Odds) -> Odds:
        """e^θ/(1 − e^θ/size); that of the largest log-odds beyond them."""
        odds = jnp.exp(self._bounded(log_odds))
        return odds / (1 - odds / self._size(log_odds))

    def log_silent(self, mean: Means) -> Means:
        """−size · log(1 + μ/size)."""
        size = self._size(mean)
        return -size * jnp.log1p(mean / size)

    def log_weight(self, counts: Means) -> Means:
        """Log Γ(a + size)/(Γ(size) size^a a!)."""
        size = self._size(counts)
        return gammaln(counts + size) - gammaln(size) - counts * jnp.log(size) - gammaln(counts + 1)

    def for_neurons(self, num_neurons: int) -> None:
        """Refuse sizes of another number of neurons, or ones that are not known yet."""
        if self.size is None:
            advice = "Give them: NegativeBinomial(size). `infer` estimates them from a recording."
            raise InputError.of("responses", "a NegativeBinomial with sizes", "one without", advice)
        if np.shape(self.size) not in ((), (num_neurons,)):
            raise InputError.of("size", f"one number, or {num_neurons}", f"shape {np.shape(self.size)}")

    def _bounded(self, log_odds: Odds) -> Odds:
        return jnp.minimum(log_odds, jnp.log(self._size(log_odds)) + math.log1p(-CLOSEST))

    def _dispersion(self, like: Means) -> Array:
        return 1 / self._size(like)

    def _size(self, like: Means) -> Array:
        """Along the last axis of other numbers, in their precision: averages over states are in single precision."""
        assert self.size is not None
        size = jnp.asarray(self.size, like.dtype)
        return size if size.ndim == 0 else size.reshape((1,) * (like.ndim - 1) + size.shape)


def restore_responses(name: str, dispersion: Any) -> Responses:
    """The family of this name, whose dispersion was stored."""
    if name == "NegativeBinomial":
        return NegativeBinomial(1 / np.asarray(dispersion, float))
    if name == "Binomial":
        return Binomial(round(-1 / float(np.asarray(dispersion)[0])))
    return Poisson() if name == "Poisson" else Bernoulli()
