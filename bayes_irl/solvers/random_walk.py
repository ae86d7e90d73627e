"""Parameters that walk at random from session to session: the mode, evidence and draws of their paths.

    w_1 ~ Normal(μ, Λ⁻¹),    w_{d+1} = w_d + ε_d,    ε_d ~ Normal(0, R_d⁻¹), R_d diagonal.

Each session has a concave log likelihood of its own parameters, so the log posterior of the path is concave, and its
curvature K is block-tridiagonal. Everything here takes time linear in the number of sessions. All arrays are NumPy's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.linalg import cholesky
from scipy.linalg.lapack import dlauum, dtrtri

from bayes_irl.solvers.newton import Evaluation, Proposal, newton

TOLERANCE = 1e-7  # nats, of what Newton's method leaves to be gained
MAX_STEPS = 100

Path = Float[np.ndarray, "num_sessions num_parameters"]
Blocks = Float[np.ndarray, "num_sessions num_parameters num_parameters"]
Paths = Float[np.ndarray, "num_sessions num_parameters num_paths"]


@dataclass(frozen=True)
class RandomWalk:
    """The prior of a path.

    Attributes:
        mean: μ.
        precision: Λ.
        step_precision: The diagonal of R_d, one row for each step.
    """

    mean: Float[np.ndarray, " num_parameters"]
    precision: Float[np.ndarray, "num_parameters num_parameters"]
    step_precision: Float[np.ndarray, "num_steps num_parameters"]

    @property
    def log_determinant(self) -> float:
        """Of the path's prior precision."""
        return float(np.linalg.slogdet(self.precision)[1] + np.log(self.step_precision).sum())

    def slope(self, path: Path) -> Path:
        """Gradient of the log prior."""
        pulled = self.step_precision * np.diff(path, axis=0)
        found = np.zeros_like(path)
        found[0] = self.precision @ (self.mean - path[0])
        found[:-1] += pulled
        found[1:] -= pulled
        return found

    def log_density(self, path: Path) -> float:
        """Log prior, without its constant and half its log-determinant."""
        first = path[0] - self.mean
        return float(-0.5 * (first @ self.precision @ first + (self.step_precision * np.diff(path, axis=0) ** 2).sum()))

    def posterior(self, curvatures: Blocks) -> "PathPrecision":
        """K, where sessions have these curvatures."""
        diagonal = curvatures.copy()
        diagonal[0] += self.precision
        every = np.arange(len(self.mean))
        diagonal[:-1, every, every] += self.step_precision
        diagonal[1:, every, every] += self.step_precision
        return PathPrecision.of(diagonal, self.step_precision)


@dataclass(frozen=True)
class PathPrecision:
    """A block-tridiagonal K = L Lᵀ with minus R_d beside its diagonal.

    Attributes:
        inverses: L_d⁻¹ of the diagonal blocks of L, lower triangular. The blocks below them are −R_d L_d⁻ᵀ.
        step_precision: The diagonal of R_d.
        log_determinant: log |K|.
    """

    inverses: Blocks
    step_precision: Float[np.ndarray, "num_steps num_parameters"]
    log_determinant: float

    @classmethod
    def of(cls, diagonal: Blocks, step_precision: Float[np.ndarray, "num_steps num_parameters"]) -> "PathPrecision":
        """Factorise the matrix with these diagonal blocks, and minus R_d beside them."""
        inverses, log_determinant, block = np.zeros_like(diagonal), 0.0, diagonal[0]
        for d in range(len(diagonal)):
            factor = cholesky(block, lower=True, check_finite=False)
            log_determinant += 2 * float(np.log(np.diag(factor)).sum())
            inverses[d] = dtrtri(factor, lower=1)[0]
            if d < len(step_precision):
                pull = step_precision[d]
                block = diagonal[d + 1] - pull[:, None] * _gram(inverses[d]) * pull[None]
        return cls(inverses, step_precision, log_determinant)

    def solve(self, targets: Path) -> Path:
        """K⁻¹ times a path."""
        return self.solve_all(targets[..., None])[..., 0]

    def solve_all(self, targets: Paths) -> Paths:
        """K⁻¹ times many paths."""
        found, carried = np.zeros_like(targets), targets[0]
        for d, inverse in enumerate(self.inverses):
            found[d] = inverse @ carried
            if d < len(self.step_precision):
                carried = targets[d + 1] + self.step_precision[d][:, None] * (inverse.T @ found[d])
        return self.unwhiten(found)

    def unwhiten(self, whitened: Paths) -> Paths:
        """L⁻ᵀ times many paths: draws of Normal(0, K⁻¹), from independent ones of Normal(0, 1)."""
        found = np.zeros_like(whitened)
        for d in reversed(range(len(self.inverses))):
            carried = whitened[d]
            if d < len(self.step_precision):
                carried = carried + self.inverses[d] @ (self.step_precision[d][:, None] * found[d + 1])
            found[d] = self.inverses[d].T @ carried
        return found

    def deviations(self) -> Path:
        """Marginal standard deviations: roots of the diagonal of K⁻¹."""
        found, ahead = np.zeros(self.inverses.shape[:2]), np.zeros(self.inverses.shape[1:])
        for d in reversed(range(len(self.inverses))):
            block = _gram(self.inverses[d])
            if d < len(self.step_precision):
                tie = block * self.step_precision[d][None]
                block = block + tie @ ahead @ tie.T
            ahead, found[d] = block, np.sqrt(np.diag(block))
        return found


