"""The training loss: REINFORCE with a predicted return as baseline, and the prediction's error."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.lax import stop_gradient
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl.agents.networks import RecurrentNetwork
from bayes_irl.agents.rollout import Rollout, rollout
from bayes_irl.tasks import Task, Trial
from bayes_irl.tasks.trial import WAIT


class LinearValue(eqx.Module):
    """A value that is linear in the decision network's present rates."""

    weights: Float[Array, " num_units"]
    bias: Float[Array, ""]


class Networks(eqx.Module):
    """What is trained.

    Attributes:
        decision: Outputs log-odds of actions.
        value: Predicts the return: a network, or a linear readout of the decision network's rates; None: zero.
        sees_rates: Whether the value network reads the decision network's rates and last action, or its inputs.
    """

    decision: RecurrentNetwork
    value: RecurrentNetwork | LinearValue | None
    sees_rates: bool = eqx.field(static=True, default=True)


def predicted_return(networks: Networks, run: Rollout, key: PRNGKeyArray) -> Float[Array, "num_steps num_trials"]:
    """Return the reward that is expected from each step on, before its action. Only `networks.value` has a gradient."""
    value, rates = networks.value, stop_gradient(run.rates)
    num_steps = run.active.any(axis=1).sum()
    if value is None:
        return jnp.zeros_like(run.reward)
    if isinstance(value, LinearValue):
        return rates @ value.weights + value.bias
    if not networks.sees_rates:
        return value.read(value.rates(run.inputs, num_steps, key))[..., 0]
    last = jax.nn.one_hot(run.last_action, run.log_policy.shape[-1], dtype=rates.dtype)
    return value.read(value.rates(jnp.concatenate([rates, last], axis=-1), num_steps, key))[..., 0]


def answer_entropy(log_policy: Float[Array, "*steps num_actions"]) -> Float[Array, "*steps"]:
    """Return π(not to wait) · entropy of which answer, given that there is one; π(not to wait) has no gradient.

    Summed over a trial it is the expected entropy of the answer, however many steps the trial takes.
    """
    answers = jax.nn.log_softmax(log_policy[..., 1:])
    return stop_gradient(1 - jnp.exp(log_policy[..., WAIT])) * -(jnp.exp(answers) * answers).sum(axis=-1)


def loss(networks: Networks, task: Task, trials: Trial, key: PRNGKeyArray, entropy: float = 0.0) -> Float[Array, ""]:
    """Return a number whose gradient is that of −E[reward] in the decision, and of the prediction's error in the value.

        −(1/N) Σ_trials Σ_t [ (R_t − v_t) log π(a_t) + β H_t ]  +  mean over trials and t of (R_t − v_t)²

    R_t is the reward from t on; R and v are held in the first sum; H_t is `answer_entropy` and β `entropy`. The number
    itself means nothing.

    Source:
        Williams 1992, doi:10.1007/BF00992696; Song, Yang & Wang 2017, doi:10.7554/eLife.21492.
    """
    run_key, value_key = jax.random.split(key)
    run = rollout(task, networks.decision, trials, run_key)
    error = (stop_gradient(run.returns) - predicted_return(networks, run, value_key)) * run.active
    taken = jnp.take_along_axis(run.log_policy, run.action[..., None], axis=-1)[..., 0]
    indecision = entropy * answer_entropy(run.log_policy) * run.active
    policy = -(stop_gradient(error) * taken + indecision).sum() / run.active.shape[1]
    return policy + ((error**2).sum(axis=0) / run.active.sum(axis=0)).mean()
