"""The value of an answer depends on pairs of neurons, on the stimulus, and on how many neurons spike.

v(σ, x) = Σ_{i<j} J_ij (σ_i − p_i)(σ_j − p_j) + Σ_i h_i(x) σ_i + c_x(K),   K = Σ_i σ_i,   r = v − T B(v), in nats:

    J_ij ~ Normal(0, s²),   s ~ HalfNormal(½),   h_i(x) ~ Normal(0, 2²),   c_x(k + 1) − c_x(k) ~ Normal(0, ½²).

The prior scale s of pairs is estimated. The prior widths of fields and spike counts are fixed: if a neuron is tuned
more strongly than optimal answers to such a fast stimulus can be, or a spike count never occurred, the likelihood alone
has no finite optimum. Pairs are centred at the baseline p, so they do not change mean rates. For a `Population`; for a
`Circuit` of at most 20 neurons inference is exact.

Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940, for the theory; the family is ours.
"""

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {
    "pairs": ("pair_set", "pair"),
    "fields": ("stimulus", "neuron"),
    "count_steps": ("stimulus", "spike_count_before"),
}


def model(population, recording=None):
    size, num = population.num_stimuli, population.num_neurons
    pair_spread = numpyro.sample("pair_spread", dist.HalfNormal(0.5))
    pairs = numpyro.sample("pairs", dist.Normal(0, pair_spread).expand([1, population.num_pairs]).to_event(2))
    fields = numpyro.sample("fields", dist.Normal(0, 2.0).expand([size, num]).to_event(2))
    count_steps = numpyro.sample("count_steps", dist.Normal(0, 0.5).expand([size, num]).to_event(2))
    by_count = jnp.pad(jnp.cumsum(count_steps, axis=1), ((0, 0), (1, 0)))
    matrix = generative.symmetric(num, pairs)
    value = generative.FeatureValue(matrix, fields - matrix @ generative.centre(population, recording), by_count)
    generative.answer_in_family(population, value, recording)
