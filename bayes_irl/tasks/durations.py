"""How long an epoch lasts: in milliseconds, drawn anew for every trial."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray


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


class Fixed(Duration):
    """Always the same."""

    length: float

    @property
    def shortest(self) -> float:
        """The same as the longest."""
        return self.length

    @property
    def longest(self) -> float:
        """The same as the shortest."""
        return self.length

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Return the length."""
        return jnp.asarray(self.length, float)


class Uniform(Duration):
    """Any duration between two bounds alike."""

    shortest: float
    longest: float

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""
        return jax.random.uniform(key, minval=self.shortest, maxval=self.longest)


class Exponential(Duration):
    """`shortest` + an exponential of mean `mean` − `shortest`, given that the sum is no longer than `longest`.

    The end cannot be foretold from the time that has passed. `mean` is that before truncation.
    """

    shortest: float
    mean: float
    longest: float

    def draw(self, key: PRNGKeyArray) -> Float[Array, ""]:
        """Draw one, in ms."""
        scale = self.mean - self.shortest
        kept = -jnp.expm1(-(self.longest - self.shortest) / scale)
        return self.shortest - scale * jnp.log1p(-kept * jax.random.uniform(key))