def _gram(inverse: Float[np.ndarray, "size size"]) -> Float[np.ndarray, "size size"]:
    """L⁻ᵀ L⁻¹, of a lower triangular L⁻¹."""
    lower = dlauum(inverse, lower=1)[0]
    return np.tril(lower) + np.tril(lower, -1).T


@dataclass(frozen=True)
class Expansion:
    """The log likelihoods of all sessions, to second order about a path.

    Attributes:
        path: Where.
        values: There.
        slopes: Gradients.
        curvatures: Minus the Hessians.
    """

    path: Path
    values: Float[np.ndarray, " num_sessions"]
    slopes: Path
    curvatures: Blocks

    @classmethod
    def of(cls, sessions: Sequence["Likelihood"], path: Path) -> "Expansion":
        """Expand about a path."""
        found = [session(parameters) for session, parameters in zip(sessions, path, strict=True)]
        return cls(path, *(np.array(part) for part in zip(*found, strict=True)))

    def posterior(self, walk: RandomWalk) -> tuple[Path, PathPrecision, float]:
        """Mean and precision of the path, and the log evidence, as if this were the whole log likelihood.

        About the posterior's own mode this is Laplace's approximation.
        """
        precision = walk.posterior(self.curvatures)
        slope = self.slopes + walk.slope(self.path)
        step = precision.solve(slope)
        there = self.values.sum() + walk.log_density(self.path)
        log_evidence = there + 0.5 * ((slope * step).sum() + walk.log_determinant - precision.log_determinant)
        return self.path + step, precision, float(log_evidence)


# A session: from its parameters to its log likelihood, gradient and minus the Hessian.
Likelihood = Callable[
    [Float[np.ndarray, " num_parameters"]],
    tuple[float, Float[np.ndarray, " num_parameters"], Float[np.ndarray, "num_parameters num_parameters"]],
]


def find_path(
    sessions: Sequence[Likelihood], walk: RandomWalk, start: Expansion, max_steps: int = MAX_STEPS
) -> tuple[Expansion, bool]:
    """Climb to the most probable path by Newton's method; return the expansion about it, and whether it settled.

    Args:
        sessions: Log likelihoods, concave.
        walk: The prior.
        start: The expansion about the path to begin with.
        max_steps: The climb ends after so many steps.

    >>> def session(w):  # a Normal observation at 1, of variance 1
    ...     return float(-0.5 * ((w - 1) ** 2).sum()), 1 - w, np.eye(1)
    >>> walk, sessions = RandomWalk(np.zeros(1), np.eye(1), np.ones((1, 1))), [session, session]
    >>> about, settled = find_path(sessions, walk, Expansion.of(sessions, np.zeros((2, 1))))
    >>> about.path[:, 0].round(9).tolist(), settled
    ([0.6, 0.8], True)
    """

    def evaluate(path: Path) -> Evaluation:
        about = start if path is start.path else Expansion.of(sessions, path)
        return float(about.values.sum() + walk.log_density(path)), about

    def propose(path: Path, here: Evaluation) -> Proposal:
        about: Expansion = here[1]
        slope = about.slopes + walk.slope(path)
        step = walk.posterior(about.curvatures).solve(slope)
        return Proposal(step, float((slope * step).sum()))

    found = newton(evaluate, propose, start.path, tolerance=TOLERANCE, max_steps=max_steps)
    return found.evaluation[1], found.settled
