"""A predicted return as baseline makes learning faster: the task of the README in coarse steps, from several seeds."""

import effort
import jax
import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl.agents import settings_for

SEEDS = range(effort.seeds or 3)
TASK = bi.tasks.make("perceptual_decision", dt=50.0)


def rewards(baseline, seed):
    """Mean reward at eight validations of 500 trials, 25 updates of 20 trials apart."""
    settings = settings_for(
        TASK.name, baseline=baseline, trials_per_condition=2, validate_every=25, num_validation_trials=500
    )
    agent = bi.train(TASK, settings, key=jax.random.key(seed), max_updates=200, until="plateau")
    return agent.history["mean_reward"].values


@pytest.mark.slow
def test_learning_with_a_value_network_beats_learning_without():
    baselines = ("rates", "inputs", "linear", "none") if effort.seeds else ("rates", "none")
    learned = {}
    for baseline in baselines:
        learned[baseline] = np.array([rewards(baseline, seed) for seed in SEEDS])
        each = ", ".join(f"{mean:.3f}" for mean in learned[baseline].mean(axis=1))
        print(f"| `{baseline}` | {learned[baseline].mean():.3f} | {learned[baseline][:, -1].mean():.3f} | {each} |")
    assert learned["rates"].mean() > learned["none"].mean()
