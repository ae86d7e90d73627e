"""Files as labs have them, each written with the library of its format: ten units, trials with a contrast, gaps."""

from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import scipy.io

RATE = 30_000.0  # samples per second
IDS = (2, 3, 5, 8, 13, 21, 28, 34, 55, 89)
GOOD = IDS[:4]
QUALITY = {unit: "good" if unit in GOOD else "mua" for unit in IDS}
TRIALS = np.array([[start, start + 2.0] for start in np.arange(40) * 3.0 + 1])
CONTRAST = np.tile([0.0, 0.25, 1.0, 0.25], 10)
FRAMES = np.arange(0, 125, 0.1)  # of a continuous signal, in seconds


def spikes(seed: int = 0) -> dict[int, np.ndarray]:
    """Spike times in seconds, whole numbers of samples; some units answer to the contrast."""
    rng = np.random.default_rng(seed)
    found = {}
    for k, unit in enumerate(IDS):
        high = np.zeros(126_000, bool)  # ms
        for (start, stop), contrast in zip(TRIALS, CONTRAST, strict=True):
            high[int(1000 * start) : int(1000 * stop)] = contrast > 0.5
        spiked = rng.random(len(high)) < 0.004 * (1 + k % 3 * high)
        found[unit] = np.round((np.flatnonzero(spiked) / 1000 + 1e-4) * RATE) / RATE
    return found


def running(times: np.ndarray) -> np.ndarray:
    """A speed that rises and falls."""
    return 10 + 8 * np.sin(times / 7)


def write_nwb(path: Path, times: dict[int, np.ndarray] | None = None) -> None:
    """An NWB file, by pynwb."""
    from pynwb import NWBHDF5IO, NWBFile, TimeSeries

    file = NWBFile("made for a test", "lab files", datetime(2026, 1, 1, tzinfo=UTC))
    file.add_unit_column("quality", "what a person thought of it")
    for unit, each in (times or spikes()).items():
        file.add_unit(spike_times=each, id=unit, quality=QUALITY[unit])
    file.add_trial_column("contrast", "of a grating")
    file.add_trial_column("side", "of the screen")
    for number, ((start, stop), contrast) in enumerate(zip(TRIALS, CONTRAST, strict=True)):
        file.add_trial(start_time=start, stop_time=stop, contrast=contrast, side=["left", "right"][number % 2])
    file.add_acquisition(TimeSeries(name="speed", data=running(FRAMES), unit="cm/s", starting_time=0.0, rate=10.0))
    module = file.create_processing_module("behavior", "what it did")
    module.add(TimeSeries(name="lick", data=np.arange(125) % 2, unit="n/a", timestamps=np.arange(125.0)))
    with NWBHDF5IO(path, "w") as io:
        io.write(file)


def write_plain_nwb(path: Path, times: dict[int, np.ndarray] | None = None) -> None:
    """The part of an NWB file that is read, by h5py: for tests that need no pynwb."""
    units = times or spikes()
    with h5py.File(path, "w") as file:
        file["units/id"] = list(units)
        file["units/spike_times"] = np.concatenate(list(units.values()))
        file["units/spike_times_index"] = np.cumsum([len(each) for each in units.values()])
        file["units/quality"] = [QUALITY[unit] for unit in units]
        for name, column in (("start_time", TRIALS[:, 0]), ("stop_time", TRIALS[:, 1]), ("contrast", CONTRAST)):
            file[f"intervals/trials/{name}"] = column
        file["intervals/trials/side"] = ["left", "right"] * 20
        file["acquisition/speed/data"] = running(FRAMES)
        file["acquisition/speed/starting_time"] = 0.0
        file["acquisition/speed/starting_time"].attrs["rate"] = 10.0
        file["processing/behavior/lick/data"] = np.arange(125) % 2
        file["processing/behavior/lick/timestamps"] = np.arange(125.0)


def write_phy(folder: Path, times: dict[int, np.ndarray] | None = None) -> None:
    """A folder as Kilosort and phy leave it, with trials beside it."""
    folder.mkdir()
    units = times or spikes()
    samples = np.concatenate([np.round(each * RATE) for each in units.values()]).astype(np.uint64)
    clusters = np.concatenate([np.full(len(each), unit, np.int32) for unit, each in units.items()])
    order = np.argsort(samples, kind="stable")
    np.save(folder / "spike_times.npy", samples[order][:, None])
    np.save(folder / "spike_clusters.npy", clusters[order])
    (folder / "params.py").write_text(f"dat_path = 'raw.dat'\nn_channels_dat = 64\nsample_rate = {RATE:.0f}.\n")
    labels = "".join(f"{unit}\t{QUALITY[unit]}\n" for unit in units)
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n" + labels)
    rows = zip(TRIALS.tolist(), CONTRAST.tolist(), strict=True)
    lines = "".join(f"{start},{stop},{contrast}\n" for (start, stop), contrast in rows)
    (folder / "trials.csv").write_text("start_time,stop_time,contrast\n" + lines)


def variables(times: dict[int, np.ndarray] | None = None) -> dict[str, object]:
    """What a MATLAB script saves."""
    units = times or spikes()
    cells = np.empty(len(units), object)
    cells[:] = [each[:, None] for each in units.values()]
    trials = {"start_time": TRIALS[:, :1], "stop_time": TRIALS[:, 1:], "contrast": CONTRAST[:, None]}
    return {"spike_times": cells, "unit_ids": np.array(list(units)), "trials": trials}


def write_mat(path: Path, times: dict[int, np.ndarray] | None = None) -> None:
    """A MATLAB 5 file, by SciPy."""
    scipy.io.savemat(path, variables(times), do_compression=True)


def write_mat73(path: Path, times: dict[int, np.ndarray] | None = None) -> None:
    """A MATLAB 7.3 file: HDF5 with references for cells, groups for structs, and axes reversed."""
    saved = variables(times)
    with h5py.File(path, "w", userblock_size=512) as file:
        stored = []
        for k, each in enumerate(saved["spike_times"]):
            file[f"#refs#/{k}"] = each.T
            file[f"#refs#/{k}"].attrs["MATLAB_class"] = np.bytes_("double")
            stored.append(file[f"#refs#/{k}"].ref)
        file.create_dataset("spike_times", data=np.array([stored], h5py.ref_dtype).T, dtype=h5py.ref_dtype)
        file["spike_times"].attrs["MATLAB_class"] = np.bytes_("cell")
        file["unit_ids"] = saved["unit_ids"][:, None].astype(float)
        for name, column in saved["trials"].items():
            file[f"trials/{name}"] = column.T
        file["trials"].attrs["MATLAB_class"] = np.bytes_("struct")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
