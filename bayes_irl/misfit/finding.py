"""The outcome of a check of the model: p-value, size, and the smallest misfit that it would have detected."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2

POWER = 0.9  # of the smallest misfit that "would have been seen"
LEVEL_OF_ONE = 0.05 / 8  # of a single check, of about eight
LOW, HIGH = 0.05, 0.95
SMALLEST_SHARE = 1e-9  # of the largest eigenvalue: directions with less have no variance
LEAST_VARIANCE = 9.0  # of a score along a direction that is tested
MIN_NONCENTRALITY = 1e4  # noncentrality above which its square root is about Normal(·, 1)


@dataclass(frozen=True)
class Finding:
    """One check of the model against its recording.

    Attributes:
        name: Name of the check.
        p_value: p-value of the statistic under the model.
        size: Estimated size of the misfit, without the part that is noise.
        low: Lower end of its 90 % interval.
        high: Upper end of its 90 % interval.
        unit: Unit of the size; shares begin with "%".
        detectable: The size that would have been found in 90 % of recordings like this one.
        limit: A misfit up to this size changes predictions by less than their own 90 % intervals; NaN: any size
            matters.
        problem: What is wrong if the model is refuted, without a full stop.
        advice: What to do in that case, one sentence.
    """

    name: str
    p_value: float
    size: float
    low: float
    high: float
    unit: str
    detectable: float
    limit: float
    problem: str
    advice: str

    def amount(self, size: float) -> str:
        """A size as a number in words."""
        return f"{100 * size:.2g}" if self.unit.startswith("%") else f"{size:.2g}"


@dataclass(frozen=True)
class Findings:
    """All checks of the model against one recording.

    Attributes:
        found: The outcome of each check.
        skipped: One sentence for each check that could not be made, and why.
    """

    found: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()


def in_all_recordings(each: Sequence[Findings]) -> Findings:
    """The findings of several recordings together, named after their number where there is more than one."""
    if len(each) == 1:
        return each[0]
    named = [
        replace(finding, name=f"{finding.name} ({number})", problem=f"Recording {number}: {finding.problem}")
        for number, findings in enumerate(each, 1)
        for finding in findings.found
    ]
    skipped = dict.fromkeys(sentence for findings in each for sentence in findings.skipped)
    return Findings(tuple(named), tuple(skipped))


@dataclass(frozen=True)
class ChiSquare:
    """A score s with covariance V: Q = sᵀ V⁺ s, which is χ² with rank V degrees of freedom if nothing is wrong.

    A misfit of the log-odds of δᵀ g_t, with g the features that s sums up, makes Q noncentral by Σ_t w_t (δᵀ g_t)²,
    w_t = π (1 − π). So √(noncentrality / Σ_t w_t) is the root mean square of the misfit in nats of log-odds.

    Attributes:
        statistic: Q.
        degrees_of_freedom: Rank of V.
        weight: Σ_t w_t over all answers.
    """

    statistic: float
    degrees_of_freedom: int
    weight: float

    @classmethod
    def of(
        cls,
        score: Float[np.ndarray, " num_features"],
        covariance: Float[np.ndarray, "num_features num_features"],
        weight: float,
    ) -> "ChiSquare":
        """Whiten a score, along directions in which it varies enough to be about Normal.

        A direction with a variance below 9 is that of a log-odds known to a third of a nat at best: it is not tested.

        >>> ChiSquare.of(np.array([6.0, 6.0]), np.full((2, 2), 9.0), 1.0).statistic
        4.0
        """
        values, vectors = np.linalg.eigh(covariance)
        kept = values > max(LEAST_VARIANCE, SMALLEST_SHARE * values.max(initial=0.0))
        along = vectors[:, kept].T @ score
        return cls(float(np.round((along**2 / values[kept]).sum(), 12)), int(kept.sum()), float(weight))

    @property
    def p_value(self) -> float:
        """P(χ² ≥ Q)."""
        return float(chi2.sf(self.statistic, self.degrees_of_freedom)) if self.degrees_of_freedom else 1.0

    @property
    def size(self) -> float:
        """Root mean square misfit of the log-odds, with the part that is noise removed."""
        return self._in_log_odds(max(0.0, self.statistic - self.degrees_of_freedom))

    @property
    def interval(self) -> tuple[float, float]:
        """Its 90 % interval, by inverting the noncentral χ²."""
        return self._bound(HIGH), self._bound(LOW)

    @property
    def detectable(self) -> float:
        """The size that is found with 90 % probability, at the level that a single check has among all."""
        df = self.degrees_of_freedom
        if not df:
            return np.inf
        critical = float(chi2.isf(LEVEL_OF_ONE, df))
        return self._in_log_odds(brentq(lambda nc: ncx2.sf(critical, df, nc) - POWER, 0, 100 + 10 * critical))

    def _bound(self, probability: float) -> float:
        """The noncentrality for which P(χ² ≤ Q) is this, in log-odds."""
        q, df = self.statistic, self.degrees_of_freedom
        if not df or chi2.cdf(q, df) <= probability:
            return 0.0
        if q - df > MIN_NONCENTRALITY:
            sign = 1 if probability == LOW else -1
            return self._in_log_odds((np.sqrt(q - df) + sign * 1.645) ** 2)
        return self._in_log_odds(brentq(lambda nc: ncx2.cdf(q, df, nc) - probability, 0, 10 * q + 100))

    def _in_log_odds(self, noncentrality: float) -> float:
        return float(np.sqrt(noncentrality / self.weight)) if self.weight > 0 else np.inf


def found(
    name: str,
    test: ChiSquare,
    limit: float,
    problem: str,
    advice: str,
    unit: str = "nats of log-odds",
    p_value: float | None = None,
) -> Finding:
    """What a χ² test found; `p_value` where it is not the test's own, but that of the stronger one of two."""
    low, high = test.interval
    p = test.p_value if p_value is None else p_value
    return Finding(name, p, test.size, low, high, unit, test.detectable, limit, problem, advice)


def stronger(first: ChiSquare, second: ChiSquare) -> tuple[ChiSquare, float]:
    """Of two tests the one with the smaller p-value, and the p-value of the smaller one of two, 1 − (1 − p)²."""
    test = min(first, second, key=lambda each: (each.p_value, -each.statistic))
    return test, test.p_value * (2 - test.p_value)
