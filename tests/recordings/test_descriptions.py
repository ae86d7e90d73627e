"""What users print, and what notebooks show: three lines that say what it is."""

import numpy as np
import pytest
from jax import random

import bayes_irl as bi

UNITS, STIMULI = ["u3", "u28"], ["left, low", "right"]


@pytest.fixture(scope="module")
def recording():
    rng = np.random.default_rng(0)
    return bi.Recording.from_arrays(
        rng.random((4000, 2)) < 0.3,
        np.repeat(rng.integers(0, 2, 400), 10),
        bin_width=0.01,
        unit_ids=UNITS,
        stimulus_names=STIMULI,
    )


def single_updates(circuit):
    moving = bi.Circuit(2, bi.Stimulus(circuit.transition, STIMULI), unit_ids=circuit.unit_ids)
    return bi.simulate(bi.optimize(moving, np.zeros((2, 4)), 0.5, 0.3), 500, random.key(0))


@pytest.mark.parametrize("kind", ["recording", "snapshots", "transitions", "updates", "model", "circuit", "network"])
def test_three_lines_say_what_it_is_and_notebooks_show_them(recording, kind):
    circuit = bi.Circuit.from_recording(recording, 100.0)
    network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2}), 0.5, 0.3)
    made = {
        "recording": lambda: recording,
        "snapshots": recording.snapshots,
        "transitions": lambda: recording.transitions(100.0),
        "updates": lambda: single_updates(circuit).updates(),
        "model": lambda: bi.load_model("spike_count"),
        "circuit": lambda: circuit,
        "network": lambda: network,
    }[kind]()
    lines = str(made).splitlines()
    assert len(lines) == 3 and all(5 < len(line) < 160 for line in lines)
    shown = made._repr_html_()
    assert shown.startswith("<div>") and all(line.split(",")[0].replace("<", "&lt;") in shown for line in lines[1:])
    if kind not in ("model", "network", "updates"):
        assert "“left, low”" in str(made) and "u28" in str(made)


def test_a_silent_recording_has_a_description():
    silent = bi.Recording.from_arrays(np.zeros((50, 2)), np.zeros(50))
    assert "0 to 0 spikes per bin" in str(silent) and "1 stimulus: 0 100%" in str(silent)


def test_of_many_units_and_stimuli_the_first_are_named():
    many = bi.Recording.from_arrays(np.eye(40)[:, :20], np.arange(40), unit_ids=range(20))
    assert "and 8 more" in str(many) and "and 28 more" in str(many)
