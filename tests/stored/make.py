"""Make the fits and the agent that examples in docstrings use: `python tests/stored/make.py`, two minutes.

Three neurons that are rewarded for one spike under one stimulus and for two under the other, and two claims about them;
four neurons of a population; choices between juices; decisions on noisy evidence; a network after ten updates.
"""

from pathlib import Path

import jax
import numpy as np

import bayes_irl as bi
from bayes_irl.agents import settings_for
from bayes_irl.io.netcdf import save_tree
from bayes_irl.systems.population.features import FeatureValue
from bayes_irl.tasks import fixed, make

FOLDER = Path(__file__).parent
CIRCUIT = bi.Circuit(3, bi.Stimulus.switching(0.1))
REWARD = bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 2})
COST = 1.0
KEY = jax.random.key(1)


def main() -> None:
    """Simulate, fit and save."""
    jax.config.update("jax_enable_x64", True)
    circuit()
    population()
    drift()
    choices()
    decisions()
    contexts()
    agent()


def keep(name: str, tree) -> None:
    """Print a fit's verdict, and save it."""
    print(name, bi.verdict(tree))
    save_tree(tree, FOLDER / f"{name}.nc")


def circuit() -> None:
    """Two claims about three neurons."""
    network = bi.optimize(CIRCUIT, REWARD, COST, 0.4)
    recording = bi.simulate(network, 4000, jax.random.key(0))
    bi.save_recording(recording, FOLDER / "recording.npz")
    for name in ("spike_count", "pairwise"):
        keep(name, bi.infer(name, CIRCUIT, recording, 0.4, bi.Laplace(120), key=KEY))


def population() -> None:
    """Four neurons, two of which are worth more together."""
    neurons = bi.Population(4, bi.Stimulus.switching(0.1))
    pairs = np.zeros((1, 4, 4))
    pairs[0, 0, 1] = pairs[0, 1, 0] = 0.5
    value = FeatureValue(pairs, np.array([[-0.5, 0.0, 0.3, 0.0], [0.5, 0.0, 0.0, -0.3]]), np.zeros((2, 5)), None)
    recording = bi.simulate(bi.PopulationNetwork(neurons, value, np.full(4, 0.4)), 4000, jax.random.key(0))
    keep("population", bi.infer("large_population", neurons, recording, 0.4, bi.Sandwich(20), key=KEY))


def drift() -> None:
    """Three neurons in four sessions, whose fields walk by a third of a nat from one to the next."""
    neurons, fields, sessions = bi.Population(3, bi.Stimulus.switching(0.1)), np.zeros((2, 3)), []
    for day in range(4):
        fields = fields + np.random.default_rng(day).normal(0, 0.3, (2, 3))
        value = FeatureValue(np.zeros((1, 3, 3)), fields, np.zeros((2, 4)), None)
        network = bi.PopulationNetwork(neurons, value, np.full(3, 0.4))
        sessions.append(bi.simulate(network, 3000, jax.random.key(day)))
    keep("drift", bi.drift(neurons, sessions, [0, 1, 2, 5], baseline=0.4, key=KEY, num_draws=100))


def choices() -> None:
    """Two monkeys, to whom A is worth 2 B."""
    rng = np.random.default_rng(1)
    offered = np.array([(0, 1), (2, 1), (1, 1), (1, 2), (1, 3), (1, 0)])[rng.integers(6, size=400)]
    subjects = {"session": np.repeat([1, 2], 200), "subject": np.repeat(["G", "J"], 200)}
    offers = bi.Offers.from_arrays(*offered.T, **subjects)
    chose_a = rng.random(400) < 1 / (1 + np.exp(-3 * (2 * offered[:, 0] - offered[:, 1])))
    keep("choices", bi.infer("economic_choice_linear", offers, chose_a, method=bi.Laplace(100), key=KEY))


def decisions() -> None:
    """One subject, who is right in four of five trials."""
    rng = np.random.default_rng(0)
    strength = rng.choice([-0.2, -0.1, 0.0, 0.1, 0.2], 600)
    choice = np.where(rng.random(600) < 0.8, strength > 0, strength < 0)
    answers = bi.Answers.from_arrays(choice, np.clip(rng.gamma(8, 0.04, 600), 0, 1.5))
    evidence = bi.Evidence.from_arrays(strength, 1.5)
    keep("decisions", bi.infer("reaction_time", evidence, answers, method=bi.Laplace(200), key=KEY))


def contexts() -> None:
    """One agent on a ring of six places, whose reward moves from place 1 to place 4 and back."""
    ring = bi.Decisions((np.arange(6)[:, None] + [1, -2, 3]) % 6, 0.9 * np.eye(6) + 0.1 / 6)
    system = bi.SwitchingAgent(ring, 2)
    reward = bi.ContextReward(2.0 * np.eye(6)[[1, 4]], np.array([[0.98, 0.02], [0.03, 0.97]]))
    default = np.full(3, 1 / 3)
    walk = bi.simulate(bi.optimize(system, reward, 1.0, default), 3000, jax.random.key(0))
    keep("contexts", bi.infer("place_by_context", system, walk, default, bi.Laplace(200), key=KEY))


def agent() -> None:
    """A small network, hardly trained."""
    task = make("perceptual_decision", dt=50.0, fixation=fixed(250.0), stimulus=fixed(500.0), decision=fixed(250.0))
    size = {"num_units": 12, "in_degree": 4, "num_value_units": 6}
    settings = settings_for(task.name, **size, validate_every=5, num_validation_trials=48)
    bi.train(task, settings, key=jax.random.key(0), max_updates=10, folder=FOLDER / "agent")


if __name__ == "__main__":
    main()
