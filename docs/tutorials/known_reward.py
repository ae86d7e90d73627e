# %% [markdown]
# # Eight neurons whose reward is known
#
# Can the reward be found again? We make a circuit for a reward of our own, record it, forget the reward, and infer
# it. It takes a minute.

# %%
# %matplotlib inline
import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

# %% [markdown]
# ## A circuit that wants something
#
# Eight neurons see a stimulus that switches between two states, on average every 50 updates. Two spikes are rewarded
# under the one, six under the other. `optimize` finds the answers that earn most, at a coding cost of 0.5.

# %%
circuit = bi.Circuit(num_neurons=8, stimulus=bi.Stimulus.switching(0.02))
reward = bi.rewards.from_spike_count(circuit, target={0: 2, 1: 6})
network = bi.optimize(circuit, reward, coding_cost=0.5, baseline="population")
print(f"{100 * float(network.average_reward):.0f} % of the time in a rewarded pattern")

# %% [markdown]
# ## A recording of it
#
# 100,000 updates: at each, one neuron answered.

# %%
recording = bi.simulate(network, num_updates=100_000, key=jax.random.key(0))
bi.plots.raster(recording)

# %% [markdown]
# ## What do these neurons want?
#
# The model says only that the number of spikes counts: 18 numbers with wide priors. Read the verdict before anything
# else.

# %%
posterior = bi.infer(
    "spike_count", circuit, recording, "population", bi.Nuts(num_chains=2, num_draws=500), key=jax.random.key(1)
)
print(bi.verdict(posterior))

# %% [markdown]
# The picture shows the inferred reward with 90 % intervals, beside the truth. The truth is divided by the coding
# cost, the unit of inferred rewards, and brought into the same gauge: a mean of zero for each stimulus.

# %%
weights = bi.Fit(posterior).weights.values
truth = bi.rewards.in_gauge(reward / 0.5, weights)
bi.plots.reward_map(posterior, truth=truth)

# %% [markdown]
# How many of the counts that were seen at least 50 times have the truth inside their interval?

# %%
inferred = posterior["posterior"]["reward_per_count"]
low, high = inferred.quantile([0.05, 0.95], ["chain", "draw"]).values
true = np.asarray(bi.rewards.per_spike_count(circuit, truth))
seen = np.stack([np.bincount(circuit.spike_count, row) for row in weights])
often = seen >= 50
print(f"{((low <= true) & (true <= high))[often].sum()} of {often.sum()}")

# %% [markdown]
# ## What the data did not say
#
# Eight spikes are rare under stimulus 0, and what is rare is known least. The fit says so in words:

# %%
print(*bi.identifiability.blind_spots(posterior), sep="\n\n")

# %% [markdown]
# Next: [predict a lesion](lesion.ipynb), or [compare two claims](two_claims.ipynb).
