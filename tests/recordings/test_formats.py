"""Files of labs come in as they are: written with each format's own library, and compared with their spike times."""

import os
import struct
import subprocess
import sys
import tracemalloc
import zlib

import h5py
import lab_files
import numpy as np
import pytest
import scipy.io

from bayes_irl._checks import InputError
from bayes_irl.io.hdf5 import read_array
from bayes_irl.recordings import Recording
from bayes_irl.recordings.formats import load_recording, save_recording

SPIKES = lab_files.spikes()
NAMES = tuple(str(unit) for unit in lab_files.IDS)
GOOD = tuple(str(unit) for unit in lab_files.GOOD)
WRITERS = {
    "pynwb": ("session.nwb", lab_files.write_nwb),
    "nwb": ("session.nwb", lab_files.write_plain_nwb),
    "phy": ("sorted", lab_files.write_phy),
    "mat 5": ("session.mat", lab_files.write_mat),
    "mat 7.3": ("session.mat", lab_files.write_mat73),
}
LABELLED = {"pynwb", "nwb", "phy"}


@pytest.fixture(params=WRITERS)
def written(request, tmp_path):
    if request.param == "pynwb":
        pytest.importorskip("pynwb")
    name, write = WRITERS[request.param]
    write(tmp_path / name)
    return request.param, tmp_path / name


def asked_of(kind, path):
    return {"epochs": path / "trials.csv"} if kind == "phy" else {}


def expected(units, **more):
    spikes = {unit: SPIKES[int(unit)] for unit in units}
    return Recording.from_spike_times(spikes, bin_width=0.005, epochs=lab_files.TRIALS, **more)


