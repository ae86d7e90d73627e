"""The posterior mode, and the coordinates in which the posterior looks round from there."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import scipy.optimize
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._threads import map_threads
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.target import Flat, Target

SETTLED = 1e-4  # Newton decrement (nats) below which the mode is found
ROUND = 0.1  # largest entry of the whitened Hessian minus one that counts as round


@dataclass(frozen=True)
class Mode:
    """Where the posterior peaks, and its curvature there.

    Attributes:
        position: the mode `[num_dimensions]`.
        potential: minus log joint density there.
        factor: L with L Lᵀ = H⁻¹, H the Hessian: `position + L z` is about Normal when z ~ Normal(0, 1).
        decrement: expected fall of the potential in one more Newton step, in nats.
        lowest_curvature: smallest eigenvalue of the whitened Hessian, about 1; not positive at a saddle.
    """

    position: np.ndarray
    potential: float
    factor: np.ndarray
    decrement: float
    lowest_curvature: float

    @property
    def found(self) -> bool:
        """Whether the search settled at a minimum of the potential."""
        return self.decrement < SETTLED and self.lowest_curvature > 0

    def locate(self, whitened: Float[Array, " num_dimensions"]) -> Flat:
        """Map whitened coordinates to latent ones."""
        return jnp.asarray(self.position) + jnp.asarray(self.factor) @ whitened


def find_mode(target: Target, progress: Progress) -> Mode:
    """Minimise the potential by BFGS, then by Newton's method with the Hessian that whitening needs anyway.

    The Hessian comes from central differences of the implicit gradient, taken again in the coordinates that it
    whitens until it is the identity there: soft directions are then as accurate as stiff ones.

    Raises:
        InputError: if the density is not finite where the search starts.
    """
    with progress.stage("mode", total=None) as tick:
        position = _descend(target, target.start, tick)
    factor, step = np.eye(target.num_dimensions), 1e-4
    for _ in range(8):
        potential, gradient = map(np.asarray, target.value_and_grad(jnp.asarray(position)))
        curvature, directions = np.linalg.eigh(_hessian(target, position, factor, step, progress))
        stiff = np.maximum(np.abs(curvature), 1e-9 * np.abs(curvature).max())
        factor, step = factor @ directions / np.sqrt(stiff), 1e-2
        newton = factor.T @ gradient
        decrement = float(newton @ newton / 2)
        if decrement < SETTLED and np.abs(curvature - 1).max() < ROUND:
            break
        if decrement >= SETTLED:
            position = _step(target, position, float(potential), -factor @ newton)
    return Mode(position, float(potential), factor, decrement, float(curvature.min()))


def _descend(target: Target, start: np.ndarray, tick) -> np.ndarray:
    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        potential, gradient = target.value_and_grad(jnp.asarray(flat))
        tick()
        if not np.isfinite(potential) or not np.isfinite(gradient).all():
            return 1e300, np.zeros_like(flat)
        return float(potential), np.asarray(gradient)

    if objective(start)[0] >= 1e300:
        raise InputError.of(
            "model",
            "a finite density at the middle of its prior",
            "NaN or infinity",
            "Check its priors against the data.",
        )
    many = target.num_dimensions > 300
    result = scipy.optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B" if many else "BFGS",
        options={"maxiter": 2000, "maxcor": 30, "ftol": 1e-12} if many else {"maxiter": 1000, "gtol": 1e-2},
    )
    return result.x


def _step(target: Target, position: np.ndarray, potential: float, step: np.ndarray) -> np.ndarray:
    for halvings in range(12):
        trial = position + step * 0.5**halvings
        if float(target.value_and_grad(jnp.asarray(trial))[0]) < potential:
            return trial
    return position


def _hessian(target: Target, position: np.ndarray, factor: np.ndarray, step: float, progress: Progress) -> np.ndarray:
    """Hessian of the potential in whitened coordinates, position + factor @ z, at z = 0."""

    def column(axis: int) -> np.ndarray:
        ahead, behind = (
            target.value_and_grad(jnp.asarray(position + sign * step * factor[:, axis]))[1] for sign in (1, -1)
        )
        tick()
        return (np.asarray(ahead) - np.asarray(behind)) @ factor / (2 * step)

    with progress.stage("curvature", total=len(position)) as tick:
        hessian = np.stack(map_threads(column, range(len(position))))
    return (hessian + hessian.T) / 2
