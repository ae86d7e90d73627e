# %% [markdown]
# # A population of 48 retinal cells
#
# A retina was shown a full-field flash that is drawn anew, bright or dark, every 0.12 s for an hour. After a run of
# equal flashes, a change is a surprise. Which cells answer it, and can a reward explain what all
# of them do?
#
# **The data** are those of Despotović, Joffrois, Marre & Chalk (2024), *Encoding surprise by retinal ganglion cells*,
# PLOS Computational Biology: repository `retinal-information-processing-lab/encoding_surprise` on GitHub, commit
# 6e3dac15, under the MIT licence (Copyright (c) 2024 retinal-information-processing-lab). It holds one file of spike
# times for each cell. Put them into one archive, `retina_surprise.npz`, with five arrays: `spike_time` (s) and
# `spike_unit` (0 to 47) of every spike, `unit_id` of every cell, `flash_time` (s) and `flash` (1 is bright) of every
# flash. Set `BAYES_IRL_DATA` to its folder.
#
# A part of these data ships with the package: `bi.load_example("retina")` has the 12 cells that spike most, 10 of the
# 60 minutes, in bins of 5 ms. It can be fitted like the recording of this page, but its results are not those of this
# page.

# %%
# %matplotlib inline
import os
import warnings
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

archive = np.load(Path(os.environ.get("BAYES_IRL_DATA", "../../shared/data")) / "retina_surprise.npz")

# %% [markdown]
# ## One bin for each flash
#
# A bin lasts as long as a flash, so that a pattern says which cells answered it. That costs detail: a cell that spikes
# twice counts once, and a warning, left out here, says that up to 63 % of a cell's spikes share a bin. The stimulus is
# the flash: bright or dark.

# %%
flash, when = archive["flash"], archive["flash_time"]
edges = np.append(when, when[-1] + 0.12)
cells = [archive["spike_time"][archive["spike_unit"] == cell] for cell in range(48)]
counts = np.stack([np.histogram(times, edges)[0] for times in cells], axis=1)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", bi.DataWarning)
    recording = bi.Recording.from_counts(
        counts, np.where(flash == 1, "bright", "dark"), bin_width=0.12, unit_ids=archive["unit_id"]
    )
print(recording)

# %% [markdown]
# ## Who answers surprise?
#
# The share of flashes that a cell answers: the first flash after a change, beside the same flash when at least two
# equal ones came before. This is counted, not inferred.

# %%
starts = np.flatnonzero(np.diff(flash, prepend=1 - flash[0]))
run = np.arange(len(flash)) - np.repeat(starts, np.diff(starts, append=len(flash)))
for colour, name in ((1, "bright"), (0, "dark")):
    new, old = (recording.spikes[(flash == colour) & chosen].mean(axis=0) for chosen in (run == 0, run >= 2))
    most = int((new - old).argmax())
    print(f"{name}: cell {recording.unit_names[most]} answers {new[most]:.0%} of changes, {old[most]:.0%} later")
    print(f"{name}: the median cell {np.median(new):.0%} and {np.median(old):.0%}")

# %% [markdown]
# ## What do they work for?
#
# 48 cells have 2⁴⁸ patterns, too many for a table of rewards. A `Population` has a *value* instead, a sum over pairs of
# cells, over cells and stimuli, and over numbers of spikes; a value implies a reward. `Sandwich` is the method for
# populations. The update rate says that a cell answers once in a flash: a plain choice to begin with.

# %%
population = bi.Population.from_recording(recording, update_rate=1 / 0.12)
posterior = bi.infer("large_population", population, recording, method=bi.Sandwich(num_draws=50), key=0)
print(bi.verdict(posterior))

# %% [markdown]
# ## Read the verdict
#
# **Do not trust this fit**, says the verdict. The counts above show one reason. With one answer in a bin on average,
# a cell is redrawn in only 64 % of the bins, but these cells go from a few per cent to 91 % between two flashes: no
# value can make them follow that fast, and the search for the peak did not settle. Another reason may be that answers
# depend on the flashes before, which two states of the stimulus leave out.
#
# So this is a result about the assumptions, not about the retina. [A failed verdict, line by
# line](../howto/failed_verdict.md) has every check.
#
# ## Other assumptions
#
# A bin now begins 0.05 s after a flash, when cells have begun to answer, and the stimulus is the flash with the number
# of equal ones in a row. It stands still while cells answer (T = 1): a pattern is drawn from the distribution at which
# the answers to that flash settle. The claim is the simplest one: each cell is rewarded for its own answers.

# %%
states = np.char.add(
    np.where(flash == 1, "bright, ", "dark, "), np.array(["new", "2", "3 or more"])[np.minimum(run, 2)]
)
later = np.stack([np.histogram(times, edges + 0.05)[0] for times in cells], axis=1)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", bi.DataWarning)
    answers = bi.Recording.from_counts(later, states, bin_width=0.12, unit_ids=archive["unit_id"])
still = bi.Stimulus(np.eye(6), labels=answers.stimulus_names)
posterior = bi.infer("independent_tuning", bi.Population(48, still, unit_ids=answers.unit_ids), answers, key=0)
print(bi.verdict(posterior))

# %% [markdown]
# This fit passes. What does it say? A field is the value of a cell's answer, in nats: it adds to the log odds of an
# answer at the mean response. The cell whose answer to a change is worth most:

# %%
fields = posterior["posterior"]["fields"].isel(chain=0)
surprise = fields.sel(stimulus="bright, new") - fields.sel(stimulus="bright, 3 or more")
low, high = surprise.quantile([0.05, 0.95], "draw")
best = surprise.mean("draw").argmax("neuron").item()
print(
    f"cell {surprise['neuron'].values[best]}: {surprise.mean('draw')[best]:.1f} nats more for a bright flash after a "
    f"change (90 % equal-tailed interval {low[best]:.1f} to {high[best]:.1f})"
)

# %% [markdown]
# Whether pairs of cells are rewarded is the next question. Fits of `large_population` to these answers are at the edge
# of what the gate accepts: read the verdict of yours before anything else.
#
# [Thirty simulated neurons](population.ipynb) go all the way to that prediction. What is approximate for populations,
# and how well it agrees with exact inference on small circuits: [Large populations](../populations.md).
