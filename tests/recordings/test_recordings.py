"""Recordings against counting by hand, closed-form autocorrelations, and simulations of known contexts."""

import dataclasses
from collections import Counter

import numpy as np
import pytest

from bayes_irl._checks import DataWarning, InputError
from bayes_irl.recordings import Recording, design_effect, stimulus_states, thinning_step


def index(bits) -> int:
    """Read a pattern as a binary number, neuron 0 first."""
    return int("".join(str(int(bit)) for bit in bits), 2)


def binned(num_trials=12, bins_per_trial=30, num_neurons=4, num_stimuli=3, seed=0) -> Recording:
    rng = np.random.default_rng(seed)
    num_bins = num_trials * bins_per_trial
    return Recording.from_arrays(
        rng.random((num_bins, num_neurons)) < 0.4,
        rng.integers(0, num_stimuli, num_bins),
        trial=np.repeat(np.arange(num_trials) * 2 + 5, bins_per_trial),
        bin_width=0.01,
    )


def sticky(num_trials, bins_per_trial, keep, num_neurons=3, seed=0) -> np.ndarray:
    """Draw neurons that keep their response with probability `keep`: their autocorrelation is keep**lag."""
    rng = np.random.default_rng(seed)
    shape = (num_trials, bins_per_trial, num_neurons)
    redrawn = rng.random(shape) >= keep
    redrawn[:, 0] = True
    last = np.maximum.accumulate(np.where(redrawn, np.arange(bins_per_trial)[:, None], 0), axis=1)
    responses = np.take_along_axis(rng.random(shape) < 0.3, last, axis=1)
    return responses.reshape(-1, num_neurons)


def in_trials(spikes, num_trials, stimulus=None) -> Recording:
    trial = np.repeat(np.arange(num_trials), len(spikes) // num_trials)
    return Recording.from_arrays(spikes, np.zeros(len(spikes), int) if stimulus is None else stimulus, trial=trial)


def expected_effect(keep, length, share=1.0) -> float:
    """Var of a sum of `length` bins, of which a random share counts, over that of independent ones."""
    lags = np.arange(1, length)
    return 1 + 2 * share * np.sum((1 - lags / length) * keep**lags)


# What goes in


def test_patterns_read_neuron_0_as_the_most_significant_bit():
    recording = binned()
    assert recording.patterns.tolist() == [index(bits) for bits in recording.spikes]
    assert Recording.from_arrays(np.eye(30), np.zeros(30)).patterns.tolist() == [2**i for i in range(29, -1, -1)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spikes": [[0, 2], [1, 0]]}, r"only 0 and 1, got 2 in 1 bins\. .*np\.minimum\(spikes, 1\)"),
        ({"spikes": [[0, np.nan], [1, 0]]}, "only 0 and 1, got nan .*Leave out"),
        ({"spikes": [[0, 0.5], [1, 0]]}, "only 0 and 1, got 0.5"),
        ({"spikes": [["a", "b"]]}, "spikes: expected an array of numbers, got one of <U1"),
        ({"spikes": np.zeros((0, 2))}, "spikes: expected .* neither of them 0"),
        ({"spikes": [[0, 1], [0]]}, "spikes: expected rows of equal lengths"),
        ({"spikes": [0, 1]}, r"spikes: expected \[num_bins, num_neurons\]"),
        ({"stimulus": [0, 1, 0]}, "stimulus has 3 entries, spikes has 2 bins"),
        ({"trial": [0]}, "trial has 1 entries, spikes has 2 bins"),
        ({"neuron": [0]}, "neuron has 1 entries, spikes has 2 bins"),
        ({"stimulus": [0, -1], "num_stimuli": 2}, "got -1 at entry 1"),
        ({"stimulus": [0, 0.5], "num_stimuli": 2}, "got 0.5 at entry 1"),
        ({"stimulus": [0, np.nan]}, "got nan at entry 1"),
        ({"stimulus": [0, 3], "num_stimuli": 3}, "whole numbers between 0 and 2, got 3"),
        ({"num_stimuli": 0}, "num_stimuli: expected a whole number of at least 1"),
        ({"neuron": [0, 2]}, "neuron: expected whole numbers between 0 and 1, got 2"),
        ({"trial": [1, 0]}, "trial: expected numbers that never fall, got 0 after 1 at bin 1"),
        ({"trial": [0, 2**40]}, "trial: expected whole numbers"),
        ({"bin_width": 0.0}, "bin_width: expected a finite number above 0"),
    ],
)
def test_input_that_is_no_recording_is_refused_by_name(changes, message):
    with pytest.raises(InputError, match=message):
        Recording.from_arrays(**{"spikes": [[0, 1], [1, 0]], "stimulus": [0, 1], **changes})


