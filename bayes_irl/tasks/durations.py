"""Durations of epochs, in milliseconds, drawn for every trial."""

import abc
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import positive


class Duration(eqx.Module):
    """A distribution of durations.

    Attributes:
        shortest: The least that can be drawn, in ms.
        longest: The most that can be drawn, in ms.
    """

    shortest: eqx.AbstractVar[float]
    longest: eqx.AbstractVar[float]

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""


class Uniform(Duration):
    """A uniform distribution between two bounds."""

    shortest: float
    longest: float

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""
        return jax.random.uniform(key, dtype=jnp.float32, minval=self.shortest, maxval=self.longest)


def fixed(length: float) -> Uniform:
    """Return a constant duration, in ms.

    Args:
        length: The duration, in ms.

    Returns:
        The duration, as a distribution.

    >>> fixed(500.0).shortest
    500.0
    """
    return Uniform(length, length)


class Exponential(Duration):
    """`shortest` + an exponential of mean `scale`, given that the sum is no longer than `longest`.

    The same as an exponential of mean `scale` of which only draws between the bounds are kept. Its end cannot be
    predicted from the time that has passed.
    """

    shortest: float
    scale: float
    longest: float

    def __check_init__(self) -> None:
        """Check the scale."""
        positive("scale", self.scale, "It is a mean, in ms.")

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""
        kept = -math.expm1(-(self.longest - self.shortest) / self.scale)
        return self.shortest - self.scale * jnp.log1p(-kept * jax.random.uniform(key, dtype=jnp.float32))