def assert_same(one, other):
    for name in ("spikes", "stimulus", "trial"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("unit_ids", "stimulus_names", "bin_width", "num_stimuli"):
        assert getattr(one, name) == getattr(other, name)


def test_spike_times_trials_and_a_column_are_those_that_were_written(written):
    kind, path = written
    found = load_recording(path, bin_width=0.005, stimulus="contrast", **asked_of(kind, path))
    taken = GOOD if kind in LABELLED else NAMES
    assert_same(found, expected(taken, stimulus=lab_files.CONTRAST))
    assert found.stimulus_names == ("0", "0.25", "1")


def test_units_are_chosen_by_id_or_by_label(written):
    kind, path = written
    more = {"bin_width": 0.005} | asked_of(kind, path)
    assert_same(load_recording(path, units=[28, "2"], **more), expected(["28", "2"]))
    with pytest.raises(InputError, match="units: expected ids among 2, 3, 5, .*, got 4"):
        load_recording(path, units=[4], **more)
    if kind in LABELLED:
        assert load_recording(path, quality=["good", "MUA"], **more).unit_ids == NAMES
        assert load_recording(path, quality="mua", **more).unit_ids == NAMES[len(GOOD) :]
        with pytest.raises(InputError, match=r"quality: expected a label of some unit \(good, mua\), got excellent"):
            load_recording(path, quality="excellent", **more)


def test_what_is_not_there_is_answered_by_what_is(written):
    kind, path = written
    more = asked_of(kind, path)
    with pytest.raises(InputError, match="bin_width: expected seconds per bin.*10 units.*trials.*contrast"):
        load_recording(path, **more)
    with pytest.raises(InputError, match="stimulus: expected .*'orientation'.*10 units"):
        load_recording(path, bin_width=0.005, stimulus="orientation", **more)
    with pytest.raises(InputError, match="epochs: expected a table of this file, got 'sleep'.*10 units"):
        load_recording(path, bin_width=0.005, epochs="sleep")


def test_a_saved_recording_keeps_what_it_took(written, tmp_path):
    kind, path = written
    found = load_recording(path, bin_width=0.005, stimulus="contrast", **asked_of(kind, path))
    save_recording(found, tmp_path / "saved.npz")
    again = load_recording(tmp_path / "saved.npz")
    assert_same(again, found)
    np.testing.assert_allclose(again.lost, found.lost)


@pytest.mark.parametrize("kind", ["pynwb", "nwb"])
def test_time_series_of_nwb_are_signals_and_events(kind, tmp_path):
    if kind == "pynwb":
        pytest.importorskip("pynwb")
    path = tmp_path / "session.nwb"
    WRITERS[kind][1](path)
    signal = load_recording(path, bin_width=0.005, stimulus="speed", num_states=2)
    frames = (lab_files.FRAMES, lab_files.running(lab_files.FRAMES))
    np.testing.assert_array_equal(signal.stimulus, expected(GOOD, stimulus=frames, num_states=2).stimulus)
    assert signal.stimulus_names == ("speed low", "speed high")
    events = load_recording(path, bin_width=0.005, stimulus="lick")
    np.testing.assert_array_equal(
        events.stimulus, expected(GOOD, stimulus=(np.arange(125.0), np.arange(125) % 2)).stimulus
    )
    assert load_recording(path, bin_width=0.005, stimulus="side").stimulus_names == ("left", "right")
    whole = load_recording(path, bin_width=0.005, epochs=[0, 100])
    assert whole.trial is None and whole.num_bins == 20_000


def test_spike_times_in_an_archive_are_binned(tmp_path):
    units = np.concatenate([np.full(len(each), k) for k, each in enumerate(SPIKES.values())])
    arrays = {"spike_time": np.concatenate(list(SPIKES.values())), "spike_unit": units, "unit_id": list(SPIKES)}
    flashes = np.arange(0, 120, 0.12)
    shown = np.arange(len(flashes)) % 3
    np.savez(tmp_path / "a.npz", **arrays, flash_time=flashes, flash=shown)
    found = load_recording(tmp_path / "a.npz", bin_width=0.005, stimulus="flash")
    spikes = {unit: SPIKES[int(unit)] for unit in NAMES}
    assert_same(found, Recording.from_spike_times(spikes, bin_width=0.005, stimulus=(flashes, shown)))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("suffix", ["mat", "npz"])
def test_counts_are_turned_so_that_bins_come_first(turned, suffix, tmp_path):
    counts = np.random.default_rng(0).integers(0, 2, (40, 5))
    stored = {"counts": counts.T if turned else counts, "shown": np.repeat([30, 60], 20), "bin_width": 0.02}
    if suffix == "mat":
        scipy.io.savemat(tmp_path / "a.mat", stored)
    else:
        np.savez(tmp_path / "a.npz", **stored)
    found = load_recording(tmp_path / f"a.{suffix}", stimulus="shown")
    np.testing.assert_array_equal(found.spikes, counts)
    assert (found.stimulus_names, found.bin_width) == (("30", "60"), 0.02)


def test_spikes_in_an_array_of_structs(tmp_path):
    units = np.zeros((1, 10), [("times", object), ("name", object)])
    units["times"][0], units["name"][0] = [each[None] for each in SPIKES.values()], ["a"] * 10
    scipy.io.savemat(tmp_path / "a.mat", {"unit": units, "other": [1.0, 2.0]})
    found = load_recording(tmp_path / "a.mat", bin_width=0.005, spikes="unit.times", epochs=lab_files.TRIALS)
    np.testing.assert_array_equal(found.spikes, expected(NAMES).spikes)
    with pytest.raises(
        InputError, match=r"a variable of .*, got 'spikes'.*unit.times \(cell of 10\), unit.name 10, other 2"
    ):
        load_recording(tmp_path / "a.mat", bin_width=0.005, spikes="spikes")


def test_heavy_libraries_are_not_needed_to_start_or_to_read():
    code = (
        "import sys, bayes_irl.cli, bayes_irl.recordings.formats\n"
        "assert not {'pynwb', 'pynapple', 'h5py', 'scipy.io', 'hdmf'} & set(sys.modules), sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-300:]


# -- what a file must not do


def replaced(path, name, make):
    with h5py.File(path, "r+") as file:
        del file[name]
        make(file)


@pytest.mark.parametrize("way", ["link", "raw", "virtual", "soft link to a link"])
def test_other_files_are_never_opened(way, tmp_path):
    path, secret = tmp_path / "session.nwb", tmp_path / "secret.h5"
    lab_files.write_plain_nwb(path)
    with h5py.File(secret, "w") as file:
        file["times"] = np.linspace(0, 100, 1000)
    name = "units/spike_times"
    if way == "link":
        replaced(path, name, lambda file: file.__setitem__(name, h5py.ExternalLink(str(secret), "times")))
    elif way == "raw":
        outside = [(str(secret), 0, 8000)]
        replaced(path, name, lambda file: file.create_dataset(name, (1000,), "f8", external=outside))
    elif way == "virtual":
        layout = h5py.VirtualLayout((1000,), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "times", (1000,))
        replaced(path, name, lambda file: file.create_virtual_dataset(name, layout))
    else:

        def link(file):
            file["away"] = h5py.ExternalLink(str(secret), "/")
            file[name] = h5py.SoftLink("/away/times")

        replaced(path, name, link)
    with pytest.raises(InputError, match="another file|numbers in another file|spike times of units"):
        load_recording(path, bin_width=0.01)


def test_links_within_a_file_are_followed_and_loops_are_not(tmp_path):
    path = tmp_path / "session.nwb"
    lab_files.write_plain_nwb(path)
    with h5py.File(path, "r+") as file:
        file.move("units/spike_times", "elsewhere")
        file["units/spike_times"] = h5py.SoftLink("/elsewhere")
        file["processing/loop"] = file["processing"]
    assert_same(load_recording(path, bin_width=0.005), expected(GOOD))
    replaced(
        path, "units/spike_times", lambda file: file["units"].__setitem__("spike_times", h5py.SoftLink("spike_times"))
    )
    with pytest.raises(InputError, match="links without end"):
        load_recording(path, bin_width=0.005)


def test_settings_of_phy_are_parsed_and_never_executed(tmp_path):
    folder, owned = tmp_path / "sorted", tmp_path / "owned"
    lab_files.write_phy(folder)
    (folder / "params.py").write_text(f"import os\nos.mkdir({str(owned)!r})\nsample_rate = 30_000.\n")
    more = {"bin_width": 0.005, "epochs": folder / "trials.csv"}
    assert_same(load_recording(folder, **more), expected(GOOD))
    (folder / "params.py").write_text(f"sample_rate = os.mkdir({str(owned)!r})\n")
    with pytest.raises(InputError, match="a number as sample_rate"):
        load_recording(folder, **more)
    assert not owned.exists()


@pytest.mark.parametrize("name", ["spike_times.npy", "cluster_group.tsv"])
def test_links_out_of_a_folder_are_not_followed(name, tmp_path):
    folder = tmp_path / "sorted"
    lab_files.write_phy(folder)
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    more = {"bin_width": 0.005, "epochs": folder / "trials.csv"}
    if name == "cluster_group.tsv":
        assert load_recording(folder, **more).unit_ids == NAMES  # without labels
    else:
        with pytest.raises(InputError, match=f"a Kilosort or phy folder with {name}"):
            load_recording(folder, **more)


class Payload:
    """Runs code when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def test_pickled_objects_in_a_folder_are_refused_and_not_run(tmp_path):
    folder, owned = tmp_path / "sorted", tmp_path / "owned"
    lab_files.write_phy(folder)
    np.save(folder / "spike_clusters.npy", np.array([Payload(owned)], object), allow_pickle=True)
    with pytest.raises(InputError, match="spike_clusters.npy, an array of numbers"):
        load_recording(folder, bin_width=0.01)
    assert not owned.exists()


def peak_megabytes(path):
    tracemalloc.start()
    with pytest.raises(InputError):
        load_recording(path, bin_width=0.01)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def test_files_that_inflate_without_end_are_refused(tmp_path, monkeypatch):
    for limit in ("mat._MAX_BYTES", "npz.MAX_BYTES"):
        monkeypatch.setattr(f"bayes_irl.recordings.formats.{limit}", 2e7)
    packed = zlib.compress(bytes(1 << 26))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (tmp_path / "bomb.mat").write_bytes(header + struct.pack("<II", 15, len(packed)) + packed)
    with h5py.File(tmp_path / "bomb.nwb", "w") as file:
        file.create_dataset("units/spike_times", (10**12,), "f8", chunks=(1 << 20,), compression="gzip")
        file["units/spike_times_index"] = [10**12]
    np.savez_compressed(tmp_path / "bomb.npz", spikes=np.zeros((1 << 13, 1 << 13), np.uint8), stimulus=[0])
    for name in ("bomb.mat", "bomb.nwb", "bomb.npz"):
        assert peak_megabytes(tmp_path / name) < 10


WORDS = ["left", "right", "σ", ""] * 50


@pytest.mark.parametrize("layout", [{}, {"chunks": (7,), "maxshape": (None,)}, {"chunks": (7,), "compression": "gzip"}])
def test_words_are_those_that_the_library_reads(layout, tmp_path):
    """They are read without it: in a damaged heap it goes round for ever, or takes 4 GB for a word."""
    with h5py.File(tmp_path / "words.h5", "w") as file:
        file.create_dataset("words", data=WORDS, **layout)
        file["empty"] = h5py.Empty("S1")
    with h5py.File(tmp_path / "words.h5") as file:
        assert read_array(file["words"]).tolist() == file["words"].asstr()[:].tolist() == WORDS
        assert read_array(file["words"], slice(1, 3)).tolist() == WORDS[1:3]


@pytest.mark.parametrize("damage", ["length of a word", "size of a heap's entry"])
def test_words_of_damaged_heaps_end(damage, tmp_path):
    path = tmp_path / "words.h5"
    with h5py.File(path, "w") as file:
        file["words"] = WORDS
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        place = file["words"].id.get_offset() if damage == "length of a word" else content.index(b"GCOL") + 24
    content[place : place + 8] = bytes(8) if "heap" in damage else b"\xff" * 4 + content[place + 4 : place + 8]
    path.write_bytes(content)
    with h5py.File(path) as file:
        assert set(read_array(file["words"]).tolist()) <= set(WORDS)


def test_long_series_are_read_piece_by_piece(tmp_path):
    """Six million samples take 48 MB as an array, their times as many, and a piece of them 2 MB."""
    path = tmp_path / "session.nwb"
    lab_files.write_plain_nwb(path)
    with h5py.File(path, "r+") as file:
        field = file.create_dataset("acquisition/field/data", (6_000_000,), "f8", chunks=(1 << 18,))
        field[:1000] = np.arange(1000)
        field[3_000_000:] = 1
        file["acquisition/field/starting_time"] = 0.0
        file["acquisition/field/starting_time"].attrs["rate"] = 48_000.0
    tracemalloc.start()
    found = load_recording(path, bin_width=0.005, stimulus="field", num_states=2)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert found.stimulus_names == ("field low", "field high") and peak < 30
