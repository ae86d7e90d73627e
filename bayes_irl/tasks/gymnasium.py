"""A task as a Gymnasium environment, for other trainers. Needs `pip install "bayes_irl[gymnasium]"`."""

import os
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box, Discrete

from bayes_irl._checks import InputError, whole_numbers
from bayes_irl.tasks.task import Task
from bayes_irl.tasks.trial import TrialState

_FORKED: list[bool] = []  # not empty in a child that was forked after JAX had started
os.register_at_fork(after_in_child=lambda: _FORKED.append(True))


class TaskEnv(gymnasium.Env[np.ndarray, int | np.integer]):
    """One trial is an episode: observations are the task's inputs, float32[num_inputs], and actions its actions.

    `reset` takes the option `condition`, a row of `task.conditions`; by default any. Every `info` holds that row.

    Args:
        task: The task.

    Source:
        Towers et al. 2024, doi:10.48550/arXiv.2407.17032.

    >>> from bayes_irl.tasks import make
    >>> env = TaskEnv(make("reaction_time"))
    >>> inputs, info = env.reset(seed=0, options={"condition": 3})
    >>> inputs.tolist(), info
    ([1.0, 0.0, 0.0], {'direction': -1, 'coherence': 12.8})
    >>> env.step(1)[1:4]  # too early
    (-1.0, True, False)
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.observation_space = Box(-np.inf, np.inf, (len(task.inputs),), np.float32)
        self.action_space = Discrete(len(task.actions))
        self._draw, self._step = jax.jit(task.draw), jax.jit(task.step)
        self._state: TrialState

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a trial.

        Raises:
            InputError: In a process that was forked, where JAX hangs.
        """
        if _FORKED:
            advice = 'Use AsyncVectorEnv(..., context="spawn"), or SyncVectorEnv.'
            raise InputError.of("env", "a process that was spawned", "one that was forked, in which JAX hangs", advice)
        super().reset(seed=seed)
        last = self.task.num_conditions - 1
        condition = (options or {}).get("condition", self.np_random.integers(last, endpoint=True))
        whole_numbers("condition", [condition], 0, last)
        trial = self._draw(jax.random.key(self.np_random.integers(2**32)), jnp.asarray(condition, jnp.int32))
        self._state = TrialState(trial, jnp.asarray(0, jnp.int32))
        return np.array(trial.inputs[0]), self._info()

    def step(self, action: int | np.integer) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Take an action."""
        self._state, inputs, reward, ended = self._step(self._state, jnp.asarray(action, jnp.int32))
        return np.array(inputs), float(reward), bool(ended), False, self._info()

    def _info(self) -> dict[str, Any]:
        row = int(self._state.trial.condition)
        return {name: column[row].item() for name, column in self.task.conditions.items()}
