"""Each neuron depends on the stimulus alone, not on other neurons.

v(σ, x) = Σ_i h_i(x) σ_i,   r = v − T B(v), in nats:   h_i(x) ~ Normal(0, 2²).

It is `large_population` without pairs and without spike counts, for a `Population` of any size. Compare it with any
claim that neurons act together.

Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940, for the theory; the family is ours.
"""

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {"fields": ("stimulus", "neuron")}


def model(population, recording=None):
    size, num = population.num_stimuli, population.num_neurons
    fields = numpyro.sample("fields", dist.Normal(0, 2.0).expand([size, num]).to_event(2))
    value = generative.FeatureValue(jnp.zeros((1, num, num)), fields, jnp.zeros((size, num + 1)))
    generative.answer_in_family(population, value, recording)
