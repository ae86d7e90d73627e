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
# # From spike times to a reward: 48 ganglion cells under a flash
#
# A retina was shown a full-field flash that is drawn anew, bright or dark, every 0.12 s for an hour (Despotović,
# Joffrois, Marre & Chalk 2024). The file holds spike times, not bins. What a flash means to a cell depends on what was
# shown before it: after a run of equal flashes a change is a surprise. So the stimulus is the flash, and how many equal
# ones came before.
#
# Run it as a script, or open it as a notebook with jupytext. It needs `retina_surprise.npz`, in the folder that the
# environment variable `BAYES_IRL_DATA` names (by default `../shared/data`); `bi.load_example("retina")` is part of it.

# %%
import os
import sys
import time
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

FILE = Path(os.environ.get("BAYES_IRL_DATA", "../shared/data")) / "retina_surprise.npz"
OUT = Path(os.environ.get("BAYES_IRL_OUT", "out"))
SMALL = "BAYES_IRL_SMALL" in os.environ  # fewer cells and minutes, for tests
if not FILE.is_file():
    sys.exit(f"{FILE} is not there: set BAYES_IRL_DATA to the folder that holds it.")
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## Events become states, spike times become bins
#
# Each flash is an event, whose value holds until the next one: "bright, new" is the first bright flash after a dark
# one, "bright, 2" the second one in a row, "bright, 3 or more" any later one.

# %%
archive = np.load(FILE)
flash, when = archive["flash"], archive["flash_time"]
starts = np.flatnonzero(np.diff(flash, prepend=1 - flash[0]))
run = np.arange(len(flash)) - np.repeat(starts, np.diff(starts, append=len(flash))) + 1
words = np.array(["new", "2", "3 or more"])[np.minimum(run, 3) - 1]
names = np.char.add(np.where(flash == 1, "bright, ", "dark, "), words)

began = time.perf_counter()
recording = bi.load_recording(
    FILE, bin_width=0.01, stimulus=(when, names), epochs=[when[0], when[0] + (300 if SMALL else 3600)]
)
print(f"read and binned in {time.perf_counter() - began:.1f} s")
if SMALL:
    recording = recording.select(bi.pick_neurons(recording.spikes, 0.01, num_neurons=8))
print(recording)
bi.plots.raster(recording, num_bins=300, start=1000).savefig(OUT / "retina_raster.png", dpi=200)

# %% [markdown]
# ## A population of 48, too many to enumerate
#
# The next flash comes after 0.12 s, and cells answer about 0.05 s after a flash. So a pattern is what they answered to
# one flash, from 0.05 s after it on. The flash stands still meanwhile (T = 1): patterns under it are drawn from the
# distribution at which the answers settle. With a stimulus that may change between two answers, no value lets cells
# follow it as closely as these do, and the fit is refused ([the tutorial](../docs/tutorials/retina.ipynb)).
#
# The claim is the simplest one: each cell is rewarded for its own answers, to each flash (`independent_tuning`).
# Whether rewards of pairs predict better is the next question; fits of `large_population` are at the edge of what the
# gate accepts here. The first line that is printed says whether intervals can be trusted.

# %%
last = np.searchsorted(when, recording.duration + when[0] - 0.17)
edges = np.append(when[:last], when[last - 1] + 0.12) + 0.05
own = [archive["spike_time"][archive["unit_id"][archive["spike_unit"]] == int(unit)] for unit in recording.unit_names]
counts = np.stack([np.histogram(times, edges)[0] for times in own], axis=1)
answers = bi.Recording.from_counts(counts, names[:last], bin_width=0.12, unit_ids=recording.unit_names)
still = bi.Stimulus(np.eye(6), labels=answers.stimulus_names)
population = bi.Population(answers.num_neurons, still, unit_ids=answers.unit_ids)
began = time.perf_counter()
posterior = bi.infer("independent_tuning", population, answers, key=0)
print(f"fitted in {time.perf_counter() - began:.0f} s. {bi.verdict(posterior)}")

# %% [markdown]
# ## Who answers surprise?
#
# Share of flashes that a cell answers: the first flash after a change, and the same flash when it is at least the third
# one. As recorded.

# %%
shares = posterior["system"]["recorded_tuning"].isel(recording=0)
for colour in ("bright", "dark"):
    new, old = (shares.sel(stimulus=f"{colour}, {word}") for word in ("new", "3 or more"))
    most = int((new - old).argmax("neuron"))
    pair = f"{float(new[most]):.0%} after a change, {float(old[most]):.0%} later"
    middle = f"the median cell {float(new.median()):.0%} and {float(old.median()):.0%}"
    print(f"{colour}: cell {new['neuron'].values[most]} {pair}; {middle}")
