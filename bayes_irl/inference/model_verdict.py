"""The verdict on the model: accepted, refuted by a small misfit, or refuted by one that matters."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayes_irl.misfit.finding import Finding, Findings

FALSE_ALARM_RATE = 0.05  # of right models, in all checks together
MAX_UNSEEN = 1.0  # nats of log-odds, or relative error: a check that would have missed this has no power
FIELDS = ("p_value", "size", "low", "high", "detectable", "limit", "unit")


class Grade(StrEnum):
    """The outcome of one check of the model."""

    ACCEPTED = "accepted"
    WITHOUT_POWER = "without power"
    SMALL = "refuted, but small"
    MATTERS = "refuted, and it matters"


@dataclass(frozen=True)
class ModelVerdict:
    """The checks of the model, graded.

    Attributes:
        findings: What each check found.
        adjusted: Their p-values, corrected for their number (Holm 1979).
        skipped: What could not be checked, and why.
    """

    findings: tuple[Finding, ...]
    adjusted: Float[np.ndarray, " num_checks"]
    skipped: tuple[str, ...]

    @classmethod
    def of(cls, findings: Findings) -> "ModelVerdict":
        """Grade them."""
        return cls(findings.found, holm([each.p_value for each in findings.found]), findings.skipped)

    @property
    def grades(self) -> list[Grade]:
        """Of each check."""
        return [_grade(each, p) for each, p in zip(self.findings, self.adjusted, strict=True)]

    @property
    def passed(self) -> bool:
        """Whether no misfit matters."""
        return Grade.MATTERS not in self.grades

    @property
    def sentence(self) -> str:
        """The verdict on the model, in words; empty if nothing was checked."""
        if not self.findings:
            return " ".join(self.skipped)
        by_grade = {
            grade: [f for f, g in zip(self.findings, self.grades, strict=True) if g == grade] for grade in Grade
        }
        if bad := by_grade[Grade.MATTERS]:
            return "DO NOT BELIEVE THIS MODEL. " + " ".join(map(self._refuted, _largest_first(bad)))
        if small := by_grade[Grade.SMALL]:
            known = "The model is refuted, but its misfit is smaller than the intervals of its predictions. "
            return known + " ".join(map(self._refuted, _largest_first(small)))
        if not by_grade[Grade.ACCEPTED]:
            return "The model was not tested: no check had enough data to refute it."
        seen = ", ".join(map(_detectable, by_grade[Grade.ACCEPTED]))
        blind = ", ".join(each.name for each in by_grade[Grade.WITHOUT_POWER])
        told = f"None of {len(self.findings)} checks refutes the model. They would have seen {seen}."
        return told + f" The recording is too short to test: {blind}." * bool(blind)

    def sentences(self) -> list[str]:
        """What each check found, in words."""
        return [self._in_words(each, grade) for each, grade in zip(self.findings, self.grades, strict=True)]

    def as_dataset(self) -> xr.Dataset:
        """As stored in a tree: a row per check; attributes `verdict`, `passed` (1 or 0) and `skipped`."""
        columns = {name: ("check", [getattr(each, name) for each in self.findings]) for name in FIELDS}
        words = {"grade": ("check", list(map(str, self.grades))), "sentence": ("check", self.sentences())}
        return xr.Dataset(
            {**columns, "p_value_adjusted": ("check", self.adjusted), **words},
            coords={"check": [each.name for each in self.findings]},
            attrs={"verdict": self.sentence, "passed": int(self.passed), "skipped": " ".join(self.skipped)},
        )

    def _adjusted_of(self, finding: Finding) -> float:
        return float(self.adjusted[self.findings.index(finding)])

    def _refuted(self, finding: Finding) -> str:
        p = self._adjusted_of(finding)
        told = f"{finding.problem} ({'p < 1e-6' if p < 1e-6 else f'p = {p:.2g}'}; {_size(finding)})."
        return f"{told} {finding.advice}"

    def _in_words(self, finding: Finding, grade: Grade) -> str:
        if grade in (Grade.SMALL, Grade.MATTERS):
            return self._refuted(finding)
        would = f"{finding.amount(finding.detectable)} {finding.unit} would have been seen"
        if grade is Grade.WITHOUT_POWER:
            would = "the recording is too short to see even a large one"
        return f"{finding.name.capitalize()}: no misfit (p = {self._adjusted_of(finding):.2g}); {would}."


def holm(p_values: Sequence[float]) -> Float[np.ndarray, " num_checks"]:
    """P-values corrected for their number: with a correct model, one is below α with probability at most α.

    Source:
        Holm 1979, Scandinavian Journal of Statistics 6:65.

    >>> holm([0.01, 0.5, 0.02]).tolist()
    [0.03, 0.5, 0.04]
    """
    p = np.asarray(p_values, float)
    order = np.argsort(p)
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return adjusted


def _grade(finding: Finding, adjusted: float) -> Grade:
    if adjusted > FALSE_ALARM_RATE:
        return Grade.ACCEPTED if finding.detectable < MAX_UNSEEN else Grade.WITHOUT_POWER
    return Grade.SMALL if finding.size < finding.limit else Grade.MATTERS


def _largest_first(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: -each.size / max(each.limit, 1e-9) if each.limit > 0 else -np.inf)


def _detectable(finding: Finding) -> str:
    return f"{finding.amount(finding.detectable)} {finding.unit} ({finding.name})"


def _size(finding: Finding) -> str:
    low, high = finding.amount(finding.low), finding.amount(finding.high)
    interval = "" if finding.low == finding.high else f", 90 % interval {low} to {high}"
    told = f"{finding.amount(finding.size)} {finding.unit}{interval}"
    return f"{told}; matters from {finding.amount(finding.limit)} on" if finding.limit > 0 else told
