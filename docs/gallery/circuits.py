# %% [markdown]
# # Circuits
#
# Plots of recordings, fits and predictions of circuits. Run the first cell; then every other cell runs by itself.

# %%
# %matplotlib inline
import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

key = jax.random.key(0)
circuit = bi.Circuit(num_neurons=4, stimulus=bi.Stimulus.switching(0.05))
reward = bi.rewards.from_spike_count(circuit, target={0: 1, 1: 3})
network = bi.optimize(circuit, reward, coding_cost=0.5, baseline=0.4)
recording = bi.simulate(network, num_updates=10_000, key=key)
fits = {name: bi.infer(name, circuit, recording, 0.4, bi.Laplace(), key=key) for name in ("spike_count", "pairwise")}
posterior = fits["spike_count"]

# %% [markdown]
# ## `raster`: spikes and stimulus

# %%
bi.plots.raster(recording)

# %% [markdown]
# ## `reward_map`: the reward of every pattern, beside the truth where it is known

# %%
bi.plots.reward_map(posterior, truth=reward / 0.5)

# %% [markdown]
# ## `ranked_patterns`: which patterns are worth most

# %%
bi.plots.ranked_patterns(posterior, stimulus=1, num_patterns=10)

# %% [markdown]
# ## `tuning_curves`: answers before and after a change

# %%
prediction = bi.adapt(posterior, circuit.silence(3), num_draws=50)
bi.plots.tuning_curves(prediction)

# %% [markdown]
# ## `spike_counts`: how many spike together, before and after a change

# %%
bi.plots.spike_counts(prediction, recording)

# %% [markdown]
# ## `predictive`: recordings predicted by the fit, beside the real one

# %%
bi.plots.predictive(bi.checks.predictive(posterior, key=key))

# %% [markdown]
# ## `dynamics`: how long patterns last, and what follows a change of stimulus

# %%
bi.plots.dynamics(bi.checks.dynamics(posterior, recording, key=key))

# %% [markdown]
# ## `loo_pit`: are observations as surprising as predicted?

# %%
bi.plots.loo_pit(bi.checks.loo_pit(posterior, key=key))

# %% [markdown]
# ## `prior_sensitivity`: how much conclusions depend on the prior

# %%
bi.plots.prior_sensitivity(bi.checks.prior_sensitivity(posterior))

# %% [markdown]
# ## `elpd`: which claim predicts better

# %%
bi.plots.elpd(bi.compare(fits, allow_failed=True))  # the recording refutes `pairwise`, and the figure says so

# %% [markdown]
# ## `rewards_compared`: rewards of several claims, side by side

# %%
bi.plots.rewards_compared(fits)

# %% [markdown]
# ## `experiments`: which experiment would distinguish the claims

# %%
bi.plots.experiments(bi.tell_apart(fits, key=key))

# %% [markdown]
# ## `circulation`: are the answers optimal for any reward at all?

# %%
bi.plots.circulation(bi.identifiability.optimality_test(recording, key=key))

# %% [markdown]
# ## `coding`: does the circuit code a feature efficiently?

# %%
bi.plots.coding(bi.coding_verdict(posterior, np.array([0, 1]), num_draws=100))

# %% [markdown]
# ## `couplings`: neurons with pairwise couplings only

# %%
coupled = bi.optimize(circuit.coupled(), reward, coding_cost=0.5, baseline=0.4)
bi.plots.couplings(coupled)
