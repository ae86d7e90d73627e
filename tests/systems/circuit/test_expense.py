"""Large circuits: what a gradient will cost is said once, before a fit begins."""

import warnings

import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl.systems.circuit import expense

RNG = np.random.default_rng(0)


def observe(num_neurons):
    """Hand a short recording to a circuit."""
    spikes = RNG.integers(0, 2, (40, num_neurons))
    recording = bi.Recording.from_arrays(spikes, np.arange(40) % 2)
    return bi.Circuit(num_neurons, bi.Stimulus.switching(0.1)).check_counts(recording.snapshots(1), "neuron")


def test_fits_of_more_than_14_neurons_begin_with_their_cost(monkeypatch):
    monkeypatch.setattr(expense, "gradient_cost", lambda neurons, stimuli: (neurons + 0.2, stimuli + 0.25))
    with pytest.warns(bi.DataWarning, match=r"15 neurons: about 15 s a gradient on this machine, 2\.2 GB"):
        observe(15)
    with warnings.catch_warnings():
        warnings.simplefilter("error", bi.DataWarning)
        observe(14)


def test_the_cost_is_measured_once_and_grows_with_the_tables():
    seconds, gigabytes = expense.gradient_cost(6, 2)
    assert (seconds, gigabytes) == expense.gradient_cost(6, 2)  # a time that was measured anew would differ
    assert seconds > 0
    assert expense.gradient_cost(6, 4)[1] == pytest.approx(2 * gigabytes)
