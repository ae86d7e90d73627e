"""The neurons of a circuit, what each of them sees, and the stimulus."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from bayes_irl._checks import InputError, count
from bayes_irl._types import Baseline, Defaults, Logits, Occupancy, Value
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.mean_field import ignoring_each_other
from bayes_irl.systems.neurons import Neurons, names_of_units
from bayes_irl.systems.stimulus import Stimulus

MOST_NEURONS = 20
MOST_NEURONS_RESTRICTED = 14  # cut or coupled: their solvers look at every neuron apart
FEWEST_IN_A_LOOP = 15
FEWEST_CORRECTED = 9

Kind = TypeVar("Kind", bound="Wiring")


class Wiring(Neurons, World):
    """Binary neurons whose patterns are enumerated: the world that the solver sees, and the base of `Circuit`.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: What the neurons answer to.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        missing: Pairs (i, j) where neuron i no longer sees neuron j.
        unit_ids: The neurons' names, in order; None: they are numbered.
    """

    num_neurons: int = eqx.field(static=True)
    stimulus: Stimulus
    silenced: frozenset[int] = eqx.field(static=True, default=frozenset())
    forced: frozenset[int] = eqx.field(static=True, default=frozenset())
    missing: frozenset[tuple[int, int]] = eqx.field(static=True, default=frozenset())
    unit_ids: tuple[str, ...] | None = eqx.field(static=True, default=None, converter=names_of_units)

    def __check_init__(self) -> None:
        """Refuse what cannot be enumerated or contradicts itself."""
        num = count("num_neurons", self.num_neurons)
        if num > MOST_NEURONS:
            gigabytes = 2.0**num * self.stimulus.num_stimuli * 8 * num / 1e9
            raise InputError.of(
                "num_neurons",
                f"at most {MOST_NEURONS} (every pattern is enumerated)",
                f"{num}, for which the policies alone take {gigabytes:,.1f} GB",
                "Pick the neurons that matter most, for instance with pick_neurons; or use all of them in a "
                "Population.",
            )
        self.check_lesions()
        wrong = [(i, j) for i, j in self.missing if i == j or not (0 <= i < num and 0 <= j < num)]
        if wrong:
            raise InputError.of("missing", f"pairs of two neurons from 0 to {num - 1}", wrong)
        self._check_isolation()
        if self.missing:
            self.check_restricted("missing", f"{len(self.missing)} cut among {num} neurons")

    def check_restricted(self, argument: str, got: str) -> None:
        """Refuse a circuit that is too large for answers that are restricted."""
        if self.num_neurons > MOST_NEURONS_RESTRICTED:
            raise InputError.of(argument, f"none in a circuit of more than {MOST_NEURONS_RESTRICTED} neurons", got)

    def _check_isolation(self) -> None:
        """Refuse a neuron without any connection while others are connected: it is no part of the circuit.

        If every connection is cut, all neurons see the stimulus alone; that is allowed.
        """
        within = [(i, j) for i in range(self.num_neurons) for j in range(i) if not {(i, j), (j, i)} <= self.missing]
        isolated = sorted(set(range(self.num_neurons)).difference(*within)) if within else []
        if isolated:
            raise InputError.of(
                "missing",
                "every neuron connected to at least one other",
                f"every connection of {isolated} cut",
                f"For a cell that died use silence({', '.join(map(str, isolated))}). Otherwise leave it one "
                "connection.",
            )

    # -- changes ----------------------------------------------------------------------------------------------------

    def cut(self: Kind, connections: Iterable[tuple[int | str, int | str]]) -> Kind:
        """Return the circuit in which neuron i no longer sees neuron j, for each pair (i, j) of places or unit ids.

        A neuron may lose all its inputs, or all its outputs. It may not lose both while others stay connected.
        """
        pairs = frozenset((self._place(i), self._place(j)) for i, j in connections)
        return self._but(missing=self.missing | pairs)

    def __str__(self) -> str:
        """The circuit in words."""
        return self.in_lines(*[f"{len(self.missing)} connections cut"] * bool(self.missing))

    # -- what is there ----------------------------------------------------------------------------------------------

    @property
    def num_units(self) -> int:
        """Number of units that act: the neurons."""
        return self.num_neurons

    @property
    def num_patterns(self) -> int:
        """2 ** num_neurons."""
        return 2**self.num_neurons

    @property
    def patterns(self) -> Int[np.ndarray, "num_patterns num_neurons"]:
        """Every pattern, in the order of its index; neuron 0 is the most significant bit."""
        shifts = np.arange(self.num_neurons - 1, -1, -1)
        return (np.arange(self.num_patterns)[:, None] >> shifts) & 1

    @property
    def spike_count(self) -> Int[np.ndarray, " num_patterns"]:
        """Number of spikes in each pattern."""
        return self.patterns.sum(axis=1)

    def sees(self, neuron: int) -> tuple[int, ...]:
        """The other neurons that `neuron` still sees."""
        return tuple(j for j in range(self.num_neurons) if j != neuron and (neuron, j) not in self.missing)

    @property
    def restricted(self) -> bool:
        """Whether a connection is missing."""
        return bool(self.missing)

    def shown_share(self, num_bins: Int[np.ndarray, " num_stimuli"]) -> Float[np.ndarray, " num_stimuli"]:
        """By how much each stimulus counts in mean responses of a recording that shows it in so many bins.

        As often as T says in the long run, where it is shown at all: a recording holds few changes of a slow stimulus,
        so its own shares are noisy.
        """
        share = np.where(num_bins > 0, self.stimulus_share, 0)
        return share / share.sum()

    def default_actions(self, baseline: Baseline) -> Defaults:
        """Default action probabilities `[num_neurons, 2]`, or after each own last response `[num_neurons, 2, 2]`.

        A lesioned neuron has no choice, hence no cost.
        """
        alive, free = (each.reshape(-1, *[1] * (baseline.ndim - 1)) for each in (self.alive, self.free))
        spike = jnp.where(alive, jnp.where(free, baseline, 1.0), 0.0)
        return jnp.stack([1 - spike, spike], axis=1)

    @property
    def adapts(self) -> Bool[np.ndarray, " num_neurons"]:
        """Baselines of free neurons adapt."""
        return self.free

    def log_default(self, defaults: Defaults) -> Float[Array, " num_patterns"]:
        """Log of Π_i p_i(σ_i): how probable each pattern would be if every neuron kept to its baseline."""
        chances = defaults.reshape(self.num_neurons, 2, -1)
        stops, starts = chances[:, 0, -1], chances[:, 1, 0]  # p_i(0 | 1) and p_i(1 | 0)
        silent, spike = (jnp.log(each / (starts + stops))[None] for each in (stops, starts))  # in the long run
        return jnp.where(self.patterns == 1, spike, silent).sum(axis=1)

    # -- the two things the solver needs ----------------------------------------------------------------------------

    def outcomes(self, table: Value, unit: int) -> Float[Array, "num_actions 1 num_stimuli before after"]:
        """Table entries with `unit` silent and spiking, for each context.

        That is its own last response (on which they do not depend), stimulus, neurons before and neurons after it.
        """
        return jnp.moveaxis(table.reshape(-1, 2**unit, 2, 2 ** (self.num_neurons - 1 - unit)), 2, 0)[:, None]

    def spread(self, contexts: Float[Array, "own_last num_stimuli before after"], unit: int) -> Value:
        """Copy a value per context to the patterns that share it: two, but for contexts of one own last response."""
        _, size, before, after = contexts.shape
        return jnp.broadcast_to(jnp.moveaxis(contexts, 0, 2), (size, before, 2, after)).reshape(size, -1)

    @property
    def is_corrected(self) -> bool:
        """Of fewer neurons, plain sweeps take as long."""
        return self.num_neurons >= FEWEST_CORRECTED

    def correction(self, defaults: Defaults, value: Value) -> Callable[[Value], Value]:
        """As if neurons ignored each other, with the mean responses of patterns under a frozen stimulus."""
        visits = jax.nn.softmax(self.log_default(defaults)[None] + value, axis=1)
        spikes = [self.outcomes(visits, i)[1, 0].sum(axis=(1, 2)) for i in range(self.num_neurons)]
        return ignoring_each_other(self.transition, jnp.stack(spikes, axis=1))

    @property
    def in_a_loop(self) -> bool:
        """From 15 neurons on, a loop over neurons is faster than an expression of them all."""
        return self.num_neurons >= FEWEST_IN_A_LOOP

    def flip(self, table: Value, unit: Array) -> Value:
        """The table at the patterns in which `unit` answers otherwise."""

        def other(entries: Value) -> Value:
            return entries[:, jnp.arange(self.num_patterns) ^ self._bit(unit)]

        # It is its own inverse and its own transpose, which JAX would make a slow scatter of.
        return jax.lax.custom_linear_solve(
            other, table, solve=lambda _, entries: other(entries), transpose_solve=lambda _, entries: other(entries)
        )

    def led_to(self, table: Value, unit: Array) -> tuple[Value, Value]:
        """Table entries with `unit` silent, and spiking, for every pattern."""
        other, spikes = self.flip(table, unit), ((jnp.arange(self.num_patterns) & self._bit(unit)) != 0)[None]
        return jnp.where(spikes, other, table), jnp.where(spikes, table, other)

    def own_chances(
        self, policy: tuple[Float[Array, "num_actions ..."], ...]
    ) -> Float[Array, "num_neurons num_stimuli num_patterns"]:
        """How probable each neuron's response in a pattern is, given the others'."""
        return jnp.stack([jnp.moveaxis(each[:, 0], 0, 2).reshape(self.num_stimuli, -1) for each in policy])

    def _bit(self, unit: Array) -> Array:
        """The neuron's bit in a pattern's index."""
        return 1 << (self.num_neurons - 1 - unit)

    def redistribute(
        self, states: Occupancy, chances: Float[Array, "num_actions own_last num_stimuli before after"], unit: int
    ) -> Occupancy:
        """Where a distribution of patterns goes when a neuron answers: a third faster than the transpose."""
        pairs = states.reshape(-1, 2**unit, 2, 2 ** (self.num_neurons - 1 - unit))
        after_silence, after_spike = (jnp.moveaxis(chances[:, own], 0, 2) for own in (0, -1))
        return (after_silence * pairs[:, :, :1] + after_spike * pairs[:, :, 1:]).reshape(states.shape)

    def pool(
        self, contexts: Float[Array, "own_last num_stimuli before after"], unit: int
    ) -> Float[Array, "own_last num_stimuli before after"]:
        """Sum over the responses of the neurons that `unit` does not see."""
        others = [j for j in range(self.num_neurons) if j != unit]
        hidden = tuple(1 + others.index(j) for j in others if (unit, j) in self.missing)
        bits = contexts.reshape(-1, *[2] * len(others))
        return jnp.broadcast_to(bits.sum(axis=hidden, keepdims=True), bits.shape).reshape(contexts.shape)

    def tabulate(self, contexts: list[Float[Array, "own_last num_stimuli _ _"]]) -> Logits:
        """Stack one value per context of every neuron into `[num_neurons, num_stimuli, num_patterns]`."""
        return jnp.stack([self.spread(each, i) for i, each in enumerate(contexts)])
