# %% [markdown]
# # Trials of trained networks
#
# Each plot takes the dataset that the function of the same name in `bi.analysis` returns. The networks are trained for
# a minute, with steps of 50 ms. The pictures show the plots, not how well networks can learn.

# %%
# %matplotlib inline
import tempfile

import jax

import bayes_irl as bi

key = jax.random.key(0)


def trained(name, max_updates=400, **options):
    folder = tempfile.mkdtemp()
    agent = bi.train(bi.tasks.make(name, dt=50.0, **options), key=key, folder=folder, max_updates=max_updates)
    return agent, bi.agents.training_history(folder)


agent, history = trained("perceptual_decision")
trials = bi.run(agent, 2000, key=key)

# %% [markdown]
# ## `learning`: reward and accuracy through training

# %%
bi.plots.learning(bi.analysis.learning([history]))

# %% [markdown]
# ## `psychometric`: answers against evidence

# %%
bi.plots.psychometric(bi.analysis.psychometric(trials))

# %% [markdown]
# ## `accuracy`: shares answered and correct, condition by condition

# %%
bi.plots.accuracy(bi.analysis.accuracy(trials, by="coherence"))

# %% [markdown]
# ## `viewing_time`: how accuracy grows with the duration of the stimulus

# %%
bi.plots.viewing_time(bi.analysis.viewing_time(trials))

# %% [markdown]
# ## `activity`: rates of units through the trial

# %%
bi.plots.activity(bi.analysis.activity(trials, by="choice"))

# %% [markdown]
# ## `selectivity`: what units encode

# %%
bi.plots.selectivity(bi.analysis.selectivity(trials))

# %% [markdown]
# ## `predicted_return`: what the value network predicts

# %%
bi.plots.predicted_return(bi.analysis.predicted_return(trials))

# %% [markdown]
# ## `silencing`: accuracy with units silenced

# %%
silenced = bi.run(agent, 2000, key=key, silence=list(range(20)))
bi.plots.silencing(bi.analysis.silencing({"intact": trials, "first 20 units": silenced}))

# %% [markdown]
# ## `chronometric`: reaction times against the strength of evidence

# %%
agent, _ = trained("reaction_time")
bi.plots.chronometric(bi.analysis.chronometric(bi.run(agent, 2000, key=key)))

# %% [markdown]
# ## `sure_bet`: when the agent takes the sure bet
#
# This network has not yet learned to take it. [Networks that learn tasks by reward](../training.md) shows some that
# have.

# %%
agent, _ = trained("wager", max_updates=800)
bi.plots.sure_bet(bi.analysis.sure_bet(bi.run(agent, 2000, key=key)))

# %% [markdown]
# ## `multisensory`: thresholds of each sense and of both

# %%
agent, _ = trained("multisensory", max_updates=300)
bi.plots.multisensory(bi.analysis.multisensory(bi.run(agent, 3000, key=key)))

# %% [markdown]
# ## `indifference`: choices against the offer, and what one juice is worth in the other

# %%
agent, _ = trained("economic_choice", max_updates=800)
bi.plots.indifference(bi.analysis.indifference(bi.run(agent, 3000, key=key)))
