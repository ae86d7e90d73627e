"""The reward depends on how many neurons spike, separately for each stimulus.

r(σ, x) = R[x, Σ_i σ_i], with R[x, c] ~ Normal(0, 3) in units of the coding cost.

Source: Chalk, Tkačik & Marre 2021, Fig. 2, doi:10.1371/journal.pone.0248940.
"""

import numpyro
import numpyro.distributions as dist

from bayes_irl import generative, rewards

DIMS = {"table": ("stimulus", "spike_count"), "reward_per_count": ("stimulus", "spike_count")}


def model(circuit, recording=None):
    shape = (circuit.num_stimuli, circuit.num_neurons + 1)
    table = numpyro.sample("table", dist.Normal(0, 3).expand(shape).to_event(2))
    reward = generative.respond(circuit, rewards.from_spike_count(circuit, table), recording)
    numpyro.deterministic("reward_per_count", rewards.per_spike_count(circuit, reward))
