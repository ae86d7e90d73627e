"""The interface of a method, a way to draw from a posterior. Write your own as a class with these two members."""

from typing import Protocol, runtime_checkable

from jaxtyping import PRNGKeyArray

from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint
from bayes_irl.inference.density import Density
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.progress import Progress


@runtime_checkable
class Method(Protocol):
    """A way to draw from a posterior."""

    @property
    def by_scores(self) -> bool:
        """Whether it needs scores of the recording instead of a likelihood."""
        ...

    def run(self, target: Density, key: PRNGKeyArray, progress: Progress, checkpoint: Checkpoint = NOWHERE) -> Draws:
        """Draw unconstrained latent vectors, with statistics and checks; store slow results in the checkpoint."""
        ...
