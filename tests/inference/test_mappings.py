"""However many fits a process makes, compiled code does not pile up until the system ends it."""

import gc
import itertools

import jax
import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl.inference import mappings


@pytest.mark.skipif(not mappings.OWN_MAPPINGS.exists(), reason="memory mappings are counted on Linux alone")
def test_many_fits_stay_within_what_a_process_may_map(monkeypatch):
    rng = np.random.default_rng(0)
    numbers = itertools.count()  # another name, another circuit: the same would not be compiled again
    recording = bi.Recording.from_arrays(rng.integers(0, 2, (40, 1)), rng.integers(0, 2, 40), neuron=np.zeros(40))

    def mapped_after_a_fit() -> int:
        stimulus = bi.Stimulus([[0.9, 0.1], [0.1, 0.9]], ["a", f"b{next(numbers)}"])
        circuit = bi.Circuit(1, stimulus)
        bi.infer(bi.load_model("free_form"), circuit, recording, [0.3], bi.Laplace(100), key=jax.random.key(0))
        return mappings.num_mappings()

    gc.collect()
    gc.disable()  # when garbage is collected is then not left to what ran before
    try:
        first = mapped_after_a_fit()
        second = mapped_after_a_fit()
        monkeypatch.setattr(mappings, "MAX_MAPPINGS", first - 1)
        bounded = [mapped_after_a_fit() for _ in range(2)]
    finally:
        gc.enable()
    assert second > first + 300  # so much more with each
    assert max(bounded) < first + 300
