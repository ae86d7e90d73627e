"""Recurrent networks: inputs, units, and a linear readout."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from bayes_irl.agents.cells import Cell, External, GatedCell, PlainCell, unroll
from bayes_irl.agents.connections import EXCITATORY_SHARE, Connections, draw_connections

START_STATE = 0.5
SPECTRAL_RADIUS = 2.0
SILENCED_DRIVE = -100.0  # drive of a silenced unit: far below threshold


class RecurrentNetwork(eqx.Module):
    """A rate network; its rates are r = [x]₊.

    Attributes:
        recurrent: Connections into each drive of a unit: (z, g, x) of gated units, (x,) of plain ones.
        input_weights: From inputs to drives.
        input_present: Which of them there are.
        bias: Of drives.
        start: State before a trial.
        readout: From rates to outputs.
        readout_bias: Of outputs.
        alpha: Dt / τ.
        noise: Variance of a unit's state that noise alone would give it; its drive has √(2τ/dt · noise) ξ per step.
    """

    recurrent: tuple[Connections, ...]
    input_weights: Float[Array, "num_inputs num_drives"]
    input_present: Bool[Array, "num_inputs num_drives"]
    bias: Float[Array, " num_drives"]
    start: Float[Array, " num_units"]
    readout: Float[Array, "num_units num_outputs"]
    readout_bias: Float[Array, " num_outputs"]
    alpha: float = eqx.field(static=True)
    noise: float = eqx.field(static=True)

    @property
    def num_units(self) -> int:
        """How many units there are."""
        return len(self.start)

    @property
    def cell(self) -> Cell:
        """The units with the weights that are there."""
        *gates, recurrent = (each.effective for each in self.recurrent)
        external = External(jnp.where(self.input_present, self.input_weights, 0), self.bias)
        if gates:
            together = jnp.concatenate(gates, axis=1)
            return GatedCell(gates=together, recurrent=recurrent, external=external, alpha=self.alpha)
        return PlainCell(recurrent=recurrent, external=external, alpha=self.alpha)

    def rates(
        self, inputs: Float[Array, "longest num_trials num_inputs"], num_steps: Int[Array, ""], key: PRNGKeyArray
    ) -> Float[Array, "longest num_trials num_units"]:
        """Return the rates after every step; 0 from `num_steps` on."""
        shape = (*inputs.shape[:2], self.num_units)
        scale = (2 * self.noise / self.alpha) ** 0.5
        noise = scale * jax.random.normal(key, shape, inputs.dtype) if scale else jnp.zeros(shape, inputs.dtype)
        return jax.nn.relu(unroll(self.cell, jnp.broadcast_to(self.start, shape[1:]), inputs, noise, num_steps))

    def read(self, rates: Float[Array, "... num_units"]) -> Float[Array, "... num_outputs"]:
        """Return the outputs."""
        outputs = rates @ self.readout
        return outputs + jnp.broadcast_to(self.readout_bias, outputs.shape)

    def silence(self, units: Bool[np.ndarray, " num_units"]) -> "RecurrentNetwork":
        """Return the same network with some units held below threshold: they neither fire nor hear."""
        drives = jnp.arange(len(self.bias)) >= len(self.bias) - self.num_units  # the drives of x
        held = drives & jnp.tile(jnp.asarray(units), len(self.bias) // self.num_units)
        *gates, into = self.recurrent
        heard = eqx.tree_at(lambda each: each.present, into, into.present & ~jnp.asarray(units)[None])
        changed = (
            (*gates, heard),
            self.input_present & ~held[None],
            jnp.where(held, SILENCED_DRIVE, self.bias),
            jnp.where(jnp.asarray(units), 0.0, self.start),
        )
        return eqx.tree_at(lambda net: (net.recurrent, net.input_present, net.bias, net.start), self, changed)


def draw_network(
    key: PRNGKeyArray,
    num_inputs: int,
    num_outputs: int,
    *,
    num_units: int,
    in_degree: int,
    gated: bool,
    dale: bool,
    alpha: float,
    slowest: float,
    noise: float,
    input_present: Bool[np.ndarray, "num_inputs num_units"],
    output_bias: Float[np.ndarray, " num_outputs"],
) -> RecurrentNetwork:
    """Draw an untrained network. Its readout starts at 0: it puts out the same at all times.

    Args:
        key: A JAX random key.
        num_inputs: Of the network.
        num_outputs: Of the network.
        num_units: How many units.
        in_degree: How many units each one hears.
        gated: Gated units, or plain rectified ones.
        dale: Whether each unit only excites or only inhibits.
        alpha: Dt / τ.
        slowest: Gated units begin with effective time constants τ / z from 2 τ to this many τ.
        noise: Variance of a unit's state that noise alone would give it.
        input_present: Which units read which inputs.
        output_bias: What outputs start at.
    """
    num_drives = 3 if gated else 1
    *keys, input_key, bias_key = jax.random.split(key, num_drives + 2)
    excitatory = np.arange(num_units) < round(EXCITATORY_SHARE * num_units) if dale else None
    recurrent = tuple(draw_connections(each, num_units, in_degree, SPECTRAL_RADIUS, excitatory) for each in keys)
    width = num_drives * num_units
    bias = np.zeros(width, np.float32)
    if gated:
        slower = np.random.default_rng(np.asarray(jax.random.bits(bias_key, (4,)))).permutation(
            np.geomspace(2, slowest, num_units)
        )
        bias[:num_units] = -np.log(slower - 1)  # z = 1 / slower
    return RecurrentNetwork(
        recurrent=recurrent,
        input_weights=in_degree**0.5 / num_inputs * jax.random.normal(input_key, (num_inputs, width), jnp.float32),
        input_present=jnp.tile(jnp.asarray(input_present), (1, num_drives)),
        bias=jnp.asarray(bias),
        start=jnp.full(num_units, START_STATE, jnp.float32),
        readout=jnp.zeros((num_units, num_outputs), jnp.float32),
        readout_bias=jnp.asarray(output_bias, jnp.float32),
        alpha=alpha,
        noise=noise,
    )
