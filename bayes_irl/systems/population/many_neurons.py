"""Neurons that are too many to enumerate, and their stimulus."""

from typing import Any, TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import InputError, count, finite_array
from bayes_irl._types import ArrayLike, Baseline, Transition
from bayes_irl.solvers.world import long_run_share
from bayes_irl.systems.neurons import Neurons, names_of_units
from bayes_irl.systems.population.response_families import Bernoulli, NegativeBinomial, Responses
from bayes_irl.systems.stimulus import Stimulus

Kind = TypeVar("Kind", bound="ManyNeurons")


class ManyNeurons(Neurons):
    """Neurons without a table of their patterns: what features, chains and solvers see, and the base of `Population`.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus that the neurons answer to.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        unit_ids: The neurons' names, in order; None: they are numbered.
        responses: The family of default answers.
    """

    num_neurons: int = eqx.field(static=True)
    stimulus: Stimulus
    silenced: frozenset[int] = eqx.field(static=True, default=frozenset())
    forced: frozenset[int] = eqx.field(static=True, default=frozenset())
    unit_ids: tuple[str, ...] | None = eqx.field(static=True, default=None, converter=names_of_units)
    responses: Responses = eqx.field(default_factory=Bernoulli)

    def __check_init__(self) -> None:
        """Refuse what contradicts itself."""
        count("num_neurons", self.num_neurons, least=2)
        self.check_lesions()
        responses: Any = self.responses
        if not isinstance(responses, Responses):
            expected = "a family of responses, such as Poisson()"
            raise InputError.of("responses", expected, repr(responses), "Write bi.Poisson(), with brackets.")
        if self.forced and self.responses.counted:
            raise InputError.of("forced", "no neurons, if responses are counts", sorted(self.forced))

    def __str__(self) -> str:
        """The population in words."""
        return self.in_lines(*[f"{type(self.responses).__name__} counts"] * self.responses.counted)

    def named_after(self: Kind, other: Any) -> Kind:
        """Return the population with the names, and the sizes of responses, of another one, if it has none itself."""
        named = super().named_after(other)
        known = getattr(other, "responses", None)
        if isinstance(self.responses, NegativeBinomial) and isinstance(known, NegativeBinomial):
            return named if self.responses.size is not None else named._but(responses=known)
        return named

    def check_baseline(self, argument: str, values: ArrayLike | None) -> Baseline:
        """Return mean responses `[num_neurons]`; a single number is used for all neurons.

        Raises:
            InputError: If they are not above 0, or not below the largest response.
        """
        if not self.responses.counted:
            return super().check_baseline(argument, values)
        given: Any = values
        spread = np.broadcast_to(given, (self.num_neurons,)) if np.ndim(given) == 0 else given
        array = finite_array(argument, spread, (self.num_neurons,))
        if not self.responses.inside(array):
            limits = f"above 0 and below {self.responses.most:g}"
            raise InputError.of(argument, f"mean responses {limits}", array.tolist())
        return jnp.asarray(array)

    def changes_of_neurons(self, after: Neurons) -> list[str]:
        """Lesions and stimulus statistics that are new in another population.

        Raises:
            InputError: If it is of another kind, has other numbers of neurons or stimuli, or other responses.
        """
        changes = super().changes_of_neurons(after)
        assert isinstance(after, ManyNeurons)
        ours, theirs = self.responses, after.responses
        sized = getattr(theirs, "size", 0) is not None  # sizes that are not known yet are those of the recorded one
        if type(ours) is not type(theirs) or (sized and not np.allclose(ours.dispersion, theirs.dispersion)):
            raise InputError.of("system", f"responses {ours}, as recorded", theirs)
        return changes

    @property
    def stimulus_share(self) -> Float[Array, " num_stimuli"]:
        """Long-run share of each stimulus."""
        return long_run_share(self.transition)

    @property
    def snapshot_transition(self) -> Transition:
        """T̃, the stimulus's transition before the one further answer in the objective of snapshots.

        If the stimulus is held through bins of k updates, T̃ = I + κ (T_bin − I) with

            κ = 1 / ((n − 1) ((1 − 1/n)^−k − 1)),

        which is 1 for k = 1, and tends to 0 for large k. If the stimulus moves before every update, T̃ = T. See
        `docs/decisions.md`.
        """
        num_updates, per_bin = self.hold
        if num_updates == 1:
            return per_bin
        others = self.num_neurons - 1
        share = 1 / (others * np.expm1(num_updates * np.log1p(1 / others)))
        identity = np.eye(len(per_bin))
        return identity + share * (per_bin - identity)

    def spike_probability(self, baseline: Baseline) -> Float[Array, " num_neurons"]:
        """Default mean response: the baseline, but 0 of silenced neurons and 1 of forced ones."""
        return jnp.where(self.alive, jnp.where(self.free, baseline, 1.0), 0.0)
