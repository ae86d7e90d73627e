"""Trials, from the first step to the answer."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from bayes_irl.agents.networks import RecurrentNetwork
from bayes_irl.tasks import Outcomes, Task, Trial
from bayes_irl.tasks.trial import WAIT


class Rollout(eqx.Module):
    """A batch of simulated trials, with axes `[num_steps, num_trials, ...]`.

    Attributes:
        inputs: What was shown.
        rates: Of the decision network.
        log_policy: Log π(action | everything seen), of every action.
        action: What was done.
        active: Whether the trial was still going on when it was done.
        reward: What it earned.
    """

    inputs: Float[Array, "num_steps num_trials num_inputs"]
    rates: Float[Array, "num_steps num_trials num_units"]
    log_policy: Float[Array, "num_steps num_trials num_actions"]
    action: Int[Array, "num_steps num_trials"]
    active: Bool[Array, "num_steps num_trials"]
    reward: Float[Array, "num_steps num_trials"]

    @property
    def returns(self) -> Float[Array, "num_steps num_trials"]:
        """Reward from each step on."""
        return jnp.cumsum(self.reward[::-1], axis=0)[::-1]

    @property
    def last_action(self) -> Int[Array, "num_steps num_trials"]:
        """What was done one step before; to wait, before the first step."""
        return jnp.concatenate([jnp.full_like(self.action[:1], WAIT), self.action[:-1]])


def draw_trials(task: Task, conditions: Int[Array, " num_trials"], key: PRNGKeyArray) -> Trial:
    """Draw a trial of each of these conditions."""
    return jax.vmap(task.draw)(jax.random.split(key, len(conditions)), conditions)


def rollout(task: Task, decision: RecurrentNetwork, trials: Trial, key: PRNGKeyArray) -> Rollout:
    """Run the decision network through trials, once.

    The stimulus of a trial does not depend on the agent's actions until the trial ends. So rates are computed for whole
    trials, actions are drawn for every step at once, and the task then determines where each trial ended.

    Args:
        task: Which says what actions are worth.
        decision: Its readout gives the log-odds of actions.
        trials: A batch, from `draw_trials`.
        key: For the units' noise, and the actions.
    """
    noise_key, action_key = jax.random.split(key)
    inputs = jnp.swapaxes(trials.inputs, 0, 1)
    rates = decision.rates(inputs, trials.ends[:, -1].max(), noise_key)
    log_policy = jax.nn.log_softmax(decision.read(rates))
    action = jax.random.categorical(action_key, log_policy)

    def judge(active: Array, step_action: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        reward, ends = jax.vmap(task.outcome, (0, None, 0))(trials, *step_action)
        return active & ~ends, (active, jnp.where(active, reward, 0))

    everyone = jnp.ones(inputs.shape[1], bool)
    _, (active, reward) = jax.lax.scan(judge, everyone, (jnp.arange(len(inputs)), action))
    return Rollout(inputs, rates, log_policy, action, active, reward)


def outcomes(trials: Trial, run: Rollout) -> Outcomes:
    """Return the outcome of each trial."""
    num_steps = run.active.sum(axis=0)
    action = jnp.take_along_axis(run.action, num_steps[None] - 1, axis=0)[0]
    answered = (action != WAIT) & (num_steps > trials.ends[:, -2])
    return Outcomes(trials.condition, action, answered, action == trials.correct, run.reward.sum(axis=0))
