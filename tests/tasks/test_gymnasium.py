"""Tasks as Gymnasium environments: its own checker, and the functions they are made of."""

import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from bayes_irl import InputError, tasks
from bayes_irl.tasks.gymnasium import TaskEnv


# Noise is unbounded, and so are observations; nothing is rendered.
@pytest.mark.filterwarnings("ignore:.*(infinity|render modes):UserWarning")
@pytest.mark.parametrize("name", ["reaction_time", "wager"])
def test_gymnasium_accepts_the_environment(name):
    check_env(TaskEnv(tasks.make(name, dt=50.0)))


def test_an_episode_is_a_trial_of_the_condition_asked_for():
    task = tasks.make("economic_choice", dt=50.0)
    env = TaskEnv(task)
    inputs, info = env.reset(seed=3, options={"condition": 11})
    assert info == {"juice_left": 1, "num_b": 1.0, "num_a": 2.0}  # B left, and 1 of it against 2 of A
    trial, seen, ended = env._state.trial, [inputs], False
    while not ended:
        decision = len(seen) > int(trial.ends[-2])
        inputs, reward, ended, truncated, info = env.step(np.int64(2 if decision else 0))
        seen.append(inputs)
        assert not truncated and isinstance(reward, float)
    np.testing.assert_array_equal(seen, trial.inputs[: len(seen)])
    assert len(seen) == int(trial.ends[-2]) + 2 and reward == pytest.approx(2 * 0.22)


def test_the_seed_decides_the_trial():
    env = TaskEnv(tasks.make("perceptual_decision", dt=50.0))
    first, second, third = (env.reset(seed=seed) and env._state.trial for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.inputs, second.inputs)
    assert not jnp.array_equal(first.inputs, third.inputs)


def test_an_unknown_condition_is_refused():
    env = TaskEnv(tasks.make("perceptual_decision", dt=50.0))
    with pytest.raises(InputError, match="condition: expected whole numbers between 0 and 9, got 10"):
        env.reset(options={"condition": 10})


def test_tasks_do_not_need_gymnasium():
    code = "import sys, bayes_irl.tasks; print('gymnasium' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
