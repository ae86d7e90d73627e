"""Units of a rate network in continuous time, and their run through a trial.

A cell holds effective weights, from row to column. What reaches a unit from outside, inputs, bias and noise, is its
*drive*.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.lax import dynamic_update_index_in_dim
from jaxtyping import Array, Float, Int

State = Float[Array, "num_trials num_units"]
States = Float[Array, "num_steps num_trials num_units"]
Inputs = Float[Array, "num_steps num_trials num_inputs"]
Drive = Float[Array, "num_trials num_drives"]
Drives = Float[Array, "num_steps num_trials num_drives"]


class External(eqx.Module):
    """Weights of inputs and biases.

    Attributes:
        weights: From inputs to drives.
        bias: Of drives.
    """

    weights: Float[Array, "num_inputs num_drives"]
    bias: Float[Array, " num_drives"]

    def __call__(self, inputs: Float[Array, "... num_inputs"]) -> Float[Array, "... num_drives"]:
        """Return the drive."""
        drive = inputs @ self.weights
        return drive + jnp.broadcast_to(self.bias, drive.shape)

    def gradient(self, inputs: Inputs, drive_gradient: Drives) -> "External":
        """Return the gradient with respect to weights and biases."""
        return External(_over_time(inputs, drive_gradient), drive_gradient.sum(axis=(0, 1)))


class Cell(eqx.Module):
    """Units with their effective weights.

    Attributes:
        external: Weights of what reaches them from outside.
    """

    external: eqx.AbstractVar[External]

    @abc.abstractmethod
    def step(self, state: State, drive: Drive, noise: State) -> State:
        """Return the next state."""

    @abc.abstractmethod
    def gradient(self, before: States, inputs: Inputs, drive_gradient: Drives) -> "Cell":
        """Return the gradient with respect to the weights, given that with respect to the drives."""


class GatedCell(Cell):
    """Gated recurrent units: x ← (1 − αz) x + αz (Wᵀ(g∘r) + d_x + noise), z, g = sigmoid(Vᵀr + (d_z, d_g)), r = [x]₊.

    Attributes:
        gates: V, of z and then of g.
        recurrent: W.
        external: Of the drive (d_z, d_g, d_x).
        alpha: Dt / τ.

    Source:
        Song, Yang & Wang 2017, doi:10.7554/eLife.21492.
    """

    gates: Float[Array, "num_units twice_num_units"]
    recurrent: Float[Array, "num_units num_units"]
    external: External
    alpha: float = eqx.field(static=True)

    def step(self, state: State, drive: Drive, noise: State) -> State:
        """Return the next state."""
        num = self.recurrent.shape[0]
        rates = jax.nn.relu(state)
        gates = jax.nn.sigmoid(rates @ self.gates + drive[:, : 2 * num])
        target = (gates[:, num:] * rates) @ self.recurrent + drive[:, 2 * num :] + noise
        return state + self.alpha * gates[:, :num] * (target - state)

    def gradient(self, before: States, inputs: Inputs, drive_gradient: Drives) -> "GatedCell":
        """Return the gradient with respect to the weights: products of what came in and what it should have been."""
        num = self.recurrent.shape[0]
        rates = jax.nn.relu(before)
        heard = External(self.external.weights[:, num : 2 * num], self.external.bias[num : 2 * num])
        kept = jax.nn.sigmoid(rates @ self.gates[:, num:] + heard(inputs))
        return GatedCell(
            gates=_over_time(rates, drive_gradient[..., : 2 * num]),
            recurrent=_over_time(kept * rates, drive_gradient[..., 2 * num :]),
            external=self.external.gradient(inputs, drive_gradient),
            alpha=self.alpha,
        )


class PlainCell(Cell):
    """Rectified units: x ← (1 − α) x + α (Wᵀr + d + noise), r = [x]₊.

    Attributes:
        recurrent: W.
        external: Of the drive d.
        alpha: Dt / τ.
    """

    recurrent: Float[Array, "num_units num_units"]
    external: External
    alpha: float = eqx.field(static=True)

    def step(self, state: State, drive: Drive, noise: State) -> State:
        """Return the next state."""
        return state + self.alpha * (jax.nn.relu(state) @ self.recurrent + drive + noise - state)

    def gradient(self, before: States, inputs: Inputs, drive_gradient: Drives) -> "PlainCell":
        """Return the gradient with respect to the weights."""
        recurrent = _over_time(jax.nn.relu(before), drive_gradient)
        external = self.external.gradient(inputs, drive_gradient)
        return PlainCell(recurrent=recurrent, external=external, alpha=self.alpha)


def _over_time(
    before: Float[Array, "num_steps num_trials num_before"], after: Float[Array, "num_steps num_trials num_after"]
) -> Float[Array, "num_before num_after"]:
    return jnp.einsum("tbi,tbj->ij", before, after)


@jax.custom_vjp
def unroll(cell: Cell, start: State, inputs: Inputs, noise: States, num_steps: Int[Array, ""]) -> States:
    """Run a network through its inputs, and return the state after every step; 0 from `num_steps` on.

    This is where training spends its time, so both loops are as short as the batch allows: forwards to the end of its
    longest trial, backwards from the last step whose state mattered. The backward loop finds the gradient of the drive
    alone; that of the weights follows from it in one product over all steps.

    Args:
        cell: The units, with the weights that are there.
        start: State before the first step.
        inputs: At every step.
        noise: Of every unit's drive. Neither it nor inputs have a gradient.
        num_steps: How many steps to run.
    """

    def step(t: Array, carried: tuple[State, States]) -> tuple[State, States]:
        state, states = carried
        state = cell.step(state, cell.external(inputs[t]), noise[t])
        return state, dynamic_update_index_in_dim(states, state, t, 0)

    return jax.lax.fori_loop(0, num_steps, step, (start, jnp.zeros_like(noise)))[1]


def _forward(cell: Cell, start: State, inputs: Inputs, noise: States, num_steps: Array) -> tuple[States, tuple]:
    states = unroll(cell, start, inputs, noise, num_steps)
    return states, (cell, start, inputs, noise, states)


def _backward(kept: tuple, gradient: States) -> tuple:
    cell, start, inputs, noise, states = kept
    before = jnp.concatenate([start[None], states[:-1]])
    mattered = (gradient != 0).any(axis=(1, 2))
    num_steps = jnp.max(jnp.where(mattered, jnp.arange(1, len(inputs) + 1), 0))

    def step(back: Array, carried: tuple[State, Drives]) -> tuple[State, Drives]:
        state_gradient, drive_gradient = carried
        t = num_steps - 1 - back
        _, pull = jax.vjp(lambda state, drive: cell.step(state, drive, noise[t]), before[t], cell.external(inputs[t]))
        state_gradient, now = pull(state_gradient + gradient[t])
        return state_gradient, dynamic_update_index_in_dim(drive_gradient, now, t, 0)

    drives = jnp.zeros((*inputs.shape[:2], len(cell.external.bias)), start.dtype)
    start_gradient, drive_gradient = jax.lax.fori_loop(0, num_steps, step, (jnp.zeros_like(start), drives))
    return cell.gradient(before, inputs, drive_gradient), start_gradient, None, None, None


unroll.defvjp(_forward, _backward)
