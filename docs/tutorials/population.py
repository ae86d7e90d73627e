# %% [markdown]
# # A population of thirty neurons
#
# Thirty neurons have 2³⁰ patterns, too many for a table of rewards. A `Population` has a *value* instead, a sum over
# pairs, over neurons and stimuli, and over the number of spikes. A value implies a reward, so a network of known
# reward needs no solver: choose a value.

# %%
# %matplotlib inline
import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

import bayes_irl as bi

# %% [markdown]
# ## A network whose couplings are known

# %%
n = 30
rng = np.random.default_rng(0)
couplings = rng.normal(0, 0.2, n * (n - 1) // 2)
value = bi.generative.FeatureValue(
    bi.generative.symmetric(n, jnp.asarray(couplings[None])),
    jnp.asarray(rng.normal(-0.5, 0.7, (2, n))),
    jnp.zeros((2, n + 1)),
)
population = bi.Population(n, bi.Stimulus.switching(1 / n))
network = bi.PopulationNetwork(population, value, jnp.full(n, 0.3))
recording = bi.simulate(network, 500_000, key=jax.random.key(0), num_trials=100)

# %% [markdown]
# ## The fit
#
# `Sandwich` is the method for populations: a Normal at the peak, as wide as scores vary between trials.

# %%
fit = bi.infer("large_population", population, recording, np.full(n, 0.3), bi.Sandwich(100), key=jax.random.key(1))
print(bi.verdict(fit))

# %% [markdown]
# The inferred couplings beside the true ones: what a spike of both neurons of a pair is worth. A shift of all
# couplings is a value of the number of spikes, so that means are taken away before they are compared.

# %%
drawn = fit["reward"]["pairs"].values[0, :, 0]
drawn, true = drawn - drawn.mean(axis=1, keepdims=True), couplings - couplings.mean()
low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
print(f"{((low <= true) & (true <= high)).mean():.0%} of {len(true)} couplings inside their 90 % interval")
print(f"correlation with the truth: {np.corrcoef(drawn.mean(axis=0), true)[0, 1]:.3f}")
figure = Figure((3, 3), layout="constrained")
axes = figure.subplots()
axes.plot([-0.6, 0.6], [-0.6, 0.6], color="0.7")
axes.plot(true, drawn.mean(axis=0), ".", markersize=3)
axes.set(xlabel="true coupling (nats)", ylabel="posterior mean (nats)")
figure

# %% [markdown]
# ## What if a neuron dies?
#
# `adapt` solves for the best answers of the changed population, by features instead of patterns.

# %%
prediction = bi.adapt(fit, population.silence(0), num_draws=10)
change = prediction["predictions"]["mean_response"].mean(["chain", "draw"])
difference = change.sel(circuit="changed") - change.sel(circuit="unchanged")
strongest = np.abs(difference.values[1:]).argmax() + 1
print(f"Neuron {strongest} changes most: by {float(difference[strongest]):+.3f} spikes per pattern.")

# %% [markdown]
# What is approximate here, and how well it agrees with exact inference on small circuits: [Large
# populations](../populations.md).
