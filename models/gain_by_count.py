"""The value of a neuron's spike depends on the number of other spikes, by a curve of its own.

v(σ, x) = Σ_{i<j} J_ij (σ_i − p_i)(σ_j − p_j) + Σ_i (h_i(x) + g_i(K)) σ_i + c_x(K),

with K = Σ_i σ_i and r = v − T B(v), in nats:

    g_i(K) = a_i P₂(2K/n − 1) + b_i P₃(2K/n − 1),   a_i, b_i ~ Normal(0, g²),   g ~ HalfNormal(½),

    J_ij ~ Normal(0, s²),   s ~ HalfNormal(½),   h_i(x) ~ Normal(0, 2²),   c_x(k + 1) − c_x(k) ~ Normal(0, ½²),

with Legendre's polynomials of second and third degree; a line in K is a sum of pairs. This is `large_population` with a
separate dependence on the number of spikes for each neuron: compare both on held-out answers. For a `Population`.

Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940, for the theory; the family is ours.
"""

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {
    "pairs": ("pair_set", "pair"),
    "gains": ("neuron", "degree"),
    "fields": ("stimulus", "neuron"),
    "count_steps": ("stimulus", "spike_count_before"),
}


def model(population, recording=None):
    size, num = population.num_stimuli, population.num_neurons
    pair_spread = numpyro.sample("pair_spread", dist.HalfNormal(0.5))
    gain_spread = numpyro.sample("gain_spread", dist.HalfNormal(0.5))
    pairs = numpyro.sample("pairs", dist.Normal(0, pair_spread).expand([1, population.num_pairs]).to_event(2))
    gains = numpyro.sample("gains", dist.Normal(0, gain_spread).expand([num, 2]).to_event(2))
    fields = numpyro.sample("fields", dist.Normal(0, 2.0).expand([size, num]).to_event(2))
    count_steps = numpyro.sample("count_steps", dist.Normal(0, 0.5).expand([size, num]).to_event(2))
    share = jnp.linspace(-1, 1, num + 1)
    legendre = jnp.stack([(3 * share**2 - 1) / 2, (5 * share**3 - 3 * share) / 2])
    matrix = generative.symmetric(num, pairs)
    value = generative.FeatureValue(
        matrix,
        fields - matrix @ generative.centre(population, recording),
        jnp.pad(jnp.cumsum(count_steps, axis=1), ((0, 0), (1, 0))),
        gains @ legendre,
    )
    generative.answer_in_family(population, value, recording)
