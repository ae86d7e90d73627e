"""One update of the networks, and all that it needs."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree

from bayes_irl.agents.networks import RecurrentNetwork, draw_network
from bayes_irl.agents.objective import LinearValue, Networks, loss
from bayes_irl.agents.rollout import draw_trials
from bayes_irl.agents.settings import Settings
from bayes_irl.tasks import Task

MAX_BATCH = 12  # trials that run together: few enough for their states to stay in a core's cache


class Learner(eqx.Module):
    """Networks under training.

    Attributes:
        networks: As they are now.
        mean: Their running mean over updates, which is validated and kept.
        decision_state: Of the optimiser of the decision network.
        value_state: Of the optimiser of the value.
    """

    networks: Networks
    mean: Networks
    decision_state: PyTree
    value_state: PyTree


def draw_learner(task: Task, settings: Settings, key: PRNGKeyArray) -> Learner:
    """Return untrained networks for a task."""
    decision_key, value_key = jax.random.split(key)
    alpha = task.dt / settings.time_constant
    num_inputs, num_actions = len(task.inputs), len(task.actions)
    decision = draw_network(
        decision_key,
        num_inputs,
        num_actions,
        num_units=settings.num_units,
        in_degree=settings.in_degree,
        gated=settings.units == "gated",
        dale=settings.dale,
        alpha=alpha,
        slowest=settings.slowest / settings.time_constant,
        noise=settings.recurrent_noise,
        input_present=_readers(task, settings.num_units),
        output_bias=_log_policy(task),
    )
    networks = Networks(decision, _draw_value(task, settings, alpha, value_key), settings.baseline == "rates")
    optimiser = _optimiser(settings)
    states = [optimiser.init(eqx.filter(part, eqx.is_inexact_array)) for part in (networks.decision, networks.value)]
    return Learner(networks, networks, *states)


def _readers(task: Task, num_units: int) -> Bool[np.ndarray, "num_inputs num_units"]:
    """Which units read which inputs."""
    place = np.arange(num_units) / num_units
    shares = [task.read_by.get(name, (0, 1)) for name in task.inputs]
    return np.stack([(low <= place) & (place < high) for low, high in shares])


def _log_policy(task: Task) -> Float[np.ndarray, " num_actions"]:
    """What an untrained network does: it acts about once in a trial.

    If it chose among three actions alike, one trial in 3^75 would get past fixation, and nothing could be learned.
    """
    hazard, num_answers = 1 / task.num_steps, len(task.actions) - 1
    return np.log([1 - hazard] + [hazard / num_answers] * num_answers)


def _draw_value(
    task: Task, settings: Settings, alpha: float, key: PRNGKeyArray
) -> RecurrentNetwork | LinearValue | None:
    """What predicts the return: at first, that of an aborted trial."""
    if settings.baseline == "none":
        return None
    if settings.baseline == "linear":
        return LinearValue(jnp.zeros(settings.num_units, jnp.float32), jnp.asarray(task.aborted, jnp.float32))
    sees_rates = settings.baseline == "rates"
    num_inputs = settings.num_units + len(task.actions) if sees_rates else len(task.inputs)
    return draw_network(
        key,
        num_inputs,
        1,
        num_units=settings.num_value_units,
        in_degree=settings.num_value_units,
        gated=settings.units == "gated",
        dale=False,
        alpha=alpha,
        slowest=settings.slowest / settings.time_constant,
        noise=0.0,
        input_present=np.ones((num_inputs, settings.num_value_units), bool),
        output_bias=np.array([task.aborted]),
    )


def _optimiser(settings: Settings) -> optax.GradientTransformation:
    """Adam on clipped gradients; a gradient that is not finite is skipped and counted."""
    adam = optax.chain(optax.clip_by_global_norm(settings.clip), optax.adam(settings.learning_rate))
    return optax.apply_if_finite(adam, max_consecutive_errors=np.iinfo(np.int32).max)


def update(learner: Learner, task: Task, settings: Settings, key: PRNGKeyArray) -> Learner:
    """Take one step along the gradient over `trials_per_condition` trials of each condition."""
    gradient = policy_gradient(learner.networks, task, settings.trials_per_condition, key, settings.entropy)
    optimiser = _optimiser(settings)
    decision, decision_state = _step(optimiser, learner.networks.decision, gradient.decision, learner.decision_state)
    value, value_state = _step(optimiser, learner.networks.value, gradient.value, learner.value_state)
    networks = Networks(decision, value, learner.networks.sees_rates)
    mean = _running_mean(learner.mean, networks, settings.averaging)
    return Learner(networks, mean, decision_state, value_state)


def _running_mean(mean: Networks, networks: Networks, averaging: float) -> Networks:
    numbers, rest = eqx.partition(mean, eqx.is_inexact_array)
    now = eqx.filter(networks, eqx.is_inexact_array)
    return eqx.combine(jax.tree.map(lambda old, new: averaging * old + (1 - averaging) * new, numbers, now), rest)


def _step[Part: PyTree](
    optimiser: optax.GradientTransformation, part: Part, gradient: Part, state: PyTree
) -> tuple[Part, PyTree]:
    changes, state = optimiser.update(gradient, state, eqx.filter(part, eqx.is_inexact_array))
    return eqx.apply_updates(part, changes), state


def policy_gradient(
    networks: Networks, task: Task, trials_per_condition: int, key: PRNGKeyArray, entropy: float = 0.0
) -> Networks:
    """Return the gradient of `loss` over trials of each condition, in chunks of trials that are about equally long."""
    conditions = jnp.tile(jnp.arange(task.num_conditions), trials_per_condition)
    num_chunks = num_chunks_of(len(conditions))
    trial_key, run_key = jax.random.split(key)
    trials = draw_trials(task, conditions, trial_key)
    shortest_first = jnp.argsort(trials.ends[:, -1])
    chunks = jax.tree.map(lambda each: each[shortest_first].reshape(num_chunks, -1, *each.shape[1:]), trials)

    def add(total: Networks, chunk: tuple) -> tuple[Networks, None]:
        trials, key = chunk
        gradient = eqx.filter_grad(loss)(networks, task, trials, key, entropy)
        return jax.tree.map(lambda one, other: one + other / num_chunks, total, gradient), None

    nothing = jax.tree.map(jnp.zeros_like, eqx.filter(networks, eqx.is_inexact_array))
    return jax.lax.scan(add, nothing, (chunks, jax.random.split(run_key, num_chunks)))[0]


def num_chunks_of(num_trials: int) -> int:
    """Return the least number of equal chunks that are small enough.

    >>> num_chunks_of(10), num_chunks_of(100), num_chunks_of(72)
    (1, 10, 6)
    """
    return next(
        chunks for chunks in range(1, num_trials + 1) if num_trials % chunks == 0 and num_trials // chunks <= MAX_BATCH
    )


def num_skipped(learner: Learner) -> tuple[int, int]:
    """Return how many updates were skipped because a gradient was not finite: in all, and the last ones in a row."""
    states = (learner.decision_state, learner.value_state)
    return max(int(each.total_notfinite) for each in states), max(int(each.notfinite_count) for each in states)


def conditions_of(task: Task, num_trials: int) -> Int[Array, " num_trials"]:
    """Return conditions for this many trials, each as often as any other, as far as possible."""
    return jnp.arange(num_trials) % task.num_conditions
