"""What the solver needs to know of a world: its own move, and where each action leads."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from bayes_irl._types import ArrayLike, Baseline, Defaults, Occupancy, Transition, Value


@jax.jit
def long_run_share(transition: Transition) -> Float[Array, " num_stimuli"]:
    """The stationary distribution of a Markov chain; where there are several, the one nearest to uniform."""
    size = transition.shape[0]
    system = jnp.concatenate([jnp.eye(size) - transition.T, jnp.ones((1, size))])
    target = jnp.zeros(size + 1).at[-1].set(1.0)
    share = jnp.maximum(jnp.linalg.pinv(system, rtol=1e-12) @ target, 0)
    return share / share.sum()


class World(eqx.Module):
    """States, a move of the world's own, and units that act one at a time.

    States are laid out as `[num_stimuli, num_patterns]`. The world moves first (`ahead`), and with it the stimulus: by
    `transition`, on which units have no influence, unless the world says otherwise (`apart`). Then one of `num_units`
    units, uniformly at random, acts. A unit acts in a *context*: the states that its own action cannot tell apart share
    one. A restricted unit does not see its whole context.
    """

    @property
    @abc.abstractmethod
    def num_units(self) -> int:
        """How many units act."""

    @property
    @abc.abstractmethod
    def num_patterns(self) -> int:
        """Length of the pattern axis."""

    @property
    def num_states(self) -> int:
        """Number of states that an agent tells apart: patterns, unless these also hold its last action."""
        return self.num_patterns

    def by_state(self, rewards: Float[Array, " num_states"]) -> Float[Array, "1 num_patterns"]:
        """The table of a reward that depends on the state alone, where there is a single stimulus."""
        return jnp.repeat(rewards, self.num_patterns // self.num_states)[None]

    @property
    @abc.abstractmethod
    def transition(self) -> Transition:
        """The stimulus's move: from x to x′ with probability `transition[x, x′]`."""

    @property
    def hold(self) -> tuple[int, Transition]:
        """What is recorded: after how many updates under one stimulus, and the stimulus's move after them.

        (1, T) where it moves before every update. Optimal answers are those to T in any case.
        """
        return 1, self.transition

    def ahead_of_bin(self, table: Value) -> Value:
        """Mean of a table after the stimulus's move from bin to bin: T_bin f, with T_bin of `hold`."""
        return jnp.asarray(self.hold[1]) @ table

    def apart(
        self, table: Float[Array, "*num_draws num_stimuli num_patterns"]
    ) -> Float[Array, "*num_draws num_parts num_states_of_part"]:
        """The table as one row per part of the states that no unit can lead out of: a stimulus, unless they move it.

        A value is free up to a number per row, and how often each row is visited is known in advance (`part_share`).
        """
        return table

    @property
    def part_share(self) -> Float[Array, " num_parts"]:
        """Long-run share of each row of `apart`."""
        return self.stimulus_share

    @property
    def num_stimuli(self) -> int:
        """Length of the stimulus axis."""
        return self.transition.shape[0]

    @property
    def switches(self) -> bool:
        """Whether rewards switch with a hidden context, of which there are then `num_contexts`."""
        return False

    @property
    def stimulus_labels(self) -> tuple[str, ...]:
        """A name for each stimulus."""
        return tuple(map(str, range(self.num_stimuli)))

    @property
    def stimulus_share(self) -> Float[Array, " num_stimuli"]:
        """Long-run share of each stimulus: the stationary distribution nearest to uniform."""
        return long_run_share(self.transition)

    def ahead(self, table: Value) -> Value:
        """Mean of a table after the world's own move: for a stimulus, T f."""
        return jnp.asarray(self.transition) @ table

    @abc.abstractmethod
    def outcomes(self, table: Value, unit: int) -> Float[Array, "num_actions ..."]:
        """Read a table of states where each action of `unit` leads: `[num_actions, *context]`."""

    @abc.abstractmethod
    def spread(self, contexts: Float[Array, "..."], unit: int) -> Value:
        """Copy a value per context of `unit` to every state that belongs to it: `[num_stimuli, num_patterns]`."""

    def redistribute(self, states: Occupancy, chances: Float[Array, "num_actions ..."], unit: int) -> Occupancy:
        """Where a distribution of states goes when a unit acts with these chances: the transpose of a mean outcome."""

        def mean(table: Value) -> Value:
            led_to = zip(chances, self.outcomes(table, unit), strict=True)
            return self.spread(sum((chance * each for chance, each in led_to), jnp.zeros((), table.dtype)), unit)

        (moved,) = jax.linear_transpose(mean, states)(states)
        return moved

    @property
    def is_corrected(self) -> bool:
        """Whether `correction` pays."""
        return False

    def correction(self, defaults: Defaults, value: Value) -> Callable[[Value], Value]:
        """Something near the inverse of I − T K, under the answers to this value."""
        raise NotImplementedError

    @property
    def ends_by_newton(self) -> bool:
        """Whether sweeps that did not converge are followed by Newton's method, with a matrix of all states."""
        return False

    @property
    def in_a_loop(self) -> bool:
        """Whether programs run over the units in a loop, instead of spelling every unit out.

        Only for units of two actions, with the three methods below. What compiles then hardly grows with their number.
        """
        return False

    def flip(self, table: Value, unit: Array) -> Value:
        """The table where `unit`, a traced number, has taken its other action."""
        raise NotImplementedError

    def led_to(self, table: Value, unit: Array) -> tuple[Value, Value]:
        """The table where `unit`, a traced number, has taken its first action, and its second, from every state."""
        raise NotImplementedError

    def own_chances(
        self, policy: tuple[Float[Array, "num_actions ..."], ...]
    ) -> Float[Array, "num_units num_stimuli num_patterns"]:
        """In every state, how probable the action is that each unit has taken there."""
        raise NotImplementedError

    @abc.abstractmethod
    def default_actions(self, baseline: Baseline) -> Defaults:
        """Default action probabilities p_i(a) `[num_units, num_actions]`, from a baseline.

        Or p_i(a | own last response) `[num_units, num_actions, 2]`: a context's first axis is then that response. What
        `outcomes` reads does not depend on it, so that this axis has length 1 there, and `spread` takes both.
        """

    @abc.abstractmethod
    def check_baseline(self, argument: str, values: ArrayLike | None) -> Baseline:
        """Return numbers given as a baseline; none: every action is as likely as any other.

        Raises:
            InputError: if they are no baseline of this world; the message names `argument`.
        """

    def baseline_starts(self) -> tuple[Baseline, ...]:
        """Baselines that differ widely, for those that adapt to begin from; first the one of `check_baseline`."""
        return (self.check_baseline("start", None),)

    @property
    @abc.abstractmethod
    def adapts(self) -> Bool[np.ndarray, " num_baselines"]:
        """Which numbers of a baseline can adapt."""

    def heal(self) -> "World":
        """Return the world without what its default actions say already."""
        return self

    @property
    def restricted(self) -> bool:
        """Whether some unit answers several contexts alike because it cannot tell them apart."""
        return False

    def pool(self, contexts: Float[Array, "..."], unit: int) -> Float[Array, "..."]:
        """Sum over the contexts that `unit` cannot tell apart; the result has the contexts' shape."""
        return contexts

    def log_default(self, defaults: Defaults) -> Float[Array, " num_patterns"]:
        """Log probability of each pattern, up to a constant, if every unit kept to its default actions."""
        return jnp.zeros(self.num_patterns)
