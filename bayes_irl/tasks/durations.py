"""How long an epoch lasts: in milliseconds, drawn anew for every trial."""

import abc
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import InputError


class Duration(eqx.Module):
    """A distribution of durations.

    Attributes:
        shortest: the least that can be drawn, in ms.
        longest: the most that can be drawn, in ms.
    """

    shortest: eqx.AbstractVar[float]
    longest: eqx.AbstractVar[float]

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""


class Uniform(Duration):
    """Any duration between two bounds alike."""

    shortest: float
    longest: float

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""
        return jax.random.uniform(key, dtype=jnp.float32, minval=self.shortest, maxval=self.longest)


def fixed(length: float) -> Uniform:
    """Return the duration that is always the same, in ms."""
    return Uniform(length, length)


class Exponential(Duration):
    """`shortest` + an exponential of mean `mean` − `shortest`, given that the sum is no longer than `longest`.

    The end cannot be foretold from the time that has passed. `mean` is that before truncation.
    """

    shortest: float
    mean: float
    longest: float

    def __check_init__(self) -> None:
        """Check the mean."""
        if not self.mean > self.shortest:
            raise InputError.of("mean", f"a mean above the shortest duration, {self.shortest:g} ms", f"{self.mean:g}")

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""
        scale = self.mean - self.shortest
        kept = -math.expm1(-(self.longest - self.shortest) / scale)
        return self.shortest - scale * jnp.log1p(-kept * jax.random.uniform(key, dtype=jnp.float32))
