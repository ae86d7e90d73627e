"""Make the small recordings of `bi.load_example` from the recordings that they are parts of.

python docs/make_examples.py ../shared/data
"""

import sys
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi
from bayes_irl.recordings.shipped import FOLDER


def retina(data: Path) -> bi.Recording:
    """Ten minutes of the twelve cells that spike most."""
    stored = dict(np.load(data / "retina_surprise.npz"))
    most = np.argsort(-np.bincount(stored["spike_unit"]))[:12]
    units = [str(unit) for unit in stored["unit_id"][np.sort(most)]]
    start = float(stored["flash_time"][0])
    return bi.load_recording(
        data / "retina_surprise.npz", bin_width=0.005, stimulus="flash", epochs=[start, start + 600], units=units
    )


def rat_clicks(data: Path) -> bi.Recording:
    """The first 120 trials; clicks are smoothed over 0.1 s and cut at their medians."""
    stored = np.load(data / "rat_clicks_T103_303075.npz")
    first = stored["trial"] < 120
    trial = stored["trial"][first]
    clicks = stored["stimulus"][first]
    states, labels = bi.stimulus_states(clicks, names=("left", "right"), smooth=0.1, bin_width=0.01, trial=trial)
    spikes = stored["spikes"][first]
    return bi.Recording.from_arrays(spikes, states, trial=trial, bin_width=0.01, stimulus_names=labels)


def hippocampus(data: Path) -> bi.Recording:
    """Eight minutes of the six units that spike most, by quarters of the track."""
    stored = np.load(data / "hippocampus_linear_track.npz")
    counts = stored["spikes"][:24_000]
    units = np.sort(np.argsort(-counts.sum(axis=0, dtype=np.int64))[:6])
    parts, labels = bi.stimulus_states(stored["stimulus"][:24_000, 0], 4, names=("track",))
    return bi.Recording.from_arrays(
        np.minimum(counts[:, units], 1), parts, bin_width=0.02, unit_ids=units, stimulus_names=labels
    )


def spike_count(_: Path) -> bi.Recording:
    """Six neurons whose reward is known."""
    circuit = bi.Circuit(6, bi.Stimulus.switching(0.02))
    reward = bi.rewards.from_spike_count(circuit, target={0: 2, 1: 4})
    network = bi.optimize(circuit, reward, coding_cost=0.5, baseline="population")
    return bi.simulate(network, num_updates=20_000, key=jax.random.key(0))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for make in (retina, rat_clicks, hippocampus, spike_count):
        recording = make(Path(sys.argv[1]))
        bi.save_recording(recording, FOLDER / f"{make.__name__}.npz")
        print(make.__name__, (FOLDER / f"{make.__name__}.npz").stat().st_size, recording, sep="\n")
