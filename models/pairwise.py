"""The reward depends on single responses and on pairs of neurons that spike together.

r(σ, x) = Σ_{i<j} W_ij σ_i σ_j + Σ_i h_i(x) σ_i, in units of the coding cost, with W_ij ~ Normal(0, 1) and
h_i(x) ~ Normal(0, 1). The pairs are in the order of `numpy.triu_indices`.

Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.
"""

import numpyro
import numpyro.distributions as dist

from bayes_irl import generative, rewards

DIMS = {"weights": ("pair",), "fields": ("stimulus", "neuron")}


def model(circuit, recording=None):
    num = circuit.num_neurons
    weights = numpyro.sample("weights", dist.Normal(0, 1).expand([num * (num - 1) // 2]).to_event(1))
    fields = numpyro.sample("fields", dist.Normal(0, 1).expand([circuit.num_stimuli, num]).to_event(2))
    generative.respond(circuit, rewards.pairwise(circuit, weights, fields), recording)
