"""The method for populations: a peak, and a spread that is right where the objective is no likelihood."""

from dataclasses import dataclass

from bayes_irl._checks import count


@dataclass(frozen=True)
class Sandwich:
    """A Normal at the peak with the sandwich covariance H⁻¹ (G + H_prior) H⁻¹.

    H is the curvature at the peak, G the covariance of the scores of independent clusters: trials, or where there are
    fewer than 20 of them stretches of time. Snapshots that follow each other, and neurons that are counted in each
    other's contexts, make the objective more curved than the recording is informative; G is not deceived by that.
    Spreads of the prior are held at their estimates.

    Attributes:
        num_draws: draws that are kept. In many dimensions each costs a linear system, and its size in memory.

    Source:
        White 1982, doi:10.2307/1912526; for composite likelihoods Varin, Reid & Firth 2011, Statistica Sinica 21.
    """

    num_draws: int = 100

    def __post_init__(self) -> None:
        """Refuse sizes that are none."""
        count("num_draws", self.num_draws, least=2)
