"""Stored circuits, solved once by an independent dense NumPy implementation: policy iteration, direct linear solves."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bayes_irl import Circuit, Stimulus, optimize

NAMES = ["random3", *(f"{name}{change}" for name in ("count6", "count8") for change in ("", "_rare", "_silenced0"))]


@cache
def solved(path: Path, name: str):
    """The stored fields of a circuit, and our network for the same reward."""
    with np.load(path) as stored:
        fields = {key.split(".")[1]: stored[key] for key in stored.files if key.split(".")[0] == name}
    num_neurons = int(np.log2(fields["reward"].shape[1]))
    circuit = Circuit(num_neurons, Stimulus(fields["transition"]))
    if name.endswith("_silenced0"):
        circuit = circuit.silence(0)
    baseline = fields["baseline"] if name == "random3" else "population"
    return fields, optimize(circuit, fields["reward"], float(fields["coding_cost"]), baseline, start=0.5)


@pytest.fixture(params=NAMES)
def pair(request, shared):
    return solved(shared / "reference" / "circuits.npz", request.param)


def test_every_stored_circuit_is_compared(shared):
    with np.load(shared / "reference" / "circuits.npz") as stored:
        assert {key.split(".")[0] for key in stored.files} == set(NAMES)


def test_it_converges(pair):
    _, network = pair
    assert network.converged
    assert network.residual < 1e-9


def test_objective(pair):
    fields, network = pair
    np.testing.assert_allclose(network.objective, fields["objective"], atol=1e-6)


def test_baseline_of_the_living(pair):
    fields, network = pair
    alive = network.circuit.alive
    np.testing.assert_allclose(network.baseline[alive], fields["baseline"][alive], atol=1e-6)


def test_value_up_to_a_function_of_the_stimulus(pair):
    fields, network = pair
    expected = fields["value"] - fields["value"].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(network.value, expected, atol=1e-6)


def test_log_odds_of_the_living(pair):
    fields, network = pair
    alive = network.circuit.alive
    np.testing.assert_allclose(network.logits[alive], fields["logit"][alive], atol=1e-6)


def test_occupancy(pair):
    fields, network = pair
    np.testing.assert_allclose(network.occupancy, fields["occupancy"], rtol=1e-6, atol=1e-12)
