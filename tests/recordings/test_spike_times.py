"""Spike times in bins, against counting by hand in whole milliseconds; labels of any kind."""

from collections import UserDict
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayes_irl._checks import DataWarning, InputError
from bayes_irl.recordings import Recording

WIDTH = 10  # ms
EPOCHS = [(100, 400), (400, 655), (900, 1300)]  # ms: two that touch, a gap, and one that is no multiple of a bin
IDS = ("3", "28", "tetrode 1")


def spike_times(seed=0):
    """Whole milliseconds, many of them on the edges of bins and epochs, and some outside all epochs."""
    rng = np.random.default_rng(seed)
    return {unit: np.sort(rng.choice(1500, size, replace=False)) for unit, size in zip(IDS, (60, 150, 15), strict=True)}


def by_hand(times):
    """Count each spike in the bin that holds it."""
    counts = []
    for begin, end in EPOCHS:
        for left in range(begin, begin + (end - begin) // WIDTH * WIDTH, WIDTH):
            counts.append([sum(left <= t < left + WIDTH for t in times[unit].tolist()) for unit in IDS])
    return np.array(counts)


def seconds(times):
    return {unit: each / 1000 for unit, each in times.items()}


def long_table(times):
    units = np.concatenate([np.full(len(each), k) for k, each in enumerate(times.values())])
    when = np.concatenate(list(times.values())) / 1000
    shuffled = np.random.default_rng(1).permutation(len(when))
    return {"spike_time": when[shuffled], "spike_unit": units[shuffled]}


def binned(spikes, **more):
    options = {"bin_width": WIDTH / 1000, "epochs": np.array(EPOCHS) / 1000} | more
    with pytest.warns(DataWarning, match="not counted"):
        return Recording.from_spike_times(spikes, **options)


TIMES = spike_times()
KINDS = {
    "dict": (seconds(TIMES), {}),
    "list": (list(seconds(TIMES).values()), {"unit_ids": IDS}),
    "long table": (long_table(TIMES), {"unit_ids": IDS}),
    "frame": (pd.DataFrame(long_table(TIMES)), {"unit_ids": list(IDS)}),
    "like a TsGroup": (UserDict({unit: SimpleNamespace(t=each) for unit, each in seconds(TIMES).items()}), {}),
    "columns of MATLAB": ([each[:, None] for each in seconds(TIMES).values()], {"unit_ids": np.array(IDS, object)}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_spike_is_counted_once_whatever_holds_it(kind):
    spikes, more = KINDS[kind]
    recording, counts = binned(spikes, **more), by_hand(TIMES)
    np.testing.assert_array_equal(recording.spikes, np.minimum(counts, 1))
    np.testing.assert_allclose(recording.lost, 1 - np.minimum(counts, 1).sum(axis=0) / counts.sum(axis=0))
    assert recording.unit_ids == IDS
    assert np.bincount(recording.trial).tolist() == [30, 25, 40]


@pytest.mark.parametrize("width", [0.01, 0.1, 1 / 30, 0.0025])
@pytest.mark.parametrize("start", [0.0, 1234.5, 86400.1])
def test_a_spike_on_an_edge_is_in_the_later_bin_however_times_are_rounded(width, start):
    edges = start + np.arange(50) * width
    recording = Recording.from_spike_times([edges], bin_width=width, epochs=[start, start + 50 * width])
    assert recording.spikes.ravel().tolist() == [1] * 50 and recording.lost.tolist() == [0]


def test_nothing_is_bridged_between_epochs():
    recording = binned(seconds(TIMES))
    assert recording.transitions(10.0).num_bins == (30 - 1) + (25 - 1) + (40 - 1)
    assert Recording.from_spike_times([[0.1, 0.2]], bin_width=0.01, epochs=[0, 0.5]).trial is None


def test_bins_begin_at_the_times_they_are_aligned_to():
    spikes = [[0.1499, 0.15, 0.3]]  # in bins from 0.05, 0.15 and 0.25 s on; another one begins at 0.35 s
    recording = Recording.from_spike_times(spikes, bin_width=0.1, epochs=[[0.03, 0.48]], align=[0.15])
    assert recording.spikes.ravel().tolist() == [1, 1, 1, 0]


def test_what_is_lost_is_that_of_a_poisson_neuron_and_a_narrower_bin_is_named():
    rng = np.random.default_rng(0)
    spikes = np.cumsum(rng.exponential(1 / 51, 100_000))
    with pytest.warns(DataWarning, match=r"unit 0 2[12]%. At bin_width=0.002 none would lose more"):
        recording = Recording.from_spike_times([spikes], bin_width=0.01)
    mean = 51 * 0.01
    assert recording.lost[0] == pytest.approx(1 - (1 - np.exp(-mean)) / mean, abs=0.004)
    mean = 51 * 0.002
    assert 1 - (1 - np.exp(-mean)) / mean < 0.05 < 1 - (1 - np.exp(-51 * 0.005)) / (51 * 0.005)


# -- the stimulus


def shown_by_hand(event_times, values):
    """What holds in the middle of each bin, in half milliseconds."""
    shown = []
    for begin, end in EPOCHS:
        for left in range(begin, begin + (end - begin) // WIDTH * WIDTH, WIDTH):
            before = [v for t, v in zip(event_times, values, strict=True) if 2 * t <= 2 * left + WIDTH]
            shown.append(before[-1])
    return shown


def test_events_hold_until_the_next_one():
    rng = np.random.default_rng(2)
    when = np.sort(rng.choice(np.arange(90, 1400), 40, replace=False))
    when[0] = 50
    values = rng.choice(["dark", "bright", "grey"], 40)
    recording = binned(seconds(TIMES), stimulus=(when / 1000, values))
    shown = [recording.stimulus_names[x] for x in recording.stimulus]
    assert shown == shown_by_hand(when, values)
    like_tsd = SimpleNamespace(t=when / 1000, values=values)
    assert binned(seconds(TIMES), stimulus=like_tsd).stimulus.tolist() == recording.stimulus.tolist()


@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_a_signal_is_averaged_in_bins_and_cut_at_quantiles(chunk, monkeypatch):
    monkeypatch.setattr("bayes_irl.recordings.timed_values._CHUNK", chunk)
    when = np.arange(0, 1400) + 0.5  # ms, between the edges of bins
    values = np.random.default_rng(3).normal(size=1400)
    means = np.array(
        [values[left : left + WIDTH].mean() for begin, end in EPOCHS for left in range(begin, end - WIDTH + 1, WIDTH)]
    )
    recording = binned(seconds(TIMES), stimulus=(when / 1000, values), num_states=2)
    np.testing.assert_array_equal(recording.stimulus, means > np.quantile(means, 0.5))
    assert recording.stimulus_names == ("stimulus low", "stimulus high")


def test_a_signal_slower_than_bins_holds_its_last_value():
    when, values = np.arange(0, 1400, 35), np.random.default_rng(4).normal(size=40)
    recording = binned(seconds(TIMES), stimulus=(when / 1000, values), num_states=3)
    bins = [left for begin, end in EPOCHS for left in range(begin, end - WIDTH + 1, WIDTH)]
    within = [[v for t, v in zip(when, values, strict=True) if left <= t < left + WIDTH] for left in bins]
    pairs = zip(within, bins, strict=True)
    held = [inside[0] if inside else values[when <= left + WIDTH / 2][-1] for inside, left in pairs]
    np.testing.assert_array_equal(recording.stimulus, np.searchsorted(np.quantile(held, [1 / 3, 2 / 3]), held))


def test_a_value_per_epoch_or_per_bin():
    contrasts = [0.5, 0.0, 0.5]
    table = pd.DataFrame(np.array(EPOCHS) / 1000, columns=["start_time", "stop_time"]).assign(contrast=contrasts)
    by_name = binned(seconds(TIMES), epochs=table, stimulus="contrast")
    assert by_name.stimulus_names == ("0", "0.5")
    assert by_name.stimulus.tolist() == [1] * 30 + [0] * 25 + [1] * 40
    assert binned(seconds(TIMES), stimulus=contrasts).stimulus.tolist() == by_name.stimulus.tolist()
    per_bin = binned(seconds(TIMES), stimulus=by_name.stimulus + 1)
    assert per_bin.stimulus_names == ("1", "2") and per_bin.num_stimuli == 2


EPOCH = {"bin_width": 0.1, "epochs": [0, 1]}


@pytest.mark.parametrize(
    ("spikes", "more", "message"),
    [
        ([[0.5]], {"bin_width": 10}, "bin_width: expected at most 1 s, got 10 s. 10 ms are bin_width=0.01"),
        ([[30_000, 45_000]], {}, "none of 2. Times are in seconds: divide samples"),
        ([[0.5, np.nan]], {}, "spikes of unit 0: expected finite numbers"),
        ([np.ma.masked_array([0.5, 0.6], [0, 1])], {}, "1 masked entries"),
        ([["a"]], {}, "spikes of unit 0: expected numbers"),
        ([], {}, "at least one unit"),
        (np.zeros((3, 2)), {}, "a list of arrays.*For bins there is Recording.from_arrays"),
        (pd.DataFrame({"time": [0.1]}), {}, "a table with the columns .*, got time"),
        ([[0.5]], {"epochs": [[0, 0.5], [0.4, 1]]}, "do not overlap.*counted twice"),
        ([[0.5]], {"epochs": [[1, 0.5]]}, "ends after starts, got 1 to 0.5 s in epoch 0"),
        ([[0.5]], {"epochs": [[0, 0.05]]}, "epochs of at least 0.1 s, got 0.05 s at most"),
        ([[0.5]], {"epochs": [[0, 1e12]]}, "at most 200,000,000 bins"),
        ([[0.5]], {"stimulus": [1, 2, 3]}, "one value for each of 10 bins or 1 epochs.*got 3 values"),
        ([[0.5]], {"stimulus": ([0.3], ["a"])}, "none in 3 bins before 0.3 s"),
        ([[0.5]], {"stimulus": ([0.3, 0.1], ["a", "b"])}, "times that are finite and rise"),
        ([[0.5]], {"stimulus": "contrast"}, r"a column of the epochs \(they have none\), got 'contrast'"),
        (
            [[0.5]],
            {"stimulus": (np.linspace(0, 1, 50), np.linspace(0, 1, 50)), "bin_width": 0.02},
            "num_states: expected into",
        ),
        ([[0.5]], {"stimulus": (np.linspace(0, 0.5, 50), np.zeros(50)), "num_states": 2}, "a signal over all epochs"),
        ([[0.5], [0.6]], {"unit_ids": ["a", "a"]}, "'a' more than once"),
        ({"a": [0.5]}, {"unit_ids": ["b"]}, "units among a"),
        ([[0.5]], {"align": [0.1, 0.2]}, "align: expected shape"),
    ],
)
def test_what_cannot_be_binned_is_refused_with_advice(spikes, more, message):
    with pytest.raises(InputError, match=message):
        Recording.from_spike_times(spikes, **(EPOCH | more))


# -- names


@pytest.mark.parametrize(
    ("stimulus", "numbers", "names"),
    [
        ([0, 45, 90, 45], [0, 1, 2, 1], ("0", "45", "90")),
        ([1, 2, 1, 2], [0, 1, 0, 1], ("1", "2")),
        ([1.5, 0.25, 0.25, 10], [1, 0, 0, 2], ("0.25", "1.5", "10")),
        (["left", "right", "left", "left"], [0, 1, 0, 0], ("left", "right")),
        ([b"left", b"right", b"left", b"left"], [0, 1, 0, 0], ("left", "right")),
        (pd.Categorical(["low", "high", "low", "low"], ["low", "middle", "high"]), [0, 1, 0, 0], ("low", "high")),
        (pd.Series(["b", "a", "a", "b"]), [1, 0, 0, 1], ("a", "b")),
        (np.array([3, 7, 7, 3], object), [0, 1, 1, 0], ("3", "7")),
        ([2, 0, 1, 1], [2, 0, 1, 1], None),
        ([True, False, True, True], [1, 0, 1, 1], None),
        (np.ma.masked_array([0, 5, 5, 0]), [0, 1, 1, 0], ("0", "5")),
    ],
)
def test_different_values_are_stimuli_and_keep_their_names(stimulus, numbers, names):
    recording = Recording.from_arrays(np.zeros((4, 1)), stimulus)
    assert recording.stimulus.tolist() == numbers
    assert recording.stimulus_names == names
    assert recording.num_stimuli == len(set(numbers))


@pytest.mark.parametrize(
    ("stimulus", "message"),
    [
        (np.ma.masked_array([0, 1, 2, 3], [0, 0, 0, 1]), "1 masked entries"),
        ([0, None, 1, 1], "with NoneType"),
        (["a", "b", None, "a"], "with NoneType"),
        (pd.Categorical(["a", None, "a", "a"]), "none at entry 1"),
        (np.zeros((4, 2)), r"a list of numbers or words, got float64 of shape \(4, 2\)"),
    ],
)
def test_stimuli_with_missing_entries_are_refused(stimulus, message):
    with pytest.raises(InputError, match=message):
        Recording.from_arrays(np.zeros((4, 1)), stimulus)


def test_codes_of_many_kinds_make_a_short_message():
    with pytest.raises(InputError, match="at most 1000 different values, got 3,000, such as 0 and 1") as error:
        Recording.from_arrays(np.zeros((3000, 1)), np.arange(3000) * 65536 // 65535)
    assert len(str(error.value)) < 200


def test_masked_spikes_are_refused():
    for make in (Recording.from_arrays, Recording.from_counts):
        with pytest.raises(InputError, match="1 masked entries"):
            make(np.ma.masked_array([[0, 1], [1, 0]], [[0, 0], [1, 0]]), [0, 1])


def test_tables_with_named_axes_bring_their_unit_ids():
    spikes = np.random.default_rng(0).integers(0, 2, (6, 3))
    named = xr.DataArray(spikes, {"time": np.arange(6), "unit": ["a", "b", "c"]})
    for table in (named, named.T, pd.DataFrame(spikes, columns=["a", "b", "c"])):
        recording = Recording.from_arrays(table, [0, 1] * 3)
        np.testing.assert_array_equal(recording.spikes, spikes)
        assert recording.unit_ids == ("a", "b", "c")
    assert Recording.from_arrays(pd.DataFrame(spikes), [0, 1] * 3).unit_ids is None
    with pytest.raises(InputError, match="one is called 'neuron' or 'unit'"):
        Recording.from_arrays(named.rename(unit="x"), [0, 1] * 3)


def test_units_are_selected_by_their_ids():
    recording = binned(seconds(TIMES))
    chosen = recording.select(["tetrode 1", "unit 28"])
    np.testing.assert_array_equal(chosen.spikes, recording.spikes[:, [2, 1]])
    assert chosen.unit_ids == ("tetrode 1", "28")
    np.testing.assert_array_equal(chosen.lost, recording.lost[[2, 1]])
    with pytest.raises(InputError, match=r"a unit by its id \(3, 28, tetrode 1\), got '5'"):
        recording.select(["5"])


def test_sessions_and_trials_have_names():
    recording = Recording.from_arrays(np.zeros((4, 1)), [0] * 4, trial=["2024-03-02", "2024-03-02", "2024-03-01", "x"])
    assert recording.trial.tolist() == [0, 0, 1, 2]
    with pytest.raises(InputError, match="trial: expected numbers that never fall"):
        Recording.from_arrays(np.zeros((3, 1)), [0] * 3, trial=["a", "b", "a"])


def test_numbers_may_come_as_arrays_of_one_entry():
    width, size = np.array([[0.02]]), np.array(3.0)
    recording = Recording.from_arrays([[0], [1]], [0, 1], bin_width=width, num_stimuli=size)
    assert recording.bin_width == 0.02 and recording.num_stimuli == 3
