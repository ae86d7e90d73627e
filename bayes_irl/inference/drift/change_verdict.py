"""Did the reward change? The evidence for a drift against a constant reward, in words."""

from enum import StrEnum

import numpy as np
import xarray as xr

STRONG = np.log(10.0)  # nats of evidence from which one of both is called the answer


class Changed(StrEnum):
    """The answer."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"

    @classmethod
    def of(cls, log_evidence_ratio: float) -> "Changed":
        """Yes or no where one is ten times as probable as the other, if both were as probable before."""
        if abs(log_evidence_ratio) < STRONG:
            return cls.UNDECIDED
        return cls.YES if log_evidence_ratio > 0 else cls.NO


def in_words(log_evidence_ratio: float, whole_change: xr.DataArray) -> str:
    """Two sentences: whether the reward changed, and by how much.

    Args:
        log_evidence_ratio: log p(recordings | drift) − log p(recordings | constant reward).
        whole_change: τ times the root of all days, per draw and group.
    """
    ratio = f"log evidence ratio {log_evidence_ratio:+.1f}"
    said = {
        Changed.YES: f"The reward changed from session to session ({ratio} for a drift).",
        Changed.NO: f"There is no evidence that the reward changed ({ratio} for a drift: a constant reward is more "
        "probable).",
        Changed.UNDECIDED: f"Whether the reward changed is undecided ({ratio} for a drift).",
    }[Changed.of(log_evidence_ratio)]
    low, middle, high = np.quantile(whole_change.values.reshape(-1, whole_change.shape[-1]), [0.05, 0.5, 0.95], axis=0)
    groups = ", ".join(
        f"{name} {at:.2g} nats ({below:.2g} to {above:.2g})"
        for name, below, at, above in zip(whole_change["group"].values, low, middle, high, strict=True)
    )
    return f"{said} Typical change of a parameter from the first session to the last: {groups}."
