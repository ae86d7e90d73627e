"""The circuit is rewarded for the stimulus alone, wherever its neurons bring it: for a `ClosedLoopCircuit`.

r(σ, x) = g(x), with g(x) ~ Normal(0, 3) in units of the coding cost. `reward_of_stimulus` is g up to a constant: its
mean over stimuli, weighted by how often they were shown, is zero. In a circuit that does not move its stimulus such a
reward changes no answer.
"""

import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {"level": ("stimulus",), "reward_of_stimulus": ("stimulus",)}


def model(circuit, recording=None):
    level = numpyro.sample("level", dist.Normal(0, 3).expand([circuit.num_stimuli]).to_event(1))
    reward = generative.respond(circuit, level[:, None].repeat(circuit.num_patterns, axis=1), recording)
    numpyro.deterministic("reward_of_stimulus", reward[:, 0])
