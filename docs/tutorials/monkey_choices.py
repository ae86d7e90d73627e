# %% [markdown]
# # A monkey's choices
#
# Two monkeys chose between two juices. What was a drop of juice A worth to them, in drops of B? The data are those of
# the Padoa-Schioppa laboratory (repository `PadoaSchioppaLab/2022_eLife_choicebias` on GitHub, Apache-2.0), as arrays
# of trials: quantities `qA` and `qB`, `choseA`, `session` and `monkey`. Set `BAYES_IRL_DATA` to the folder that holds
# them.

# %%
# %matplotlib inline
import os
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

path = Path(os.environ.get("BAYES_IRL_DATA", "../../shared/data")) / "monkey_econ_choice.npz"
data = dict(np.load(path, allow_pickle=False))

# %% [markdown]
# ## Trials
#
# Twelve sessions of each monkey in which both juices were offered at once.

# %%
at_once = data["task"] == "JC"
sessions = [np.unique(data["session"][at_once & (data["monkey"] == monkey)])[:12] for monkey in "GJ"]
chosen = at_once & np.isin(data["session"], np.concatenate(sessions))
trials = {name: column[chosen] for name, column in data.items()}
offers = bi.Offers.from_arrays(trials["qA"], trials["qB"], session=trials["session"], subject=trials["monkey"])
print(f"{offers.num_trials:,} choices in {offers.num_sessions} sessions of {offers.num_subjects} monkeys")

# %% [markdown]
# ## Three rules of choice
#
# Choices are soft-optimal for a difference of values. Value may be concave in quantity, or linear; or only the ratio
# of quantities counts. The rules are compared on trials with both juices on offer, since a ratio says nothing about
# the others.
#
# The verdict refutes the rules: choices change over the recording and depend on the choice before, which no rule here
# allows. So intervals may be too narrow, and `compare` refuses such fits unless told otherwise. We continue, to see
# which rule comes closest.

# %%
free, chose_a = offers.keep(~offers.forced), trials["choseA"][~offers.forced]
method = bi.Nuts(num_chains=2, num_draws=1500, target_accept=0.98)
rules = ("economic_choice", "economic_choice_linear", "economic_choice_log_ratio")
fits = {rule: bi.infer(rule, free, chose_a, method=method, key=0) for rule in rules}
for rule, fit in fits.items():
    print(f"{rule}: {bi.verdict(fit)}")
table = bi.compare(fits, allow_failed=True)
print(table[["elpd", "difference", "difference_se"]].to_dataframe().round(1).to_string())

# %% [markdown]
# Value is concave: linear values predict worse by more than five standard errors. The ratio is worse by less than
# two, which these sessions cannot tell; all 306 sessions can.
#
# ## What they want

# %%
best = fits["economic_choice"]
for monkey in best["posterior"]["subject"].values:
    draws = best["posterior"]["concavity"].sel(subject=monkey)
    low, high = draws.quantile([0.05, 0.95]).values
    print(f"monkey {monkey}: concavity {float(draws.mean()):.2f} (90 % interval {low:.2f} to {high:.2f}; 1 is linear)")
bi.plots.relative_values(best)

# %% [markdown]
# ## What the rule does not explain
#
# Dots outside their bars are shares of choices that the posterior does not predict.

# %%
bi.plots.choice_shares(best)

# %% [markdown]
# All 306 sessions, with trials in which offers came one after the other: [Rewards from
# choices](../behaviour.md#two-monkeys).
