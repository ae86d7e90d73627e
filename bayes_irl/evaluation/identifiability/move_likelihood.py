"""Moves over several updates as a function of the log-odds behind them: likelihood, score and information."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from bayes_irl._checks import InputError
from bayes_irl._types import Scalar
from bayes_irl.recordings import Transitions
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.operators import log_moves
from bayes_irl.systems.stimulus import Stimulus

MOST_GIGABYTES = 0.5  # of the derivatives of all moves' probabilities
PRIOR_WIDTH = 10.0  # standard deviation of the prior of log-odds: keeps those finite that no move decides

Logits = Float[Array, " num_logits"]  # of all contexts: by neuron and stimulus, in the order of `Circuit.outcomes`
Table = Int[Array | np.ndarray, "num_rows num_patterns"]


class Moves(eqx.Module):
    """Moves between bins: Multinomial rows of K_x^k, or of (T K)^k where the stimulus moves within bins.

    Attributes:
        circuit: Who moves.
        updates_per_bin: k.
        held: Whether the stimulus is held within a bin.
        rows: Previous stimulus, stimulus, previous pattern.
        table: How often each pattern followed in each row.
    """

    circuit: Circuit
    updates_per_bin: int = eqx.field(static=True)
    held: bool = eqx.field(static=True)
    rows: Int[np.ndarray | Array, "num_rows 3"]
    table: Table

    @classmethod
    def of(cls, counts: Transitions) -> "Moves":
        """The moves that were recorded.

        Raises:
            InputError: If a bin flips more neurons than it has updates, or the derivatives would not fit into memory.
        """
        flips = max(int(each).bit_count() for each in counts.pattern ^ counts.next_pattern)
        if flips > counts.updates_per_bin:
            raise InputError.of(
                "recording",
                f"moves that flip at most {counts.updates_per_bin} neurons, one per update of a bin",
                f"one that flips {flips}",
                "State a higher update rate.",
            )
        circuit = Circuit(counts.num_neurons, _stimulus(counts))
        session = circuit.observe(counts, 0.5)
        gigabytes = session.table.size * circuit.num_neurons * circuit.num_stimuli * circuit.num_patterns / 2 * 8 / 1e9
        if gigabytes > MOST_GIGABYTES:
            raise InputError.of(
                "recording",
                f"moves whose derivatives take at most {MOST_GIGABYTES} GB, as those of about 6 neurons do",
                f"{circuit.in_words()}, for which they take {gigabytes:.1f} GB",
                "Merge stimulus states, or record single updates.",
            )
        return cls(circuit, counts.updates_per_bin, counts.held, session.rows, session.table)

    @eqx.filter_jit
    def log_probs(self, logits: Logits) -> Float[Array, "num_rows num_patterns"]:
        """Log probability of every move."""
        policy = []
        for i, each in enumerate(logits.reshape(self.circuit.num_neurons, -1)):
            log_odds = each.reshape(1, self.circuit.num_stimuli, 2**i, -1)
            policy.append(jnp.stack([jax.nn.sigmoid(-log_odds), jax.nn.sigmoid(log_odds)]))
        return log_moves(self.circuit, self.updates_per_bin, self.held, tuple(policy), self.rows)

    @eqx.filter_jit
    def value_and_score(self, logits: Logits, table: Table) -> tuple[Scalar, Logits]:
        """Log probability of counts, up to a constant, with the weak prior; and its gradient by the log-odds."""

        def log_posterior(at: Logits) -> Scalar:
            return jnp.where(table > 0, table * self.log_probs(at), 0.0).sum() - at @ at / (2 * PRIOR_WIDTH**2)

        return jax.value_and_grad(log_posterior)(logits)

    @eqx.filter_jit
    def information(self, logits: Logits) -> Float[Array, "num_logits num_logits"]:
        """Expected Fisher information of these many moves about the log-odds, and the prior's."""
        log_probs, slope = jax.linearize(self.log_probs, logits)
        slopes = jax.vmap(slope)(jnp.eye(len(logits)))
        expected = self.table.sum(axis=1, keepdims=True) * jnp.exp(log_probs)
        weighted = (jnp.sqrt(expected)[None] * slopes).reshape(len(logits), -1)
        return weighted @ weighted.T + jnp.eye(len(logits)) / PRIOR_WIDTH**2

    def optimal(self) -> Float[np.ndarray, "num_logits num_heights"]:
        """D: optimal log-odds are D u, differences of u along edges; u is 0 for the silent pattern of each stimulus."""
        size = self.circuit.num_stimuli * self.circuit.num_patterns
        states = jnp.eye(size).reshape(size, self.circuit.num_stimuli, -1)
        columns = [jnp.subtract(*self._led_to(states, i)[::-1]) for i in range(self.circuit.num_neurons)]
        above_silence = np.arange(size) % self.circuit.num_patterns > 0
        return np.concatenate(columns, axis=1).T[:, above_silence]

    def circulating(self) -> Float[np.ndarray, "num_logits num_pairs"]:
        """A: for each pair i < j, the log-odds of couplings J_ij = ½ and J_ji = −½: one unit of circulation."""
        num = self.circuit.num_neurons
        spikes = jnp.broadcast_to(
            self.circuit.patterns.T[:, None] * 1.0, (num, self.circuit.num_stimuli, self.circuit.num_patterns)
        )
        seen = np.stack([self._led_to(spikes, i)[0] for i in range(num)])  # [neuron, other, context]
        first, second = np.triu_indices(num, 1)
        columns = np.zeros((len(first), num, seen.shape[2]))
        pair = np.arange(len(first))
        columns[pair, first], columns[pair, second] = seen[first, second] / 2, -seen[second, first] / 2
        return columns.reshape(len(first), -1).T

    def _led_to(self, tables: Float[Array, "num_tables num_stimuli num_patterns"], neuron: int) -> list[Array]:
        """Entries of each table where silence and a spike of `neuron` lead, context by context."""
        led_to = jax.vmap(lambda table: self.circuit.outcomes(table, neuron))(tables)
        return [led_to[:, answer].reshape(len(tables), -1) for answer in (0, 1)]


def _stimulus(counts: Transitions) -> Stimulus:
    """T per update, from the recording itself; it does not matter if the stimulus is held."""
    if counts.previous_stimulus is None:
        return Stimulus(np.eye(counts.num_stimuli))
    moves = np.zeros((counts.num_stimuli, counts.num_stimuli))
    np.add.at(moves, (counts.previous_stimulus, counts.stimulus), counts.count)
    left = moves.sum(axis=1, keepdims=True)
    per_bin = np.where(left > 0, moves / np.maximum(left, 1), np.eye(counts.num_stimuli))
    return Stimulus.per_update(per_bin, counts.updates_per_bin, held=False)
