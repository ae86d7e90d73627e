"""The optimum of pairwise-coupled answers as a function of the reward, close to couplings that are known."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from bayes_irl._types import Baseline, Occupancy, Reward, Scalar
from bayes_irl.solvers.costs import expected_cost
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.coupled.couplings import Parameters, unpack

MAX_CURVATURE = 1e-8  # curvature of L/λ that rounding may make of a flat direction
RIDGE = 1e-10  # subtracted from the curvature of L/λ: couplings that no visited context feels stay where they are


class NearbyOptimum(eqx.Module):
    """θ*(r) = θ₀ − H(r)⁻¹ g(r): one Newton step from couplings θ₀ to where the gradient of L vanishes.

    Occupancies do not depend on the reward, given the answers, so gradient and Hessian of L at θ₀ are linear in it:

        g_k(r) = Σ r ∂ρ/∂θ_k − ∂C/∂θ_k,    H_kl(r) = Σ r ∂²ρ/∂θ_k∂θ_l − ∂²C/∂θ_k∂θ_l.

    That is an optimum where H(r) is negative: the step then leads to the maximum of L near θ₀, to second order.
    For other rewards it leads to a saddle, and no couplings near θ₀ are the best.

    Attributes:
        parameters: θ₀ `[num_parameters]`.
        reward_slopes: ∂ρ/∂θ `[num_parameters, num_stimuli, num_patterns]`.
        cost_slopes: ∂C/∂θ, of the mean coding cost in nats per update `[num_parameters]`.
        reward_bends: ∂²ρ/∂θ∂θ `[num_parameters, num_parameters, num_stimuli, num_patterns]`.
        cost_bends: ∂²C/∂θ∂θ `[num_parameters, num_parameters]`.
    """

    parameters: Parameters
    reward_slopes: Float[Array, "num_parameters num_stimuli num_patterns"]
    cost_slopes: Parameters
    reward_bends: Float[Array, "num_parameters num_parameters num_stimuli num_patterns"]
    cost_bends: Float[Array, "num_parameters num_parameters"]

    def gradient(self, reward: Reward) -> Parameters:
        """∂(L/λ)/∂θ at θ₀ for a reward r/λ."""
        return jnp.tensordot(self.reward_slopes, reward, 2) - self.cost_slopes

    def hessian(self, reward: Reward) -> Float[Array, "num_parameters num_parameters"]:
        """∂²(L/λ)/∂θ∂θ at θ₀ for a reward r/λ."""
        return jnp.tensordot(self.reward_bends, reward, 2) - self.cost_bends

    def optimum(self, reward: Reward) -> tuple[Parameters, Scalar]:
        """θ*(r), NaN if it is no maximum; and the largest violation of the linearised condition, in units of λ."""
        gradient, size = self.gradient(reward), len(self.parameters)
        unit = jnp.eye(size, dtype=gradient.dtype)
        hessian = self.hessian(reward) - RIDGE * unit
        step = -jnp.linalg.solve(hessian, gradient)
        maximum = jnp.isfinite(jnp.linalg.cholesky(MAX_CURVATURE * unit - hessian)).all()
        optimum = jnp.where(maximum, self.parameters + step, jnp.nan)
        return optimum, jnp.abs(hessian @ step + gradient).max()


@eqx.filter_jit
def expand(circuit: Wiring, baseline: Baseline, parameters: Parameters) -> NearbyOptimum:
    """Differentiate occupancies and cost twice at θ₀, exactly, for a given baseline.

    Takes 8 · num_parameters² · num_stimuli · num_patterns bytes: 2 MB for 6 neurons and 2 stimuli, 200 MB for 10.
    """
    defaults = circuit.default_actions(baseline)

    def spend(flat: Parameters) -> tuple[Occupancy, Scalar]:
        couplings = unpack(circuit, flat)
        occupancy = couplings.occupancy(circuit)
        return occupancy, (occupancy * expected_cost(circuit, couplings.policy(circuit), defaults)).sum()

    def slopes(flat: Parameters) -> tuple[Array, Array]:
        """Derivatives of occupancy and cost, parameters first."""
        by_occupancy, by_cost = jax.jacfwd(spend)(flat)
        return jnp.moveaxis(by_occupancy, -1, 0), by_cost

    def along(direction: Parameters) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        return jax.jvp(slopes, (parameters,), (direction,))

    # One direction at a time: all at once would hold every Krylov vector of num_parameters² solves.
    first, second = jax.lax.map(along, jnp.eye(len(parameters), dtype=parameters.dtype))
    return NearbyOptimum(parameters, first[0][0], first[1][0], *second)
