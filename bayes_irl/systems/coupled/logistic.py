"""Couplings estimated from a recording without any reward: one logistic regression per neuron."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from bayes_irl.recordings import Updates
from bayes_irl.solvers.newton import Proposal, newton
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.coupled.couplings import num_parameters, unpack

PRIOR_WIDTH = 10.0  # standard deviation of the prior of every coupling and field, in log-odds
SMALLEST_GAIN = 1e-10  # of log posterior, in nats: there the fit has settled


@dataclass(frozen=True, eq=False)
class CouplingFit:
    """Counts of answers, as a logistic regression on couplings and fields θ: num_spikes ~ Binomial(sigmoid(X θ)).

    Attributes:
        design: X `[num_contexts, num_parameters]`.
        num_spikes: `[num_contexts]`.
        num_updates: `[num_contexts]`.
        parameters: θ̂, the mode under Normal(0, 10) `[num_parameters]`.
    """

    design: Float[np.ndarray, "num_contexts num_parameters"]
    num_spikes: Int[np.ndarray, " num_contexts"]
    num_updates: Int[np.ndarray, " num_contexts"]
    parameters: Float[np.ndarray, " num_parameters"]

    def log_likelihood(self, parameters: Float[np.ndarray, " num_parameters"]) -> float:
        """Log probability of the answers, without the binomial coefficients."""
        log_odds = self.design @ parameters
        return float(self.num_spikes @ log_odds - self.num_updates @ np.logaddexp(0, log_odds))

    def log_posterior(self, parameters: Float[np.ndarray, " num_parameters"]) -> float:
        """The same with the weak prior."""
        return self.log_likelihood(parameters) - float(parameters @ parameters) / (2 * PRIOR_WIDTH**2)

    def information(
        self, parameters: Float[np.ndarray, " num_parameters"]
    ) -> Float[np.ndarray, "num_parameters num_parameters"]:
        """Fisher information of the whole recording about θ, Σ N π (1 − π) X Xᵀ over contexts."""
        spike = expit(self.design @ parameters)
        return (self.design.T * (self.num_updates * spike * (1 - spike))) @ self.design

    def precision(self) -> Float[np.ndarray, "num_parameters num_parameters"]:
        """Inverse covariance of the posterior of θ, about Normal."""
        return self.information(self.parameters) + np.eye(len(self.parameters)) / PRIOR_WIDTH**2

    @property
    def num_directions(self) -> float:
        """How many combinations of couplings the recording fixes: tr F (F + prior)⁻¹."""
        return float(np.trace(np.linalg.solve(self.precision(), self.information(self.parameters))))

    def draw(self, num_draws: int, rng: np.random.Generator) -> Float[np.ndarray, "num_draws num_parameters"]:
        """Draw couplings from their posterior."""
        factor = np.linalg.cholesky(self.precision())
        noise = rng.normal(size=(len(self.parameters), num_draws))
        return self.parameters + np.linalg.solve(factor.T, noise).T


def fit_couplings(circuit: Wiring, counts: Updates) -> CouplingFit:
    """Fit couplings and fields to counts of answers by Newton's method; the problem is concave."""
    chosen = circuit.free[counts.neuron]
    where = counts.neuron[chosen], counts.stimulus[chosen], counts.pattern[chosen]
    size = num_parameters(circuit)
    design = np.asarray(jax.jacfwd(lambda flat: unpack(circuit, flat).logits(circuit)[where])(jnp.zeros(size)))
    fit = CouplingFit(design, counts.num_spikes[chosen], counts.num_updates[chosen], np.zeros(size))

    def evaluate(parameters: np.ndarray) -> tuple[float, CouplingFit]:
        at = dataclasses.replace(fit, parameters=parameters)
        return at.log_posterior(parameters), at

    def propose(parameters: np.ndarray, here: tuple[Any, ...]) -> Proposal:
        surprise = fit.num_spikes - fit.num_updates * expit(design @ parameters)
        slope = design.T @ surprise - parameters / PRIOR_WIDTH**2
        step = np.linalg.solve(here[1].precision(), slope)
        return Proposal(step, slope @ step)

    return newton(evaluate, propose, fit.parameters, tolerance=SMALLEST_GAIN).evaluation[1]
