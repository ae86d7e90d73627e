# %% [markdown]
# # Predicting a lesion
#
# The reward stays when a neuron dies; the best answers move. So a posterior of the reward predicts what the others
# will do. Here the circuit is simulated, and the prediction can be checked.

# %%
# %matplotlib inline
import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

# %% [markdown]
# ## Before the lesion

# %%
circuit = bi.Circuit(num_neurons=6, stimulus=bi.Stimulus.switching(0.02))
reward = bi.rewards.from_spike_count(circuit, target={0: 2, 1: 4})
network = bi.optimize(circuit, reward, coding_cost=0.4, baseline="population")
recording = bi.simulate(network, num_updates=50_000, key=jax.random.key(0))
posterior = bi.infer("spike_count", circuit, recording, "population", bi.Laplace(), key=jax.random.key(1))
print(bi.verdict(posterior))

# %% [markdown]
# ## The prediction
#
# `adapt` takes draws of the reward and computes the best answers of the circuit without neuron 3, and of the
# unchanged circuit. Each draw is compared with itself. The baseline stays where it was.

# %%
prediction = bi.adapt(posterior, circuit.silence(3))
bi.plots.tuning_curves(prediction)

# %% [markdown]
# ## What happens
#
# The true reward is known, so the lesioned circuit can be computed and recorded.

# %%
lesioned = bi.optimize(circuit.silence(3), reward, coding_cost=0.4, baseline=np.asarray(network.baseline))
bands = prediction["predictions"]["tuning_curve"].sel(circuit="changed").transpose(..., "stimulus", "neuron")
low, high = bands.quantile([0.05, 0.95], ["chain", "draw"]).values
true = np.asarray(lesioned.tuning_curves)
inside = (low <= true) & (true <= high)
print(f"{inside.sum()} of {inside.size} tuning points inside their 90 % interval")

# %% [markdown]
# A prediction is useful if it beats the obvious one, that nothing changes. `score` compares both on a recording of the
# lesioned circuit. `difference` is the gain, in nats over the whole recording, with its standard error.

# %%
after = bi.simulate(lesioned, num_updates=20_000, key=jax.random.key(3))
scored = bi.score(posterior, circuit.silence(3), after)
columns = ["score", "per_observation", "difference", "difference_se", "passed"]
print(scored[columns].to_dataframe().round(4).to_string())

# %% [markdown]
# ## Other changes
#
# | change | call |
# |---|---|
# | a neuron always spikes | `circuit.force(3)` |
# | a connection is cut: neuron 1 no longer sees 3 | `circuit.cut([(1, 3)])` |
# | other stimulus statistics | `circuit.with_stimulus(bi.Stimulus.switching(0.2))` |
# | another coding cost | `bi.adapt(posterior, circuit, coding_cost_factor=2.0)` |
