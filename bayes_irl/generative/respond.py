"""The likelihood of a reward: the circuit answers optimally, and was recorded doing so."""

import jax.numpy as jnp
import numpyro
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl._types import Reward, Scalar
from bayes_irl.generative.counts import OutcomeCounts
from bayes_irl.recordings import Snapshots
from bayes_irl.rewards import in_gauge
from bayes_irl.solvers.average_reward import solve
from bayes_irl.solvers.stationary import occupancy
from bayes_irl.solvers.world import World
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.coupled.couplings import unpack
from bayes_irl.systems.coupled.nearby import NearbyOptimum
from bayes_irl.systems.likelihood import log_outcomes
from bayes_irl.systems.session import Data, Session


def respond(circuit: World, reward: Reward, recording: Data | None = None) -> Reward:
    """Observe the recorded answers of a circuit that maximises this reward, in a NumPyro model.

    The coding cost is the unit: λ = 1, rewards are in nats per update. For every session the soft Bellman equation is
    solved with its circuit and baseline; the counts are then Multinomial (see `generative.likelihood`).

    Args:
        circuit: the circuit (or maze).
        reward: r/λ `[num_stimuli, num_patterns]`, from the model's latent variables.
        recording: what `infer` passes on to the model; `None` when only the prior is of interest.

    Returns:
        The reward in the gauge of the data: for each stimulus the mean over patterns, weighted by how often they were
        observed, is zero. Summaries of the reward are best taken from it.

    Raises:
        InputError: if the reward has another number of states than the circuit.
    """
    states = (circuit.num_stimuli, circuit.num_patterns)
    if reward.shape != states:
        raise InputError.of("model", f"a reward of shape {states}", f"shape {reward.shape}", "It is not made for this.")
    if recording is None:
        return numpyro.deterministic("reward", reward - reward.mean(axis=1, keepdims=True))
    reward = numpyro.deterministic("reward", in_gauge(reward, recording.weights))
    residuals = []
    for number, session in enumerate(recording.sessions):
        log_probs, residual = (
            _optimal(session, reward)
            if recording.coupled is None
            else _optimal_if_coupled(session, reward, recording.coupled)
        )
        counts = OutcomeCounts(log_probs, session.table.sum(axis=1))
        numpyro.sample(site_name(session.site, number), counts, obs=session.table)
        residuals.append(residual)
    numpyro.deterministic("solver_residual", jnp.stack(residuals).max())
    return reward


def _optimal(session: Session, reward: Reward) -> tuple[Float[Array, "num_rows num_outcomes"], Scalar]:
    """Log probability of outcomes under the optimal answers, and the residual of their solution."""
    defaults = session.world.default_actions(session.baseline)
    solution = solve(session.world, reward, defaults)
    visits = None
    if isinstance(session.counts, Snapshots):  # nothing else asks for it
        visits = occupancy(session.world, defaults, solution.policy, solution.value)
    return log_outcomes(session, solution.policy, visits), solution.residual


def _optimal_if_coupled(
    session: Session, reward: Reward, nearby: NearbyOptimum
) -> tuple[Float[Array, "num_rows num_outcomes"], Scalar]:
    """The same under the best answers with pairwise couplings."""
    assert isinstance(session.world, Circuit)
    parameters, residual = nearby.optimum(reward)
    return log_outcomes(session, unpack(session.world, parameters).policy(session.world), None), residual


def site_name(site: str, number: int) -> str:
    """Observed sites of the second and later recordings carry their number."""
    return site if number == 0 else f"{site}_{number + 1}"
