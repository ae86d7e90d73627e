"""Wrong calls of `infer`: each is refused in one sentence, within a second, before anything is traced or written."""

import time

import jax
import numpy as np
import pytest

import bayes_irl as bi

CIRCUIT = bi.Circuit(2, bi.Stimulus.constant())
RECORDING = bi.Recording.from_arrays([[0, 1], [1, 1], [1, 0], [0, 0]], [0, 0, 0, 0], neuron=[1, 0, 1, 0])
POPULATION = bi.Population(2, bi.Stimulus.constant())
KEY = jax.random.key(0)


def has_no_docstring(circuit, recording=None):
    pass


WRONG = {
    "a method's name that is none": (("spike_count", CIRCUIT, RECORDING), {"method": "gibbs"}, "one of Nuts"),
    "a method's class": (("spike_count", CIRCUIT, RECORDING), {"method": bi.Nuts}, r"Nuts\(\).*Add \(\)\."),
    "a method for populations": (("spike_count", CIRCUIT, RECORDING), {"method": bi.Sandwich()}, "for a circuit"),
    "a method that needs a likelihood": (("large_population", POPULATION, RECORDING), {"method": "nuts"}, "Sandwich"),
    "a number for a system": (("spike_count", 8, RECORDING), {}, "system: expected a Circuit.*got 8"),
    "arguments swapped": (("spike_count", RECORDING, CIRCUIT), {}, "system: expected a Circuit"),
    "model and system swapped": ((CIRCUIT, "spike_count", RECORDING), {}, "infer\\(model, system, recording\\)"),
    "a system for a recording": (("spike_count", CIRCUIT, CIRCUIT), {}, "recording: expected what was recorded"),
    "a model of a population": (("large_population", bi.Maze(2, 2, goal=(0, 0)), RECORDING), {}, "recording|model"),
    "a model of a circuit": (("spike_count", POPULATION, RECORDING), {}, "population"),
    "a model that does not exist": (("spike_counts", CIRCUIT, RECORDING), {}, "model: expected one of"),
    "a function without a claim": ((has_no_docstring, CIRCUIT, RECORDING), {}, "docstring"),
    "a key that is none": (("spike_count", CIRCUIT, RECORDING), {"key": "seed"}, "key: expected a JAX random key"),
    "a negative seed": (("spike_count", CIRCUIT, RECORDING), {"key": -1}, "key: expected a JAX random key"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_call_is_refused_in_a_sentence(wrong, tmp_path):
    arguments, options, message = WRONG[wrong]
    began = time.process_time()
    with pytest.raises(bi.InputError, match=message):
        bi.infer(*arguments, **{"key": KEY} | options, checkpoint=tmp_path / "fit")
    assert time.process_time() - began < 5  # of which most is the first trace that JAX makes in this process
    assert not (tmp_path / "fit").exists()


@pytest.mark.parametrize("method", ["laplace", "Laplace", bi.Laplace()])
def test_a_method_may_be_called_by_its_name(method):
    tree = bi.infer("spike_count", CIRCUIT, RECORDING, 0.5, method, key=KEY)
    assert tree.attrs["method"] == "Laplace"


def test_a_seed_is_the_key_made_of_it():
    one, other = (
        bi.infer("spike_count", CIRCUIT, RECORDING, 0.5, bi.Laplace(100), key=key) for key in (3, jax.random.key(3))
    )
    np.testing.assert_array_equal(one["posterior"]["table"], other["posterior"]["table"])


def test_an_optimum_is_no_system_and_a_system_no_optimum():
    with pytest.raises(bi.InputError, match="system: expected a system"):
        bi.optimize(bi.optimize(CIRCUIT, np.zeros((1, 4)), 1.0), np.zeros((1, 4)), 1.0)
    with pytest.raises(bi.InputError, match="optimum: expected"):
        bi.simulate(7, 100, KEY)
