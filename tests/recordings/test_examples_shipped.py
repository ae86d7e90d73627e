"""Small recordings come with the package, and pynapple's objects go in and out."""

import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl.recordings.shipped import EXAMPLES, FOLDER


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_recording_in_which_every_unit_spikes(name):
    recording = bi.load_example(name)
    assert recording.spikes.any(axis=0).all() and len(str(recording).splitlines()) == 3
    assert recording.unit_names[0] in recording._repr_html_()


def test_examples_are_small_and_their_licences_are_with_them():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1e6
    told = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert all(f"{name}.npz" in told for name in EXAMPLES) and "MIT" in told
    with pytest.raises(bi.InputError, match="one of 'hippocampus', 'rat_clicks', 'retina', 'spike_count', got 'mouse'"):
        bi.load_example("mouse")


def test_pynapple_goes_in_and_out():
    nap = pytest.importorskip("pynapple")
    rng = np.random.default_rng(0)
    times = {unit: np.sort(rng.uniform(0, 20, 40)) for unit in (3, 28)}
    group = nap.TsGroup({unit: nap.Ts(each) for unit, each in times.items()}, time_support=nap.IntervalSet(0, 20))
    trials = nap.IntervalSet([1, 5, 9], [3, 8, 12])
    shown = nap.Tsd(np.arange(0.0, 20.0), np.arange(20) % 2)
    by_hand = bi.Recording.from_spike_times(
        times, bin_width=0.002, epochs=[[1, 3], [5, 8], [9, 12]], stimulus=(np.arange(0.0, 20.0), np.arange(20) % 2)
    )
    taken = bi.Recording.from_spike_times(group, bin_width=0.002, epochs=trials, stimulus=shown)
    for name in ("spikes", "stimulus", "trial"):
        np.testing.assert_array_equal(getattr(taken, name), getattr(by_hand, name))
    assert taken.unit_ids == ("3", "28")
    assert bi.Recording.from_spike_times(group, bin_width=0.002).num_bins == 10_000  # its time support
    frame = taken.to_pynapple()
    np.testing.assert_array_equal(frame.values, taken.spikes)
    assert len(frame.time_support) == 3 and [str(each) for each in frame.columns] == ["3", "28"]
    again = bi.Recording.from_arrays(frame, taken.stimulus)
    np.testing.assert_array_equal(again.spikes, taken.spikes)
    assert again.unit_ids == taken.unit_ids
