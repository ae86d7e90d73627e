# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What are these couplings for?
#
# Suppose that neurons only add up their inputs: π_i(1 | σ, x) = sigmoid(Σ_j J_ij σ_j + h_i(x)). The claim: *the
# couplings θ = (J, h) are the best ones for some reward r(σ, x)*. Then the gradient of
#
# L = E[r] − λ (1/n) Σ_i E KL(π_i ‖ p_i)
#
# vanishes at them,
#
# Σ_{σ,x} r(σ, x) ∂ρ(σ, x)/∂θ = λ ∂C/∂θ,
#
# which is linear in the reward: as many equations as there are couplings and fields. A circuit of six neurons is
# rewarded by 3 λ for one spike under stimulus 0 and for five under stimulus 1. We find its best couplings, record
# them at work, and infer the reward from the recording (the last picture). The last two circuits are ones for which
# this does not work.
#
# Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.

# %%
import os
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

OUT = Path(os.environ.get("BAYES_IRL_OUT", "out"))
SMALL = "BAYES_IRL_SMALL" in os.environ  # fewer neurons and updates, for tests
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## The best couplings
#
# L is exact, and so is its gradient; but it has many optima. Neurons that start with the same couplings keep the same
# couplings, so this search starts from random ones. `objectives` holds L from each start, and `ended` says how the best
# one ended.

# %%
num = 4 if SMALL else 6
circuit = bi.Circuit(num, bi.Stimulus.switching(0.05))
coupled = circuit.coupled()
reward = 3 * bi.rewards.from_spike_count(circuit, target={0: 1, 1: num - 1})
starts = [bi.Couplings.random(circuit, jax.random.key(seed)) for seed in range(1 if SMALL else 3)]
found = bi.optimize(coupled, reward, coding_cost=1.0, baseline=0.4, start=starts)
print("L from every start:", np.asarray(found.objectives).round(3))
print(found.ended)
free = bi.optimize(circuit, reward, 1.0, 0.4)
print(f"L {found.objective:.3f} with couplings, {free.objective:.3f} with any answers")
bi.plots.couplings(found).savefig(OUT / "coupled_optimum.png", dpi=200)

# %% [markdown]
# ## From a recording to the reward
#
# The couplings are not given; they are inferred from the recorded answers, and their uncertainty is part of the
# posterior of the reward. The gate also tests whether *any* reward of this form makes these couplings optimal.

# %%
recording = bi.simulate(found, 20_000 if SMALL else 1_000_000, jax.random.key(0))
method = bi.Laplace(num_draws=200 if SMALL else 1000)
posterior = bi.infer(
    bi.load_model("spike_count"), coupled, recording, 0.4, method, key=jax.random.key(1), progress=not SMALL
)
print(bi.verdict(posterior))
print("\n".join(posterior["gate"]["sentence"].values))
bi.plots.couplings(posterior).savefig(OUT / "coupled_recorded.png", dpi=200)

# %%
inferred = posterior["posterior"]["reward_per_count"]
weights = posterior["constant_data"]["weights"].values
truth = bi.rewards.per_spike_count(circuit, bi.rewards.in_gauge(reward, weights))
low, high = inferred.quantile((0.05, 0.95), ("chain", "draw")).values
for x, label in enumerate(circuit.stimulus.labels):
    for spikes in range(num + 1):
        print(f"stimulus {label}, {spikes} spikes: {low[x, spikes]:6.2f} to {high[x, spikes]:6.2f}", end="")
        print(f", truth {truth[x, spikes]:6.2f}")
inside = (low <= np.asarray(truth)) & (np.asarray(truth) <= high)
print(f"{inside.sum()} of {inside.size} rewards lie in their 90 % interval")
bi.plots.reward_map(posterior, truth=reward).savefig(OUT / "coupled_reward.png", dpi=200)

# %% [markdown]
# ## Equal neurons carry little information
#
# When the search starts from zero couplings, it finds a better optimum in the large circuit, in which all neurons are
# alike. Couplings and fields are then three different numbers, which give three equations. Most of the reward keeps its
# prior, with wide intervals, for a recording of any length.

# %%
alike = bi.optimize(coupled, reward, 1.0, 0.4, start=bi.Couplings.none(circuit))
print(f"L {alike.objective:.3f}, different couplings:", np.unique(alike.couplings.weights.round(6)))

# %% [markdown]
# ## A frozen circuit carries no information
#
# If each neuron's baseline adapts to its own mean response, an answer that never changes costs nothing. From most
# random couplings the circuit settles in one pattern that one of the stimuli rewards. Its recording is refused. (The
# small circuit of the tests freezes in part only; its gate says so.)

# %%
frozen = bi.optimize(coupled, reward, 1.0, "neuron", start=bi.Couplings.random(circuit, jax.random.key(1)))
print(frozen.ended)
try:
    record = bi.simulate(frozen, 1000, jax.random.key(2))
    model = bi.load_model("spike_count")
    print(bi.verdict(bi.infer(model, coupled, record, "neuron", method, key=jax.random.key(3))))
except bi.InputError as refusal:
    print(refusal)
