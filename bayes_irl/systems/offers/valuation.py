"""The reward of offers: the values of two juices in every session, and how subjects compare them."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike
from bayes_irl.systems.offers.rules import RULES, Linear, Rule
from bayes_irl.systems.offers.shown import Shown
from bayes_irl.systems.offers.trials import OfferTrials


@runtime_checkable
class Preference(Protocol):
    """The interface that gives the probability that A is chosen: a `Valuation`, or your own log-odds."""

    def log_odds(self, shown: Shown) -> Float[Array, " num_rows"]:
        """Log P(A) / P(B) in every row."""
        ...


class Valuation(eqx.Module):
    """The reward of juices: their relative value, the rule that compares them, and the temperature.

        log P(A) / P(B) = [advantage(ρ n_A, n_B) + biases] / λ

    Attributes:
        worth: ρ, value of one A in units of B, in every session and kind of trial.
        temperature: λ, the difference that changes the log-odds by 1, in the units in which offers are compared.
        side_bias: Added to A's advantage on the left, subtracted on the right, in the same units.
        order_bias: Added to A's advantage when shown first, subtracted when shown second.
        rule: How offers are compared: `Linear()`, `Concave(power)`, `Ratio()` or `LogRatio()`.
    """

    worth: Float[Array, "num_sessions num_kinds"]
    temperature: Float[Array, "num_sessions num_kinds"]
    side_bias: Float[Array, " num_subjects"]
    order_bias: Float[Array, " num_subjects"]
    rule: Rule

    @classmethod
    def of(
        cls,
        offers: OfferTrials,
        worth: ArrayLike,
        temperature: ArrayLike,
        rule: Rule | None = None,
        *,
        side_bias: ArrayLike = 0.0,
        order_bias: ArrayLike = 0.0,
    ) -> "Valuation":
        """Make one for some offers; numbers hold for every session, kind of trial or subject.

        Args:
            offers: The offers, with their sessions, kinds of trials and subjects.
            worth: Value of one A in units of B: a number, or `[num_sessions, num_kinds]`.
            temperature: λ: a number, or `[num_sessions, num_kinds]`.
            rule: How offers are compared; None: `Linear()`.
            side_bias: A number, or `[num_subjects]`.
            order_bias: A number, or `[num_subjects]`.

        Raises:
            InputError: For shapes that are none of these, or a worth or temperature that is not above 0.

        >>> from bayes_irl import Offers
        >>> offers = Offers.from_arrays([1, 2, 3], [2, 2, 2])
        >>> Valuation.of(offers, worth=1.5, temperature=0.4).worth.tolist()
        [[1.5]]
        """
        sessions, subjects = (offers.num_sessions, len(offers.kinds)), (offers.num_subjects,)
        each = {
            name: _filled(name, values, shape)
            for name, values, shape in (
                ("worth", worth, sessions),
                ("temperature", temperature, sessions),
                ("side_bias", side_bias, subjects),
                ("order_bias", order_bias, subjects),
            )
        }
        for name in ("worth", "temperature"):
            if not (each[name] > 0).all():
                raise InputError.of(name, "numbers above 0", f"{each[name].min():g}")
        return cls(**each, rule=Linear() if rule is None else rule)

    def log_odds(self, shown: Shown) -> Float[Array, " num_rows"]:
        """Log P(A) / P(B) in every row."""
        advantage = self.rule.advantage(self.worth_of(shown) * shown.num_a, shown.num_b, shown.subject)
        certain = jnp.isinf(advantage)
        compared = (jnp.where(certain, 0.0, advantage) + self.bias_of(shown)) / self.temperature_of(shown)
        return jnp.where(certain, advantage, compared)

    def worth_of(self, shown: Shown) -> Float[Array, " num_rows"]:
        """What one A is worth in every row."""
        return self.worth[shown.session, self._kind(shown)]

    def temperature_of(self, shown: Shown) -> Float[Array, " num_rows"]:
        """λ in every row."""
        return self.temperature[shown.session, self._kind(shown)]

    def bias_of(self, shown: Shown) -> Float[Array, " num_rows"]:
        """What A gains by its side and its place in the order, in every row."""
        return self.side_bias[shown.subject] * shown.a_left + self.order_bias[shown.subject] * shown.a_first

    def heated(self, factor: ArrayLike) -> "Valuation":
        """The same with every temperature multiplied."""
        return eqx.tree_at(lambda one: one.temperature, self, self.temperature * jnp.asarray(factor))

    def variables(self) -> dict[str, Array]:
        """Its numbers by name; those of the rule under the rule's name."""
        own = {name: getattr(self, name) for name in ("worth", "temperature", "side_bias", "order_bias")}
        return own | {self.rule.name: self.rule.parameters}

    @classmethod
    def from_variables(cls, variables: Mapping[str, Any]) -> "Valuation":
        """The valuation with these parameters.

        Raises:
            InputError: If the model had log-odds of its own.
        """
        names = [name for name in RULES if name in variables]
        if not names:
            raise InputError.of(
                "posterior",
                "a fit whose model chooses by a Valuation",
                "one with its own log-odds, which are not stored",
                "Give generative.choose what generative.juices returns.",
            )
        (name,) = names
        own = {each: jnp.asarray(variables[each]) for each in ("worth", "temperature", "side_bias", "order_bias")}
        return cls(**own, rule=RULES[name].of(jnp.asarray(variables[name])))

    def _kind(self, shown: Shown) -> np.ndarray:
        """The kind of trial, as a column of `worth`."""
        return (shown.a_first != 0) * (self.worth.shape[1] - 1)


class OwnOdds(eqx.Module):
    """Your own log-odds.

    Attributes:
        function: From what was shown to the log-odds of A.
    """

    function: Callable[[Shown], Float[Array, " num_rows"]] = eqx.field(static=True)

    def log_odds(self, shown: Shown) -> Float[Array, " num_rows"]:
        """Log P(A) / P(B) in every row."""
        return self.function(shown)


def _filled(argument: str, values: ArrayLike, shape: tuple[int, ...]) -> Float[Array, "..."]:
    given = jnp.asarray(values, float)
    if given.shape not in ((), shape):
        raise InputError.of(argument, f"a number, or shape {shape}", f"shape {given.shape}")
    return jnp.broadcast_to(given, shape)
