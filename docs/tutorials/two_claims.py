# %% [markdown]
# # Comparing two claims
#
# One claims that only the number of spikes counts. Another claims that single neurons and pairs count. A recording
# decides.

# %%
# %matplotlib inline
import jax

jax.config.update("jax_enable_x64", True)

import bayes_irl as bi

# %% [markdown]
# ## A circuit in which the first claim is right

# %%
circuit = bi.Circuit(num_neurons=5, stimulus=bi.Stimulus.switching(0.05))
reward = bi.rewards.from_spike_count(circuit, target={0: 1, 1: 4})
network = bi.optimize(circuit, reward, coding_cost=0.5, baseline=0.4)
recording = bi.simulate(network, num_updates=20_000, key=jax.random.key(0))

# %% [markdown]
# ## Two fits to one recording
#
# `Laplace` is fast, and the verdict says whether it is good enough. It also says whether the recording refutes the
# model, and `pairwise` is refuted: no sum over single neurons and pairs reproduces these answers.

# %%
fits = {
    name: bi.infer(name, circuit, recording, 0.4, bi.Laplace(), key=jax.random.key(1))
    for name in ("spike_count", "pairwise")
}
for name, fit in fits.items():
    print(f"{name}: {bi.verdict(fit)}")

# %% [markdown]
# ## Which predicts better?
#
# `compare` asks each fit for observations that were left out. `elpd` is their log probability, in nats; `difference`
# is to the best claim, with its standard error. `compare` refuses a fit whose gate failed. Here we want to know how
# much worse the refuted claim predicts, so we allow it.

# %%
table = bi.compare(fits, allow_failed=True)
print(table[["elpd", "difference", "difference_se", "passed"]].to_dataframe().round(1).to_string())
bi.plots.elpd(table)

# %% [markdown]
# The number of spikes wins by many standard errors. A reward for exactly one spike is no sum over pairs: `pairwise`
# can make single spikes attractive and pairs costly, but not three neurons cost what two do.
#
# ## Where do the claims differ?

# %%
bi.plots.rewards_compared(fits)  # the figure says which fit failed

# %% [markdown]
# ## Does the winner explain the recording at all?
#
# The better of two claims can still be wrong. So draw recordings from each fit, and set them beside the one that was
# made.

# %%
checked = bi.checks.predictive(fits["spike_count"], key=jax.random.key(2))
bi.plots.predictive(checked)

# %%
checked = bi.checks.predictive(fits["pairwise"], key=jax.random.key(2))
bi.plots.predictive(checked)

# %% [markdown]
# Next: [a lesion](lesion.ipynb) is where claims differ most.
