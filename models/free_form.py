"""Any reward is possible; interactions of more neurons are smaller a priori.

r(·, x) = Σ_S c_S(x) χ_S, with χ_S(σ) = Π_{i∈S} (1 − 2 σ_i) the Walsh functions, S any set of neurons, and

    c_S(x) ~ Normal(0, s² d^(|S|−1) / binomial(n, |S|)),   s ~ HalfNormal(3),   d ~ Beta(2, 2),

so that the interactions of each order share a variance that falls with the order. In units of the coding cost.
"""

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from scipy.special import comb

from bayes_irl import generative, rewards


def model(circuit, recording=None):
    num, order = circuit.num_neurons, circuit.spike_count[1:]
    scale = numpyro.sample("scale", dist.HalfNormal(3.0))
    decay = numpyro.sample("decay", dist.Beta(2.0, 2.0))
    unit = numpyro.sample("unit", dist.Normal(0, 1).expand([circuit.num_stimuli, circuit.num_patterns - 1]).to_event(2))
    spread = scale * jnp.sqrt(decay ** (order - 1) / comb(num, order))
    generative.respond(circuit, rewards.from_walsh(circuit, unit * spread[None]), recording)
