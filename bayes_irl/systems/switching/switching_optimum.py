"""Optimal answers in every hidden context."""

from typing import Any

from jaxtyping import Array, Float

from bayes_irl._types import Baseline
from bayes_irl.systems.base import BaselineKind, System
from bayes_irl.systems.optimum import Optimum


class SwitchingOptimum(Optimum):
    """Optimal answers in every hidden context; its attributes are those of every `Optimum`.

    Its stimuli are pairs of a context and a seen stimulus, those of the first context first.

    Attributes:
        owner: The system that answers.
        switching: S[z, z′] `[num_contexts, num_contexts]`.
    """

    owner: Any = None
    switching: Float[Array, "num_contexts num_contexts"] | None = None

    @property
    def system(self) -> System:
        """The system that answers."""
        assert isinstance(self.owner, System)
        return self.owner

    def mean_baseline(self, kind: BaselineKind) -> Baseline:
        """The mean of these answers."""
        mean: Baseline = self.owner.mean_baseline(self, kind)
        return mean

    @property
    def frozen(self) -> str:
        """Not looked for."""
        return ""
