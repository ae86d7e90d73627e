"""The Laplace approximation, corrected by importance."""

from dataclasses import asdict, dataclass
from typing import ClassVar

import jax
import numpy as np
from jaxtyping import Array

from bayes_irl._checks import count
from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint
from bayes_irl.inference.density import Density
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.methods.importance import importance, one_mode_check, pareto_check, resample
from bayes_irl.inference.mode import kept_mode
from bayes_irl.inference.progress import Progress
from bayes_irl.systems import Check

MAX_USEFUL_K = 1.0  # Vehtari et al. 2024, section 2: beyond it the mean of the weights is infinite


@dataclass(frozen=True)
class Laplace:
    """A Normal at the posterior mode with the inverse Hessian as covariance, resampled by Pareto-smoothed importance.

    If k̂ is 1 or more, the weights have no finite mean and are useless. The draws are then uncorrected draws of the
    Normal with finite density, and the gate fails.

    Attributes:
        num_draws: Kept draws; twice as many are proposed.
    """

    by_scores: ClassVar[bool] = False

    num_draws: int = 1000

    def __post_init__(self) -> None:
        """Refuse sizes that are none."""
        count("num_draws", self.num_draws, least=100)

    def num_gradients(self) -> int:
        """Return about how many gradients the draws take."""
        return 3 * self.num_draws  # weights of twice as many, and predictions

    def run(self, target: Density, key: Array, progress: Progress, checkpoint: Checkpoint = NOWHERE) -> Draws:
        """Draw from the corrected approximation."""
        mode = kept_mode(target, progress, checkpoint)
        rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
        whitened = rng.normal(size=(2 * self.num_draws, target.num_dimensions))
        positions = mode.locate_all(whitened)
        with progress.stage("weighting draws", total=None):
            weights, shape, known = importance(target, positions, -0.5 * (whitened**2).sum(axis=1))
        if shape < MAX_USEFUL_K:
            kept = resample(weights, self.num_draws, rng)
        else:
            kept = np.resize(np.flatnonzero(weights), self.num_draws)
        effective = 1 / (weights**2).sum()
        checks = (
            Check.at_most(
                "distance from the mode (nats)",
                mode.decrement if mode.lowest_curvature > 0 else np.inf,
                0.01,
                "The mode was found.",
                "The search for the mode did not converge, or the curvature there is unknown: the approximation may "
                "have the wrong centre or width. Use float64, or Nuts.",
            ),
            *one_mode_check(mode),
            *known,
            pareto_check(shape, "Laplace"),
            Check.at_least(
                "importance sample size",
                effective,
                100,
                f"The corrected draws are worth {effective:.0f} independent ones.",
                f"The corrected draws are worth only {effective:.0f} independent ones. Use Nuts, or more draws.",
            ),
        )
        stats = {"importance_weight": weights[kept][None]}
        settings = {"method": "Laplace", **asdict(self)}
        return Draws(positions[kept][None], stats, checks, mode.position, settings, mode)
