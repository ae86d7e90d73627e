"""The reward of `Evidence`: what subjects want, and how they see and answer."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike
from bayes_irl.solvers.episode import Stakes

PerSubject = Float[Array | np.ndarray, " num_subjects"] | float | int
STAKES = ("temperature", "right", "wrong", "none", "cost_of_time", "discount_rate", "side_bias")
HABITS = ("hazard", "lapse", "non_decision_time", "non_decision_spread")


class Habits(eqx.Module):
    """Properties of a subject's answers apart from its rewards.

    Attributes:
        hazard: Rate of default answers, for either answer, per second.
        lapse: Share of trials that are answered at random, at a random time.
        non_decision_time: Mean non-decision time, in seconds.
        non_decision_spread: Its standard deviation, in seconds.
    """

    hazard: PerSubject
    lapse: PerSubject
    non_decision_time: PerSubject
    non_decision_spread: PerSubject


class Motives(eqx.Module):
    """Rewards and sensitivity of one subject, or of each.

    Attributes:
        sensitivity: κ, per √s and unit of strength.
        stakes: Rewards, cost of time, temperature and side bias.
    """

    sensitivity: eqx.AbstractVar[PerSubject]
    stakes: eqx.AbstractVar[Stakes]

    timed: ClassVar[bool]  # whether subjects answer when they like

    def heated(self, factor: ArrayLike) -> "Motives":
        """The same with every temperature multiplied."""
        return eqx.tree_at(lambda one: one.stakes.temperature, self, self.stakes.temperature * jnp.asarray(factor))

    def of_subjects(self, num_subjects: int) -> "Motives":
        """The same with one number for each subject.

        Raises:
            InputError: If there is another number of them.
        """

        def each(leaf: Any) -> Array:
            values = jnp.asarray(leaf, float)
            if values.shape not in ((), (num_subjects,)):
                expected = f"numbers, or one for each of {num_subjects} subjects"
                raise InputError.of("reward", expected, f"shape {values.shape}")
            return jnp.broadcast_to(values, (num_subjects,))

        return jax.tree.map(each, self)

    def variables(self) -> dict[str, Array]:
        """Its numbers by name."""
        raise NotImplementedError

    def check(self) -> None:
        """Refuse numbers that no answers follow from.

        Raises:
            InputError: If a number is NaN or infinite, or a temperature is not above 0.
        """
        for name, values in self.variables().items():
            finite_array(f"reward.{name}", values, (None,))
        if not (lowest := float(jnp.min(self.stakes.temperature))) > 0:
            raise InputError.of("reward.temperature", "numbers above 0", f"{lowest:g}")


class MotivesInTime(Motives):
    """Motives of subjects that answer when they like.

    Attributes:
        sensitivity: κ, per √s and unit of strength.
        stakes: Rewards, cost of time, temperature and side bias.
        habits: Lapses, default answers and non-decision time.
    """

    sensitivity: PerSubject
    stakes: Stakes
    habits: Habits
    timed = True

    def variables(self) -> dict[str, Array]:
        """Its numbers by name."""
        stakes = {name: getattr(self.stakes, name) for name in STAKES}
        habits = {name: getattr(self.habits, name) for name in HABITS}
        return _arrays({"sensitivity": self.sensitivity} | stakes | habits)


class MotivesWhenAsked(Motives):
    """Motives of subjects that answer when the stimulus is over.

    Attributes:
        sensitivity: κ, per √s and unit of strength.
        stakes: Temperature and side bias; a right answer is worth 1, a wrong one 0.
        lapse: Share of trials that are answered at random.
        sure_value: Worth of the sure reward; None: there is none.
        cost_of_risk: ρ: an answer that is right with probability b is worth b − ρ b (1 − b).
        worth: Your own value of an answer, a function of b and the subject's number, in place of `cost_of_risk`; such
            motives are not stored in trees.
    """

    sensitivity: PerSubject
    stakes: Stakes
    lapse: PerSubject
    sure_value: PerSubject | None = None
    cost_of_risk: PerSubject = 0.0
    worth: Callable[[Array, Array], Array] | None = eqx.field(static=True, default=None)
    timed = False

    def variables(self) -> dict[str, Array]:
        """Its numbers by name."""
        own = {
            "sensitivity": self.sensitivity,
            "temperature": self.stakes.temperature,
            "side_bias": self.stakes.side_bias,
            "lapse": self.lapse,
            "cost_of_risk": self.cost_of_risk,
        }
        return _arrays(own if self.sure_value is None else own | {"sure_value": self.sure_value})

    def worth_of(self, right: Float[Array, "num_rows num_nodes"], subject: Array) -> Float[Array, "num_rows num_nodes"]:
        """What an answer is worth that is right with this probability, to the subject of each row."""
        if self.worth is not None:
            return self.worth(right, subject)
        return right - jnp.asarray(self.cost_of_risk)[subject] * right * (1 - right)


def motives_from(variables: Mapping[str, Any]) -> Motives:
    """The motives with these parameters.

    Raises:
        InputError: If the model had a worth of its own.
    """
    if "sensitivity" not in variables:
        raise InputError.of(
            "posterior",
            "a fit whose motives were kept",
            "one with a worth of its own",
            "Give generative.answer_when_asked a cost_of_risk instead of worth.",
        )
    given = {name: jnp.asarray(values) for name, values in variables.items()}
    if "hazard" in given:
        stakes = Stakes(**{name: given[name] for name in STAKES})
        return MotivesInTime(given["sensitivity"], stakes, Habits(**{name: given[name] for name in HABITS}))
    stakes = Stakes(given["temperature"], side_bias=given["side_bias"])
    return MotivesWhenAsked(
        given["sensitivity"], stakes, given["lapse"], given.get("sure_value"), given["cost_of_risk"]
    )


def _arrays(values: Mapping[str, Any]) -> dict[str, Array]:
    return {name: jnp.asarray(each, float) for name, each in values.items()}
