"""The value of pairs of neurons depends on the stimulus.

v(σ, x) = Σ_{i<j} (J_ij + D_ij(x)) (σ_i − p_i)(σ_j − p_j) + Σ_i h_i(x) σ_i + c_x(K),

with K = Σ_i σ_i and r = v − T B(v), in nats:

    J_ij ~ Normal(0, s²),   D_ij(x) ~ Normal(0, d²),   s, d ~ HalfNormal(½),

    h_i(x) ~ Normal(0, 2²),   c_x(k + 1) − c_x(k) ~ Normal(0, ½²).

This is `large_population` with separate couplings for every stimulus: compare both on held-out answers. For a
`Population`.

Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940, for the theory; the family is ours.
"""

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {
    "pairs": ("pair_set", "pair"),
    "pair_changes": ("stimulus", "pair"),
    "fields": ("stimulus", "neuron"),
    "count_steps": ("stimulus", "spike_count_before"),
}


def model(population, recording=None):
    size, num = population.num_stimuli, population.num_neurons
    pair_spread = numpyro.sample("pair_spread", dist.HalfNormal(0.5))
    change_spread = numpyro.sample("change_spread", dist.HalfNormal(0.5))
    pairs = numpyro.sample("pairs", dist.Normal(0, pair_spread).expand([1, population.num_pairs]).to_event(2))
    shape = [size, population.num_pairs]
    pair_changes = numpyro.sample("pair_changes", dist.Normal(0, change_spread).expand(shape).to_event(2))
    fields = numpyro.sample("fields", dist.Normal(0, 2.0).expand([size, num]).to_event(2))
    count_steps = numpyro.sample("count_steps", dist.Normal(0, 0.5).expand([size, num]).to_event(2))
    by_count = jnp.pad(jnp.cumsum(count_steps, axis=1), ((0, 0), (1, 0)))
    matrices = generative.symmetric(num, pairs + pair_changes)
    value = generative.FeatureValue(matrices, fields - matrices @ generative.centre(population, recording), by_count)
    generative.answer_in_family(population, value, recording)
