"""Neurons that are too many to enumerate, and their stimulus."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bayes_irl._checks import count
from bayes_irl._types import Baseline, Transition
from bayes_irl.solvers.world import long_run_share
from bayes_irl.systems.neurons import Neurons
from bayes_irl.systems.stimulus import Stimulus


class ManyNeurons(Neurons):
    """Neurons without a table of their patterns: what features, chains and solvers see, and the base of `Population`.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus that the neurons answer to.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        unit_ids: The neurons' names, in order; None: they are numbered.
    """

    num_neurons: int = eqx.field(static=True)
    stimulus: Stimulus
    silenced: frozenset[int] = eqx.field(static=True, default=frozenset())
    forced: frozenset[int] = eqx.field(static=True, default=frozenset())
    unit_ids: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        """Refuse what contradicts itself."""
        count("num_neurons", self.num_neurons, least=2)
        self.check_lesions()

    def __str__(self) -> str:
        """The population in words."""
        return self.in_lines()

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
        """Default probability of a spike p_i(1): the baseline, but 0 of silenced neurons and 1 of forced ones."""
        return jnp.where(self.alive, jnp.where(self.free, baseline, 1.0), 0.0)
