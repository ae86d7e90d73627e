"""What each step of a recording adds to its prediction from the steps before, and what it must not depend on."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import block_diag

from bayes_irl.misfit.finding import ChiSquare


@dataclass(frozen=True)
class Innovations:
    """Features of every step, less their mean given all steps before.

    If the model is right, e_t has mean zero and covariance C_t given the past, so for anything u_t that is known before
    step t, s = Σ_t u_t ⊗ e_t has mean zero and covariance V = Σ_t (u_t u_tᵀ) ⊗ C_t: a sum of martingale differences.

    Attributes:
        left: e_t.
        covariance: C_t.
    """

    left: Float[np.ndarray, "num_steps num_features"]
    covariance: Float[np.ndarray, "num_steps num_features num_features"]

    @property
    def weight(self) -> float:
        """Σ_t tr C_t."""
        return float(np.einsum("tii->", self.covariance))

    def against(self, known: Float[np.ndarray, "num_steps num_known"]) -> ChiSquare:
        """Whether steps depend on what was known before them.

        Args:
            known: u_t.

        >>> rng = np.random.default_rng(0)
        >>> spike = (rng.random((1000, 1)) < 0.3).astype(float)
        >>> fair = Innovations(spike - 0.3, np.full((1000, 1, 1), 0.21))
        >>> bool(fair.against(rng.normal(size=(1000, 2))).p_value > 0.01), fair.against(spike).p_value < 1e-9
        (True, True)
        """
        size = self.left.shape[1]
        score = np.einsum("tu,tf->uf", known, self.left).reshape(-1)
        products = np.einsum("tu,tv->tuv", known, known).reshape(len(known), -1)
        joint = (products.T @ self.covariance.reshape(len(known), -1)).reshape(
            known.shape[1], known.shape[1], size, size
        )
        return ChiSquare.of(score, joint.transpose(0, 2, 1, 3).reshape(len(score), -1), self.weight)

    def between(self, group: Int[np.ndarray, " num_steps"]) -> tuple[ChiSquare, float]:
        """Whether steps of each group are as they were predicted; and the largest deviation, in standard deviations.

        Args:
            group: A number from 0 on for each step, known before it.
        """
        number = int(group.max()) + 1
        score, variance = np.zeros((number, self.left.shape[1])), np.zeros((number, *self.covariance.shape[1:]))
        np.add.at(score, group, self.left)
        np.add.at(variance, group, self.covariance)
        spread = np.sqrt(np.maximum(np.einsum("gii->gi", variance), 1.0))
        test = ChiSquare.of(score.reshape(-1), block_diag(*variance), self.weight)
        return test, float(np.abs(score / spread).max())
