"""The posterior mode, and coordinates in which the posterior is close to a standard Normal around it."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize
import scipy.sparse.linalg
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._threads import map_threads
from bayes_irl.inference.checkpoint import Checkpoint
from bayes_irl.inference.density import Density, Flat, Predicting
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.whitening import Dense, Leading, Whitening
from bayes_irl.solvers.newton import backtrack

SETTLED = 1e-4  # Newton decrement (nats) below which the mode is found
MAX_RIVAL_GAP = 5.0  # nats: another mode this close to the best may hold a share of the posterior that counts
MAX_ROUNDNESS_ERROR = 0.1  # largest entry of the whitened Hessian minus one that counts as round
MOST_DENSE = 1000  # dimensions up to which the whole Hessian is computed
NUM_LEADING = 300  # directions that are whitened beyond
NUM_COMPARED, TINY = 30, 1e-9  # draws that say how widely predictions scatter, and the least they do


class Mode(eqx.Module):
    """The mode of the posterior, and its curvature there.

    Attributes:
        position: The mode `[num_dimensions]`.
        potential: Minus log joint density there.
        whitening: L with L Lᵀ = H⁻¹, H the Hessian: `position + L z` is about Normal when z ~ Normal(0, 1). In many
            dimensions L Lᵀ is H⁻¹ in the leading directions alone.
        decrement: Expected fall of the potential in one more Newton step, in nats.
        lowest_curvature: Smallest eigenvalue of the whitened Hessian, about 1; not positive at a saddle. In many
            dimensions, of the directions that were looked at.
        ends: Where the search ended from each start `[num_starts, num_dimensions]`.
        end_potentials: Minus log joint density there `[num_starts]`.
    """

    position: np.ndarray
    potential: float
    whitening: Whitening
    decrement: float
    lowest_curvature: float
    ends: np.ndarray
    end_potentials: np.ndarray

    @property
    def found(self) -> bool:
        """Whether the search settled at a minimum of the potential."""
        return self.decrement < SETTLED and self.lowest_curvature > 0

    @property
    def rivals(self) -> Float[np.ndarray, "num_rivals num_dimensions"]:
        """Other modes that are almost as probable, in whitened coordinates.

        They are ends of the search at which the density is within `MAX_RIVAL_GAP` nats of its peak, although the Normal
        at this mode makes them less probable than that.
        """
        near = self.end_potentials - self.potential < MAX_RIVAL_GAP
        if not self.found or not isinstance(self.whitening, Dense) or near.sum() < 2:
            return np.zeros((0, len(self.position)))
        found: list[np.ndarray] = [np.zeros(len(self.position))]
        for end in np.linalg.solve(np.asarray(self.whitening.factor), (self.ends[near] - self.position).T).T:
            if min(float((end - other) @ (end - other)) / 2 for other in found) > MAX_RIVAL_GAP:
                found.append(end)
        return np.stack(found)[1:]

    def locate(self, whitened: Float[Array, " num_dimensions"]) -> Flat:
        """Map whitened coordinates to latent ones."""
        return jnp.asarray(self.position) + self.whitening(whitened)

    def locate_all(self, whitened: Float[np.ndarray, "*sizes num_dimensions"]) -> np.ndarray:
        """Map many vectors."""
        flat = jnp.asarray(whitened.reshape(-1, whitened.shape[-1]))
        return np.asarray(_locate_all(self.whitening, jnp.asarray(self.position), flat)).reshape(whitened.shape)


@jax.jit
def _locate_all(
    whitening: Whitening, position: Flat, whitened: Float[Array, "num_draws num_dimensions"]
) -> Float[Array, "num_draws num_dimensions"]:
    return jax.lax.map(lambda each: position + whitening(each), whitened, batch_size=100)


def blank(num_dimensions: int, num_starts: int = 1) -> Mode:
    """A mode in so many dimensions, found from so many starts, of which nothing but its shape is known."""
    zeros, size = jnp.zeros(num_dimensions), (num_dimensions, num_dimensions)
    if num_dimensions > MOST_DENSE:
        whitening: Whitening = Leading(zeros, jnp.zeros((num_dimensions, NUM_LEADING)), jnp.zeros(NUM_LEADING))
    else:
        whitening = Dense(jnp.zeros(size))
    ends = np.zeros((num_starts, num_dimensions), zeros.dtype)
    return Mode(np.asarray(zeros), 0.0, whitening, 0.0, 0.0, ends, np.zeros(num_starts))


def kept_mode(target: Density, progress: Progress, checkpoint: Checkpoint) -> Mode:
    """The mode, from the checkpoint if it was found before."""
    shape = blank(target.num_dimensions, len(target.starts))
    return checkpoint.keep("mode", shape, lambda: find_mode(target, progress))


def num_gradients_of_mode(num_dimensions: int, num_starts: int) -> int:
    """Return about how many gradients the search takes, to foresee how long it lasts."""
    descent = 50 + 2 * num_dimensions if num_dimensions <= MOST_DENSE else 500
    return num_starts * descent + min(4 * num_dimensions, 4 * NUM_LEADING)


def find_mode(target: Density, progress: Progress) -> Mode:
    """Minimise the potential by BFGS from every start; then, from the best end, by Newton's method.

    Newton's method uses the Hessian that whitening needs anyway. The Hessian comes from central differences of the
    implicit gradient, taken again in the coordinates that it whitens until it is the identity there: soft directions
    are then as accurate as stiff ones. Beyond `MOST_DENSE` dimensions only its leading directions are found, relative
    to the prior's curvature.

    Raises:
        InputError: If the density is not finite where the search starts.
    """
    with progress.stage("finding the mode", total=None) as tick:
        ends = np.stack([_descend(target, start, tick) for start in target.starts])
    end_potentials = np.array([float(target.value_and_grad(jnp.asarray(end))[0]) for end in ends])
    position = ends[int(end_potentials.argmin())]
    if target.num_dimensions > MOST_DENSE:
        return _find_among_many(target, position, progress, ends, end_potentials)

    def evaluate(flat: np.ndarray) -> tuple[float]:
        return (-float(target.value_and_grad(jnp.asarray(flat))[0]),)

    factor, step = np.eye(target.num_dimensions), 1e-4
    for _ in range(8):
        potential, gradient = map(np.asarray, target.value_and_grad(jnp.asarray(position)))
        hessian = _hessian(target, position, factor, step, progress)
        if not (np.isfinite(hessian).all() and hessian.any()):  # as float32 can have it: no curvature is known
            decrement, curvature = np.inf, np.array([-np.inf])
            break
        curvature, directions = np.linalg.eigh(hessian)
        stiff = np.maximum(np.abs(curvature), 1e-9 * np.abs(curvature).max())
        factor, step = factor @ directions / np.sqrt(stiff), 1e-2
        newton = factor.T @ gradient
        decrement = float(newton @ newton / 2)
        if decrement < SETTLED and np.abs(curvature - 1).max() < MAX_ROUNDNESS_ERROR:
            break
        if decrement >= SETTLED:
            ahead = backtrack(evaluate, (-float(potential),), position, -factor @ newton, max_halvings=11)
            position = ahead[0] if ahead else position
    whitening, lowest = Dense(jnp.asarray(_triangular(factor))), float(curvature.min())
    mode = Mode(position, float(potential), whitening, decrement, lowest, ends, end_potentials)
    return _apart_from_names(target, mode) if isinstance(target, Predicting) and mode.found else mode


def _apart_from_names(target: Predicting, mode: Mode) -> Mode:
    """The mode, with ends that differ from it in names alone put where it is.

    Their predictions then differ by less than a posterior standard deviation, root mean square over predictions.
    """
    if len(mode.ends) == 1 or (here := target.predictions(mode.position)) is None:
        return mode
    drawn = mode.locate_all(np.random.default_rng(0).normal(size=(NUM_COMPARED, len(mode.position))))
    spread = np.nanstd([np.asarray(target.predictions(each)) for each in drawn], axis=0) + TINY
    away = [np.sqrt(np.mean(((np.asarray(target.predictions(end)) - here) / spread) ** 2)) for end in mode.ends]
    same = np.array(away)[:, None] < 1
    return replace(mode, ends=np.where(same, mode.position, mode.ends))


def _triangular(factor: np.ndarray) -> np.ndarray:
    """The lower triangular L of the same L Lᵀ: of all that are alike up to a rotation, the one that rounding keeps.

    Whitened Hessians are near the identity, whose eigenvectors are anything.
    """
    upper = np.linalg.qr(factor.T, mode="r")
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    return upper.T * signs


def _find_among_many(
    target: Density, position: np.ndarray, progress: Progress, ends: np.ndarray, end_potentials: np.ndarray
) -> Mode:
    """Whiten the leading directions where the descent ended, and descend again in these coordinates."""
    whitening, lowest = _leading(target, position, progress)
    transpose = jax.linear_transpose(whitening, jnp.asarray(position))
    origin = position

    def objective(whitened: np.ndarray) -> tuple[float, np.ndarray]:
        potential, gradient = target.value_and_grad(jnp.asarray(origin) + whitening(jnp.asarray(whitened)))
        slope = np.asarray(transpose(gradient)[0])
        if not np.isfinite(potential) or not np.isfinite(slope).all():
            return 1e300, np.zeros_like(whitened)
        return float(potential), slope

    with progress.stage("finding the mode", total=None):
        result = scipy.optimize.minimize(
            objective, np.zeros(len(origin)), jac=True, method="L-BFGS-B", options={"maxcor": 30, "ftol": 1e-13}
        )
    return Mode(
        position=origin + np.asarray(whitening(jnp.asarray(result.x))),
        potential=float(result.fun),
        whitening=whitening,
        decrement=float(result.jac @ result.jac / 2),
        lowest_curvature=lowest,
        ends=ends,
        end_potentials=end_potentials,
    )


def _leading(target: Density, position: np.ndarray, progress: Progress) -> tuple[Leading, float]:
    """Lanczos on the Hessian, scaled by the prior's curvature; and the smallest eigenvalue that was found.

    Where a product with the Hessian is not finite, or Lanczos fails, no curvature is known: prior widths, and −∞.
    """
    size = len(position)
    stiff = np.abs(np.asarray(target.prior_curvature(jnp.asarray(position))))
    stiff = np.maximum(stiff, 1e-3 * stiff.max()) if np.isfinite(stiff).all() and stiff.any() else np.ones(size)
    width, step = 1 / np.sqrt(stiff), 1e-3
    nothing = Leading(jnp.asarray(width), jnp.zeros((size, NUM_LEADING)), jnp.zeros(NUM_LEADING))

    def product(direction: np.ndarray) -> np.ndarray:
        moves = (step * width * direction.ravel(), -step * width * direction.ravel())
        ahead, behind = map_threads(lambda move: target.value_and_grad(jnp.asarray(position + move))[1], moves)
        tick()
        moved = width * (np.asarray(ahead) - np.asarray(behind)) / (2 * step)
        if not np.isfinite(moved).all():
            raise FloatingPointError
        return moved

    start = np.random.default_rng(0).normal(size=size)
    with progress.stage("curvature at the mode", total=None) as tick:
        hessian = scipy.sparse.linalg.LinearOperator((size, size), product, dtype=float)
        try:
            values, vectors = scipy.sparse.linalg.eigsh(hessian, NUM_LEADING, which="LA", v0=start, tol=1e-2)
        except (FloatingPointError, scipy.sparse.linalg.ArpackError):
            return nothing, -np.inf
    sizes = np.abs(values)
    gain = 1 / np.sqrt(np.maximum(sizes, 1e-9 * sizes.max())) - 1
    return Leading(jnp.asarray(width), jnp.asarray(vectors), jnp.asarray(gain)), float(values.min())


def _descend(target: Density, start: np.ndarray, tick) -> np.ndarray:
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
            "Check its priors against the data: one observation that the model calls impossible is enough.",
        )
    many = target.num_dimensions > 300
    value = np.inf
    while True:  # a step into what cannot be solved ends a descent, converged or not: another begins where it stopped
        result = scipy.optimize.minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B" if many else "BFGS",
            options={"maxiter": 2000, "maxcor": 30, "ftol": 1e-12} if many else {"maxiter": 1000, "gtol": 1e-2},
        )
        if not many or value - result.fun < SETTLED:
            return result.x
        start, value = result.x, result.fun


def _hessian(target: Density, position: np.ndarray, factor: np.ndarray, step: float, progress: Progress) -> np.ndarray:
    """Hessian of the potential in whitened coordinates, position + factor @ z, at z = 0."""

    def column(axis: int) -> np.ndarray:
        ahead, behind = (
            target.value_and_grad(jnp.asarray(position + sign * step * factor[:, axis]))[1] for sign in (1, -1)
        )
        tick()
        return (np.asarray(ahead) - np.asarray(behind)) @ factor / (2 * step)

    with progress.stage("curvature at the mode", total=len(position)) as tick:
        hessian = np.stack(map_threads(column, range(len(position))))
    return (hessian + hessian.T) / 2