def test_a_recording_keeps_its_own_copy():
    spikes = np.zeros((3, 2), np.uint8)
    recording = Recording.from_arrays(spikes, [0, 0, 0])
    spikes[:] = 1
    assert recording.spikes.sum() == 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        recording.bin_width = 1.0


def test_duration_and_updates_per_bin():
    recording = binned()
    assert recording.duration == pytest.approx(3.6)
    assert recording.updates_per_bin(100.0) == 4  # 100 Hz x 4 neurons x 10 ms
    assert recording.updates_per_bin(1.0) == 1
    unknown = dataclasses.replace(recording, bin_width=None)
    for ask in (lambda: unknown.duration, lambda: unknown.updates_per_bin(100.0)):
        with pytest.raises(InputError, match="bin_width: expected seconds per bin"):
            ask()


# Parts of recordings


def test_select_reorders_neurons():
    recording = binned()
    chosen = recording.select([3, 1])
    assert chosen.patterns.tolist() == [index((bits[3], bits[1])) for bits in recording.spikes]
    for neurons in ([], [1, 1], [4], [-1]):
        with pytest.raises(InputError, match="neurons"):
            recording.select(neurons)
    with pytest.raises(InputError, match="single updates"):
        Recording.from_arrays([[0, 1]], [0], neuron=[0]).select([0])


def test_trials_and_split_partition_the_bins():
    recording = binned()
    some = recording.trials([9, 5])
    keep = [trial in (5, 9) for trial in recording.trial]
    np.testing.assert_array_equal(some.spikes, recording.spikes[keep])
    np.testing.assert_array_equal(some.stimulus, recording.stimulus[keep])
    train, test = recording.split(0.75, seed=1)
    ids = set(train.trial.tolist()), set(test.trial.tolist())
    assert (len(ids[0]), len(ids[1])) == (9, 3)
    assert ids[0] | ids[1] == set(recording.trial.tolist())
    assert train.num_bins + test.num_bins == recording.num_bins
    assert train.num_stimuli == test.num_stimuli == 3
    assert set(recording.split(0.75, seed=2)[1].trial.tolist()) != ids[1]
    np.testing.assert_array_equal(recording.split(0.75, seed=1)[0].spikes, train.spikes)
    with pytest.raises(InputError, match=r"ids: expected trials of this recording, got \[6\]"):
        recording.trials([5, 6])


def test_a_record_without_trials_is_split_in_time():
    recording = dataclasses.replace(binned(), trial=None)
    train, test = recording.split(0.9, seed=0)
    assert (train.num_bins, test.num_bins) == (324, 36)
    np.testing.assert_array_equal(np.vstack([train.spikes, test.spikes]), recording.spikes)
    for part in recording.split(1e-9, seed=0):
        assert part.num_bins > 0
    for fraction in (0.0, 1.0, np.nan):
        with pytest.raises(InputError, match="fraction"):
            recording.split(fraction, seed=0)
    with pytest.raises(InputError, match="one unbroken record"):
        recording.trials([0])


# Stimuli


def test_stimulus_counts_pass_trial_boundaries_and_close_the_loop():
    recording = Recording.from_arrays(np.zeros((5, 1)), [0, 1, 1, 2, 2], trial=[0, 0, 1, 1, 1])
    assert recording.stimulus_counts().tolist() == [[0, 1, 0], [0, 1, 1], [1, 0, 1]]
    np.testing.assert_allclose(recording.transition(), [[0, 1, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]])


def test_the_empirical_transition_has_the_visits_as_its_stationary_distribution():
    recording = binned()
    visits = np.bincount(recording.stimulus) / recording.num_bins
    np.testing.assert_allclose(visits @ recording.transition(), visits, atol=1e-12)


def test_a_stimulus_never_seen_is_named():
    recording = Recording.from_arrays(np.zeros((2, 1)), [0, 2], num_stimuli=4)
    with pytest.raises(InputError, match=r"none of \[1, 3\]"):
        recording.transition()


# Counts


def test_updates_are_counted_in_the_contexts_that_the_neurons_saw():
    """The simulation notes what each neuron saw before it answered; the recording shows patterns after."""
    rng = np.random.default_rng(0)
    num_neurons, pattern, truth, spikes, stimulus, neuron = 3, [0, 1, 0], Counter(), [], [], []
    for _ in range(2000):
        x, i, answer = int(rng.integers(2)), int(rng.integers(num_neurons)), int(rng.random() < 0.4)
        saw = tuple(0 if j == i else pattern[j] for j in range(num_neurons))
        truth[i, x, index(saw), answer] += 1
        pattern[i] = answer
        spikes.append(list(pattern))
        stimulus.append(x)
        neuron.append(i)
    updates = Recording.from_arrays(spikes, stimulus, neuron=neuron).updates()
    columns = (updates.neuron, updates.stimulus, updates.pattern)
    contexts = list(zip(*(column.tolist() for column in columns), strict=True))
    assert contexts == sorted({key[:3] for key in truth})
    assert updates.num_spikes.tolist() == [truth[*context, 1] for context in contexts]
    assert updates.num_updates.tolist() == [truth[*context, 0] + truth[*context, 1] for context in contexts]
    assert updates.response_counts.tolist() == [
        sum(count for (i, _, _, answer), count in truth.items() if i == j and answer) for j in range(num_neurons)
    ]
    assert updates.response_totals.sum() == updates.num_updates.sum() == updates.num_bins == 2000


