"""Rules of choice: the advantage of an offer of A over an offer of B."""

import abc
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

Amounts = Float[Array | np.ndarray, " num_rows"]


def utility(quantity: Amounts, power: Amounts) -> Float[Array, " num_rows"]:
    """Return quantity^power / power, concave below 1, of slope 1 at 1; nothing is worth nothing.

    Args:
        quantity: Quantities, 0 or more.
        power: γ > 0.

    Returns:
        u(q) = q^γ / γ `[num_rows]`.

    >>> utility(jnp.array([0.0, 1.0]), jnp.array([0.5, 0.5])).tolist()
    [0.0, 2.0]
    """
    some = quantity > 0
    return jnp.where(some, jnp.where(some, quantity, 1.0) ** power / power, 0.0)


class Rule(eqx.Module):
    """How two offers are compared. A tree keeps a rule by its name, as one variable.

    Class attributes:
        name: of the rule, and of its variable.
    """

    name: ClassVar[str]

    @abc.abstractmethod
    def advantage(self, a: Amounts, b: Amounts, subject: Int[np.ndarray, " num_rows"]) -> Float[Array, " num_rows"]:
        """The advantage of A over B, in the units of the temperature; ±inf if a choice is certain.

        Args:
            a: How much of A is offered, in units of B.
            b: How much of B.
            subject: Who chooses.
        """

    @property
    def parameters(self) -> Float[Array, "..."]:
        """Its numbers, of each subject; 1 where there are none."""
        return jnp.ones(())

    @classmethod
    def of(cls, parameters: Float[Array | np.ndarray, "..."]) -> "Rule":
        """The rule with these numbers."""
        return cls()


class Linear(Rule):
    """ρ n_A − n_B: value is proportional to quantity."""

    name = "linear"

    def advantage(self, a: Amounts, b: Amounts, subject: Int[np.ndarray, " num_rows"]) -> Float[Array, " num_rows"]:
        """The difference."""
        return jnp.asarray(a - b)


class Concave(Rule):
    """u(ρ n_A) − u(n_B) with u(n) = n^γ / γ.

    Attributes:
        power: γ of each subject.
    """

    power: Float[Array, " num_subjects"]
    name = "concave"

    def advantage(self, a: Amounts, b: Amounts, subject: Int[np.ndarray, " num_rows"]) -> Float[Array, " num_rows"]:
        """The difference of utilities."""
        gamma = self.power[subject]
        return utility(a, gamma) - utility(b, gamma)

    @property
    def parameters(self) -> Float[Array, " num_subjects"]:
        """γ."""
        return self.power

    @classmethod
    def of(cls, parameters: Float[Array | np.ndarray, "..."]) -> "Concave":
        """The rule with this γ."""
        return cls(jnp.asarray(parameters))


class Ratio(Rule):
    """(ρ n_A − n_B) / (ρ n_A + n_B): the share of the value of both."""

    name = "ratio"

    def advantage(self, a: Amounts, b: Amounts, subject: Int[np.ndarray, " num_rows"]) -> Float[Array, " num_rows"]:
        """The difference of shares."""
        return jnp.asarray((a - b) / (a + b))


class LogRatio(Rule):
    """log(ρ n_A / n_B): the ratio of values. An offer of one juice alone is taken for certain."""

    name = "log_ratio"

    def advantage(self, a: Amounts, b: Amounts, subject: Int[np.ndarray, " num_rows"]) -> Float[Array, " num_rows"]:
        """The logarithm of the ratio; ±inf where one juice is offered alone."""
        some_a, some_b = a > 0, b > 0
        ratio = jnp.log(jnp.where(some_a, a, 1.0)) - jnp.log(jnp.where(some_b, b, 1.0))
        return jnp.where(some_a, jnp.where(some_b, ratio, jnp.inf), -jnp.inf)


RULES: dict[str, type[Rule]] = {rule.name: rule for rule in (Linear, Concave, Ratio, LogRatio)}
