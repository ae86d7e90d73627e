"""Archives come back as they went in; files that are no recording are refused, and never run."""

import os

import numpy as np
import pytest

from bayes_irl._checks import InputError
from bayes_irl.recordings import CountRecording, Recording
from bayes_irl.recordings.formats import load_recording, save_recording

SPIKES = [[0, 1], [1, 1], [0, 0]]
STIMULUS = [0, 2, 1]


@pytest.mark.parametrize(
    "extras",
    [
        {},
        {"trial": [3, 3, 7], "bin_width": 0.02, "num_stimuli": 5},
        {"neuron": [0, 1, 1]},
        {"unit_ids": ["3", "28"], "stimulus_names": ["left", "right", "both"]},
    ],
)
def test_a_recording_survives_the_round_trip(tmp_path, extras):
    recording = Recording.from_arrays(SPIKES, STIMULUS, **extras)
    path = tmp_path / "session.npz"
    save_recording(recording, path)
    loaded = load_recording(str(path))
    for name in ("spikes", "stimulus", "trial", "neuron"):
        before, after = getattr(recording, name), getattr(loaded, name)
        assert (before is None) == (after is None)
        if before is not None:
            np.testing.assert_array_equal(before, after, strict=True)
    assert (loaded.bin_width, loaded.num_stimuli) == (recording.bin_width, recording.num_stimuli)
    assert (loaded.unit_ids, loaded.stimulus_names) == (recording.unit_ids, recording.stimulus_names)
    assert os.listdir(tmp_path) == ["session.npz"]


def test_counts_survive_the_round_trip_where_they_are_asked_for(tmp_path):
    recording = CountRecording.from_arrays([[0, 7], [300, 1]], ["a", "b"], bin_width=0.05, unit_ids=[3, 28])
    path = tmp_path / "session.npz"
    save_recording(recording, path)
    loaded = load_recording(path, counts=True)
    np.testing.assert_array_equal(loaded.counts, recording.counts, strict=True)
    assert str(loaded) == str(recording) and loaded.stimulus_names == ("a", "b")
    with pytest.raises(InputError, match="counts: expected True, for a file of spike counts"):
        load_recording(path)
    save_recording(Recording.from_arrays(SPIKES, STIMULUS), path)
    assert load_recording(path, counts=True).counts.tolist() == SPIKES
    with pytest.raises(InputError, match="a Recording or a CountRecording"):
        save_recording(recording.counts, path)


def test_counts_of_spike_times_are_kept_where_they_are_asked_for(tmp_path):
    path = tmp_path / "session.npz"
    np.savez(path, spike_time=[0.001, 0.004, 0.012, 0.013], spike_unit=[0, 0, 1, 0], unit_id=[3, 28])
    counted = load_recording(path, bin_width=0.01, epochs=[[0, 0.02]], counts=True)
    assert counted.counts.tolist() == [[2, 0], [1, 1]]


def test_archives_written_by_hand_are_read(tmp_path):
    path = tmp_path / "session.npz"
    np.savez(path, spikes=np.array(SPIKES, bool), stimulus=np.array(STIMULUS, float), bin_width=1, notes="day 3")
    loaded = load_recording(path)
    assert loaded.spikes.tolist() == SPIKES
    assert (loaded.bin_width, loaded.num_stimuli, loaded.trial) == (1.0, 3, None)


class Payload:
    """Runs code when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def test_pickled_objects_are_refused_and_not_run(tmp_path):
    path, target = tmp_path / "session.npz", tmp_path / "owned"
    np.savez(path, spikes=np.array([Payload(target)], object), stimulus=np.array(STIMULUS))
    with pytest.raises(InputError, match="plain arrays"):
        load_recording(path)
    assert not target.exists()


def test_what_is_no_recording_is_refused_with_advice(tmp_path):
    def refused(name, message):
        with pytest.raises(InputError, match=message):
            load_recording(tmp_path / name)

    refused("missing.npz", "an existing file")
    refused("session.txt", r"ends in .*\.npz.*np\.savez")
    (tmp_path / "folder.npz").mkdir()
    refused("folder.npz", "an existing file")
    (tmp_path / "text.npz").write_text("spikes, stimulus\n")
    refused("text.npz", "archive of plain arrays")
    (tmp_path / "empty.npz").write_bytes(b"")
    refused("empty.npz", "archive of plain arrays")
    with (tmp_path / "array.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    refused("array.npz", "archive of plain arrays")
    np.savez(tmp_path / "half.npz", spikes=SPIKES)
    refused("half.npz", r"without \['stimulus'\]")
    np.savez(tmp_path / "counts.npz", spikes=np.array(SPIKES) * 3, stimulus=STIMULUS)
    refused("counts.npz", r"np\.minimum")
    np.savez(tmp_path / "widths.npz", spikes=SPIKES, stimulus=STIMULUS, bin_width=[0.1, 0.2])
    refused("widths.npz", "bin_width: expected one number")
    np.savez(tmp_path / "words.npz", spikes=SPIKES, stimulus=STIMULUS, num_stimuli="three")
    refused("words.npz", "num_stimuli: expected one number")


def test_damaged_archives_raise_nothing_but_input_errors(tmp_path):
    path, rng = tmp_path / "session.npz", np.random.default_rng(0)
    save_recording(Recording.from_arrays(SPIKES, STIMULUS, trial=[0, 0, 1]), path)
    whole, refused = path.read_bytes(), 0
    for attempt in range(400):
        damaged = bytearray(whole)
        for position in rng.integers(0, len(whole), 3):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged if attempt % 2 else whole[: rng.integers(1, len(whole))])
        try:
            load_recording(path)
        except InputError:
            refused += 1
    assert refused > 200  # every truncated one, and most of the others


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    recording = Recording.from_arrays(SPIKES, STIMULUS)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.npz").mkdir()
    for name in ("nowhere/session.npz", "file/session.npz", "folder.npz"):
        with pytest.raises(InputError, match="path: expected a file that can be written"):
            save_recording(recording, tmp_path / name)
    with pytest.raises(InputError, match=r"ends in \.npz"):
        save_recording(recording, tmp_path / "session.nwb")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.npz"]


def test_a_new_file_takes_the_place_of_the_older_one_at_once(tmp_path):
    """A second name of the older file still leads to the whole of it."""
    path, held = tmp_path / "session.npz", tmp_path / "held.npz"
    save_recording(Recording.from_arrays(SPIKES, STIMULUS), path)
    os.link(path, held)
    save_recording(Recording.from_arrays([[1]], [0]), path)
    assert load_recording(held).spikes.tolist() == SPIKES
    assert load_recording(path).spikes.tolist() == [[1]]


def test_a_write_that_fails_midway_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "session.npz"
    save_recording(Recording.from_arrays(SPIKES, STIMULUS), path)

    def full_disk(file, **arrays):
        file.write(b"half an archive")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(InputError, match="No space left"):
        save_recording(Recording.from_arrays([[1]], [0]), path)
    assert load_recording(path).spikes.tolist() == SPIKES
    assert os.listdir(tmp_path) == ["session.npz"]
