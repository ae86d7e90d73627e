# %% [markdown]
# # From your NWB file
#
# A session in an NWB file: spike-sorted units and a flash. We load it, infer what the units work for, check the fit,
# and draw what it predicts. So that the page runs anywhere, it writes the file first. With your own file, begin at
# "Load it".

# %%
# %matplotlib inline
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np
from pynwb import NWBHDF5IO, NWBFile, TimeSeries  # to write a file; not needed to read one

import bayes_irl as bi

# %% [markdown]
# ## A file to load
#
# Five units: the reward of a pattern is a sum over the units that spike, which depends on the flash, and over pairs of
# them, which does not. Ten minutes are simulated in bins of 10 ms, with five updates in each. `pynwb`
# (`pip install pynwb`) writes the spike times of each unit, and the times at which the flash went on (1) or off (0).

# %%
rng = np.random.default_rng(0)
flashes = bi.Stimulus.per_update([[0.95, 0.05], [0.05, 0.95]], 5)
true_circuit = bi.Circuit(5, flashes)
weights, fields = rng.normal(0, 0.2, 10), rng.normal(0, 0.2, (2, 5))
true_reward = bi.rewards.pairwise(true_circuit, weights, fields)
network = bi.optimize(true_circuit, true_reward, coding_cost=1.0, baseline=0.4)
simulated = bi.simulate(network, num_updates=300_000, key=jax.random.key(0))

nwb = NWBFile("Five simulated units under a flash.", "tutorial", datetime(2026, 1, 1, tzinfo=UTC))
for unit, column in zip((11, 14, 15, 23, 40), simulated.spikes.T, strict=True):
    bins = np.flatnonzero(column)
    nwb.add_unit(id=unit, spike_times=0.01 * (bins + rng.uniform(0.01, 0.99, len(bins))))
changes = np.flatnonzero(np.diff(simulated.stimulus, prepend=-1))
nwb.add_acquisition(TimeSeries(name="flash", data=simulated.stimulus[changes], unit="n/a", timestamps=0.01 * changes))
path = Path(tempfile.mkdtemp()) / "session.nwb"
with NWBHDF5IO(path, "w") as file:
    file.write(nwb)

# %% [markdown]
# ## Load it
#
# The bin width is yours to choose: the widest in which a unit rarely spikes twice. `stimulus` names a series or a
# column of the trials; a name that is not in the file gives an error that lists what is.

# %%
recording = bi.load_recording(path, bin_width=0.01, stimulus="flash", epochs=[0, 600])
print(recording)
bi.plots.raster(recording, num_bins=200)

# %% [markdown]
# ## Infer
#
# The update rate is yours to state: how often each unit could change its answer, in Hz. `pairwise` claims that single
# units and pairs of units are rewarded. Read the verdict before anything else.

# %%
circuit = bi.Circuit.from_recording(recording, update_rate=100.0)
posterior = bi.infer("pairwise", circuit, recording, method=bi.Nuts(num_chains=2), key=0)
print(bi.verdict(posterior))

# %% [markdown]
# ## Check
#
# Recordings drawn from the fit, beside the one in the file.

# %%
checked = bi.checks.predictive(posterior, key=jax.random.key(1))
bi.plots.predictive(checked)

# %% [markdown]
# ## Draw a prediction
#
# What do the others do without unit 23? Names of units are those of the file.

# %%
prediction = bi.adapt(posterior, circuit.silence("23"))
bi.plots.tuning_curves(prediction)

# %% [markdown]
# Keep the fit with `posterior.to_netcdf("posterior.nc")`. Next: [compare two claims](two_claims.ipynb); what other
# files may hold, and how to choose units and epochs: [recordings](../recordings.md).