def test_snapshots_are_every_few_bins_and_responses_are_all_bins():
    recording = binned()
    snapshots = recording.snapshots(every=7)
    seen = list(zip(recording.stimulus.tolist(), recording.patterns.tolist(), strict=True))
    truth = Counter(seen[::7])
    rows = zip(snapshots.stimulus.tolist(), snapshots.pattern.tolist(), snapshots.count.tolist(), strict=True)
    assert {(x, pattern): count for x, pattern, count in rows} == truth
    assert all(snapshots.dense[key] == count for key, count in truth.items())
    assert snapshots.dense.sum() == snapshots.num_bins == 52
    assert all(snapshots.occupancy_counts[key] == count for key, count in Counter(seen).items())
    assert snapshots.occupancy_counts.sum() == recording.num_bins
    np.testing.assert_array_equal(snapshots.response_counts, recording.spikes.sum(axis=0))
    np.testing.assert_array_equal(snapshots.design_effect, design_effect(recording, 7))


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("trials", [True, False])
def test_transitions_stop_at_the_end_of_a_trial(held, trials):
    recording = binned() if trials else dataclasses.replace(binned(), trial=None)
    transitions = recording.transitions(update_rate=100.0, held=held)
    x, pattern, truth = recording.stimulus.tolist(), recording.patterns.tolist(), Counter()
    for t in range(1, recording.num_bins):
        if not trials or recording.trial[t] == recording.trial[t - 1]:
            truth[x[t], None if held else x[t - 1], pattern[t - 1], pattern[t]] += 1
    before = transitions.previous_stimulus
    columns = (
        transitions.stimulus.tolist(),
        [None] * len(transitions.count) if before is None else before.tolist(),
        transitions.pattern.tolist(),
        transitions.next_pattern.tolist(),
    )
    found = dict(zip(zip(*columns, strict=True), transitions.count.tolist(), strict=True))
    assert found == truth
    assert transitions.num_bins == (12 * 29 if trials else 12 * 30 - 1)
    assert (transitions.updates_per_bin, transitions.held, before is None) == (4, held, held)


def test_reductions_refuse_recordings_of_the_other_kind():
    with pytest.raises(InputError, match="single updates, got bins"):
        binned().updates()
    with pytest.raises(InputError, match="bins, got single updates"):
        Recording.from_arrays([[0], [1]], [0, 0], neuron=[0, 0], bin_width=0.1).transitions(10.0)
    with pytest.raises(InputError, match="follow each other"):
        binned(bins_per_trial=1, num_trials=100).transitions(10.0)


def test_more_than_20_neurons_are_not_enumerated():
    recording = binned(num_neurons=21)
    for reduce in (lambda: recording.snapshots(every=1), lambda: recording.transitions(10.0)):
        with pytest.raises(InputError, match=r"at most 20, .* got 21\. Each table of 2\*\*21 .* 50 MB"):
            reduce()
    assert recording.select(range(15)).snapshots(every=1).occupancy_counts.shape == (3, 2**15)


def test_equal_counts_have_equal_hashes_and_others_do_not():
    recording = binned()
    flipped = recording.spikes.copy()
    flipped[0, 0] ^= 1
    other = dataclasses.replace(recording, spikes=flipped)
    order = np.random.default_rng(0).permutation(recording.num_bins)
    shuffled = Recording.from_arrays(recording.spikes[order], recording.stimulus[order])
    once = recording.snapshots(every=1)
    assert once.data_hash == shuffled.snapshots(every=1).data_hash
    assert len({once.data_hash, other.snapshots(every=1).data_hash, recording.snapshots(every=2).data_hash}) == 3
    by_rate = [recording.transitions(rate).data_hash for rate in (50.0, 100.0)]
    assert by_rate[0] == by_rate[1] != once.data_hash
    assert len(once.data_hash) == 64


