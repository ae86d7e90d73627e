"""The log likelihood of answers whose log-odds are linear in the value's parameters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

Parameters = Float[np.ndarray, " num_parameters"]


@dataclass(frozen=True)
class Rows:
    """Contexts that depend on the same few parameters.

    Attributes:
        columns: Numbers of these parameters.
        design: Returns X, the features of every context: made anew each time, because it can be large.
        offsets: Log-odds of the default answers.
        weights: How often each context counts.
    """

    columns: Int[np.ndarray, " num_columns"]
    design: Callable[[], Float[np.ndarray, "num_rows num_columns"]]
    offsets: Float[np.ndarray, " num_rows"]
    weights: Float[np.ndarray, " num_rows"]


@dataclass(frozen=True)
class LogisticRows:
    """ℓ(w) = c · w − Σ_r n_r [log(1 + exp(o_r + X_r · w)) − log(1 + exp o_r)], which is concave in w.

    With c = Σ_r k_r X_r it is the log likelihood of k_r answers 1 among n_r, minus that of the default answers.

    Attributes:
        linear: c.
        rows: The contexts.
    """

    linear: Parameters
    rows: Sequence[Rows]

    def __call__(
        self, parameters: Parameters
    ) -> tuple[float, Parameters, Float[np.ndarray, "num_parameters num_parameters"]]:
        """ℓ, its gradient, and minus its Hessian."""
        value, slope = float(self.linear @ parameters), self.linear.copy()
        curvature = np.zeros((len(parameters), len(parameters)))
        for each in self.rows:
            design = each.design()
            odds = each.offsets + design @ parameters[each.columns]
            chance = expit(odds)
            value -= float(each.weights @ (np.logaddexp(0, odds) - np.logaddexp(0, each.offsets)))
            slope[each.columns] -= (each.weights * chance) @ design
            design *= np.sqrt(each.weights * chance * (1 - chance))[:, None]
            curvature[np.ix_(each.columns, each.columns)] += design.T @ design
        return value, slope, curvature


@dataclass(frozen=True)
class Calibrated:
    """A composite log likelihood, made as curved as it is informative: ℓ(ŵ + C (w − ŵ)), with diagonal C.

    Its mode ŵ stays, and its curvature H becomes C H C. C² is H over the variance of scores, so that errors are as
    large as intervals say.

    Attributes:
        rows: ℓ.
        centre: ŵ.
        scale: The diagonal of C.

    Source:
        Chandler & Bate 2007, doi:10.1093/biomet/asm015.
    """

    rows: LogisticRows
    centre: Parameters
    scale: Parameters

    def __call__(
        self, parameters: Parameters
    ) -> tuple[float, Parameters, Float[np.ndarray, "num_parameters num_parameters"]]:
        """Its value, its gradient, and minus its Hessian."""
        value, slope, curvature = self.rows(self.centre + self.scale * (parameters - self.centre))
        return value, self.scale * slope, self.scale[:, None] * curvature * self.scale[None]
