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
# # What does a network that was paid to choose know about value?
#
# A recurrent network is offered two juices, and paid for its choice. The claim: *from the reward of its choices alone
# it comes to carry what its offers are worth, what it chooses, and what that brings*, as neurons of the orbitofrontal
# cortex do. The decision network ascends
#
# E[ Σ_t (R − v_t) log π(a_t | r_t) ],
#
# where v_t, a second network's prediction of the reward R from the first one's rates r_t, is its baseline. We ask where
# the network is indifferent (1 A was worth 2.2 B), which variables its units encode, what the second network predicts,
# and what breaks when units of each kind are silenced (the last picture).
#
# Sources: Song, Yang & Wang 2017, doi:10.7554/eLife.21492; Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676.

# %%
import os
from pathlib import Path

import jax
import numpy as np

import bayes_irl as bi

OUT = Path(os.environ.get("BAYES_IRL_OUT", "out"))
SMALL = "BAYES_IRL_SMALL" in os.environ  # coarse steps and fewer trials, for tests
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## Training
#
# Some minutes; a second run goes on where the first one stopped.

# %%
task = bi.tasks.make("economic_choice", dt=50.0 if SMALL else 10.0)
folder = OUT / "juices"
agent = bi.train(
    task,
    key=jax.random.key(0 if SMALL else 1),  # with coarse steps this one learns sooner
    max_updates=2000 if SMALL else 20_000,
    folder=folder,
    resume=(folder / "checkpoint.eqx").exists(),
    progress=not SMALL,
)
print(agent.ended)
num_trials = 1000 if SMALL else 4000
intact = bi.run(agent, num_trials, key=jax.random.key(1))

# %% [markdown]
# ## Where it is indifferent

# %%
choices = bi.analysis.indifference(intact)
estimate, low, high = choices["relative_value"].sel(curve="all", statistic=["estimate", "low", "high"]).values
print(f"1 A is worth {estimate:.2f} B to it (90 % interval {low:.2f} to {high:.2f}); it was paid for 2.2")
bi.plots.indifference(choices).savefig(OUT / "network_indifference.png", dpi=200)

# %% [markdown]
# ## What its units encode
#
# Each unit's mean rate while offers are shown, regressed on each variable alone: the best one names the unit.

# %%
tell = bi.analysis.selectivity(intact)
for name, number in zip(tell["variable"].values, tell["num_best"].values, strict=True):
    print(f"{name:14s} {int(number):3d} units")
print(f"none           {int((tell['best'] == 'none').sum()):3d} units")
bi.plots.selectivity(tell).savefig(OUT / "network_selectivity.png", dpi=200)
bi.plots.predicted_return(bi.analysis.predicted_return(intact)).savefig(OUT / "network_value.png", dpi=200)

# %% [markdown]
# ## What breaks
#
# As many units of each kind are silenced as the rarest one of at least five has, and as many of any kind, drawn
# blindly: a group matters if it does worse than that.

# %%
members = {str(name): np.flatnonzero(tell["best"] == name) for name in tell["variable"].values}
members = {name: units for name, units in members.items() if len(units) >= 5}
number = min(map(len, members.values()))
draw = np.random.default_rng(0)
groups = {name: np.sort(draw.choice(units, number, replace=False)) for name, units in members.items()}
groups["any"] = np.sort(draw.choice(agent.settings.num_units, number, replace=False))
runs = {
    name: bi.run(agent, num_trials, key=jax.random.key(2 + k), silence=units.tolist())
    for k, (name, units) in enumerate(groups.items())
}
broken = bi.analysis.silencing({"intact": intact} | runs)
print(f"{number} units of a kind silenced:")
print(f"{'':14s} {'answered':>25s} {'correct':>25s} {'change of correct':>27s}")
for name in broken["group"].values:
    row = broken.sel(group=name)
    shown = ("share_answered", "share_correct") + (("change_correct",) if name != "intact" else ())
    cells = [row[each].sel(statistic=["estimate", "low", "high"]).values for each in shown]
    print(f"{name:14s}", *("{:>8.3f} ({:.3f} to {:.3f})".format(*each) for each in cells))
bi.plots.silencing(broken).savefig(OUT / "network_silenced.png", dpi=200)