def test_neurons_that_never_vary_are_named_and_stay_finite():
    spikes = np.zeros((40, 3))
    spikes[:, 1] = 1
    spikes[::2, 2] = 1
    with pytest.warns(DataWarning) as caught:
        Recording.from_arrays(spikes, np.zeros(40)).snapshots(every=1)
    messages = " ".join(str(warning.message) for warning in caught)
    assert len(caught) == 2
    assert "neuron 0 never spiked" in messages
    assert "neuron 1 always spiked" in messages
    with pytest.warns(DataWarning, match="neuron 1 was never redrawn"):
        Recording.from_arrays([[0, 1], [1, 1]], [0, 0], neuron=[0, 0]).updates()


# Dependence


def test_independent_bins_have_a_design_effect_of_one():
    recording = binned(num_trials=2000, bins_per_trial=60)
    np.testing.assert_allclose(design_effect(recording), 1, atol=0.06)
    np.testing.assert_allclose(design_effect(dataclasses.replace(recording, trial=None)), 1, atol=0.15)


def test_neurons_that_spike_together_are_not_dependence_in_time():
    together = np.repeat(np.random.default_rng(0).random((60_000, 1)) < 0.2, 4, axis=1)
    np.testing.assert_allclose(design_effect(in_trials(together, 1000)), 1, atol=0.1)


@pytest.mark.parametrize("every", [1, 5])
def test_design_effect_is_the_integrated_autocorrelation(every):
    recording = in_trials(sticky(2000, 200, keep=0.8), 2000)
    assert design_effect(recording, every)[0] == pytest.approx(expected_effect(0.8**every, 200 // every), rel=0.06)
    unbroken = Recording.from_arrays(sticky(1, 400_000, keep=0.8), np.zeros(400_000))
    integrated = (1 + 0.8**every) / (1 - 0.8**every)
    assert design_effect(unbroken, every)[0] == pytest.approx(integrated, rel=0.1)


def test_a_stimulus_that_comes_and_goes_dilutes_the_dependence():
    stimulus = (np.random.default_rng(1).random(400_000) < 0.25).astype(int)
    effects = design_effect(in_trials(sticky(2000, 200, keep=0.8), 2000, stimulus))
    assert effects[0] == pytest.approx(expected_effect(0.8, 200, share=0.75), rel=0.06)
    assert effects[1] == pytest.approx(expected_effect(0.8, 200, share=0.25), rel=0.06)


def test_a_design_effect_is_no_matter_of_unequal_trials():
    """One long trial among short ones: the correction for the estimated mean must know the sizes."""
    rng = np.random.default_rng(0)
    trial = np.repeat(np.arange(25), [120] + [5] * 24)
    zeros = np.zeros(len(trial))
    draws = [Recording.from_arrays(rng.random((240, 2)) < 0.3, zeros, trial=trial) for _ in range(3000)]
    assert np.mean([design_effect(draw)[0] for draw in draws]) == pytest.approx(1, abs=0.06)


def test_a_design_effect_that_cannot_be_measured_is_nan():
    stimulus = np.repeat([0, 1], [2390, 10])
    recording = in_trials(np.random.default_rng(0).random((2400, 2)) < 0.3, 24, stimulus)
    assert np.isfinite(design_effect(recording)).tolist() == [True, False]
    silent = Recording.from_arrays(np.zeros((100, 2)), np.zeros(100))
    assert design_effect(silent).tolist() == [1.0]


def test_thinning_step_is_the_first_below_the_target():
    """0.7**6 leaves (1 + 0.118) / (1 - 0.118) = 1.27, 0.7**8 leaves 1.12."""
    recording = in_trials(sticky(4000, 200, keep=0.7), 4000)
    assert thinning_step(recording) == 8
    assert recording.snapshots().every == 8
    assert thinning_step(recording, target=3.0) == 2  # (1 + 0.49) / (1 - 0.49) = 2.9
    assert thinning_step(in_trials(sticky(4000, 60, keep=0.0), 4000)) == 1


def test_a_recording_that_drifts_is_not_thinned_in_silence():
    state_of_trial = np.repeat(np.random.default_rng(0).random((25, 2)) < 0.5, 1000, axis=0)
    with pytest.warns(DataWarning, match="no thinning step"):
        snapshots = in_trials(state_of_trial, 25).snapshots()
    assert snapshots.design_effect[0] > 1.2
    assert snapshots.every > 500  # it was tried as far as 30 snapshots allow
    assert snapshots.num_bins >= 30


def test_bins_of_the_rats_depend_on_each_other_for_about_half_a_second(shared):
    session = np.load(shared / "data" / "rat_clicks_T103_303075.npz")
    states, _ = stimulus_states(session["stimulus"], smooth=0.1, bin_width=0.01, trial=session["trial"])
    recording = Recording.from_arrays(session["spikes"], states, trial=session["trial"], bin_width=0.01)
    assert 5 < design_effect(recording).max() < 8
    assert design_effect(recording, every=50).max() < 1.1
    assert 10 < recording.snapshots().every < 50
