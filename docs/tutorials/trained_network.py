# %% [markdown]
# # Training a network and asking what it wants
#
# A recurrent network learns to choose between two juices, by reward alone. Juice A pays 2.2 times as much as juice B.
# Then we forget that, look at its choices, and infer what one A is worth to it.

# %%
# %matplotlib inline
import jax

jax.config.update("jax_enable_x64", True)

import tempfile

import numpy as np

import bayes_irl as bi
from bayes_irl.analysis.indifference import chosen_juice

# %% [markdown]
# ## Training
#
# Steps of 50 ms make it quick; 10 ms is the default. Training stops once the criterion of the task is met.

# %%
task = bi.tasks.make("economic_choice", dt=50.0)
folder = tempfile.mkdtemp()
agent = bi.train(task, key=jax.random.key(0), folder=folder, max_updates=2000)
print(agent.ended)
bi.plots.learning(bi.analysis.learning([bi.agents.training_history(folder)]))

# %% [markdown]
# ## What it does
#
# 2,000 trials. The curves show how often it takes B, for each pair of quantities; where they cross one half, the
# network is indifferent.

# %%
trials = bi.run(agent, 2000, key=jax.random.key(1))
bi.plots.indifference(bi.analysis.indifference(trials))

# %% [markdown]
# ## What it wants
#
# The same choices, as an experimenter would have them: what was offered, and whether A was taken. The model says that
# choices are soft-optimal for the difference of two values, and that value is concave in quantity.

# %%
answered = trials.isel(trial=np.flatnonzero(trials["answered"]))
left = answered["juice_left"].values == 0
took_a = (chosen_juice(answered) == "A").values
offers = bi.Offers.from_arrays(answered["num_a"].values, answered["num_b"].values, a_left=left)
posterior = bi.infer("economic_choice", offers, took_a, method=bi.Nuts(num_chains=2), key=0)
print(bi.verdict(posterior))
worth = posterior["posterior"]["relative_value"]
low, high = worth.quantile([0.05, 0.95]).values
print(f"1 A is worth {float(worth.mean()):.2f} B to it (90 % interval {low:.2f} to {high:.2f}); it was paid for 2.2")

# %% [markdown]
# The verdict refutes the model. A soft-optimal agent errs only between offers of similar value. This network, after
# little training, sometimes takes an offer that is worth much less. So read the number as the offer at which it is
# indifferent, not as a reward that explains all of its choices. It can lie anywhere between 2 and 3: the offers that
# bracket indifference are 2 : 1 and 3 : 1, and every network that is indifferent between them earns as much. [Rewards
# from choices](../behaviour.md#networks-of-known-reward) has that comparison for networks trained longer.
#
# ## What its units know
#
# Each unit's mean rate while offers are shown, regressed on each variable alone: the best one names the unit.

# %%
bi.plots.selectivity(bi.analysis.selectivity(trials))
