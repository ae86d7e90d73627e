"""Any circuit, reward, recording and change: results are finite, or an error or the gate says why they are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from jax import random
from test_hostile import attempt, thorough

import bayes_irl as bi

few, some = settings(thorough, max_examples=6), settings(thorough, max_examples=30)

amounts = st.floats(-3, 3) | st.sampled_from([0.0, 40.0, -1e3, np.nan, np.inf])
costs = st.floats(0.1, 3) | st.sampled_from([0.0, -1.0, 1e-6, 1e6, np.nan])
baselines = st.sampled_from(["neuron", "population", "mean", 0.5, 0.0, 1.0, [0.2, 0.9], np.nan])
neurons = st.lists(st.integers(-1, 2), max_size=2)


sizes = st.integers(1, 2)
lesions = st.sampled_from(["none", "silence", "force"])


def lesioned(num_stimuli, lesion, who):
    """Two neurons, one or two stimuli; perhaps with a lesion, if there can be one of these neurons."""
    circuit = bi.Circuit(2, bi.Stimulus.switching(0.2) if num_stimuli == 2 else bi.Stimulus.constant())
    return circuit if lesion == "none" else attempt(lambda: getattr(circuit, lesion)(*who)) or circuit


@some
@given(sizes, lesions, neurons, st.data(), costs, baselines)
def test_any_reward_is_optimised_or_refused(num_stimuli, lesion, who, data, cost, baseline):
    circuit = lesioned(num_stimuli, lesion, who)
    reward = data.draw(hnp.arrays(float, (circuit.num_stimuli, 4), elements=amounts))
    network = attempt(lambda: bi.optimize(circuit, reward, cost, baseline))
    if network is None:
        return
    occupancy, mean = np.asarray(network.occupancy), np.asarray(network.mean_response)
    if network.converged:
        np.testing.assert_allclose(occupancy.sum(), 1, atol=1e-6)
        assert ((mean >= -1e-9) & (mean <= 1 + 1e-9)).all()
        assert np.isfinite(float(network.objective))
        lowest, highest = np.nanmin(reward), np.nanmax(reward)
        assert lowest - 1e-6 * (1 + abs(lowest)) <= float(network.average_reward)
        assert float(network.average_reward) <= highest + 1e-6 * (1 + abs(highest))
    else:
        assert "converged" not in network.ended or "not" in network.ended


@pytest.mark.slow
@few
@given(sizes, lesions, neurons, st.sampled_from(["spike_count", "pairwise", "sparse", "place"]), baselines, st.data())
def test_any_recording_is_explained_or_refused(num_stimuli, lesion, who, model, baseline, data):
    circuit = lesioned(num_stimuli, lesion, who)
    length = data.draw(st.integers(1, 60))
    spikes = data.draw(hnp.arrays(np.uint8, (length, 2), elements=st.integers(0, 1)))
    stimulus = data.draw(hnp.arrays(np.int64, length, elements=st.integers(0, circuit.num_stimuli - 1)))
    neuron = data.draw(st.none() | hnp.arrays(np.int64, length, elements=st.integers(0, 1)))

    def fit():
        recording = bi.Recording.from_arrays(spikes, stimulus, neuron=neuron, num_stimuli=circuit.num_stimuli)
        return bi.infer(bi.load_model(model), circuit, recording, baseline, bi.Laplace(100), key=random.key(0))

    tree = attempt(fit)
    if tree is not None and bi.passed(tree):
        for values in [*tree["posterior"].data_vars.values(), tree["reward"]["reward"]]:
            assert np.isfinite(values).all()


@pytest.fixture(scope="module")
def posterior():
    circuit = bi.Circuit(2, bi.Stimulus.switching(0.2))
    network = bi.optimize(circuit, [[0, 1, 1, 0], [1, 0, 0, 1]], 0.5, "neuron")
    recording = bi.simulate(network, 3000, random.key(0))
    return bi.infer(bi.load_model("pairwise"), circuit, recording, method=bi.Laplace(100), key=random.key(0))


@pytest.mark.slow
@few
@given(
    sizes,
    lesions,
    neurons,
    st.sampled_from(["held", "adapted"]),
    costs,
    st.sampled_from([1, 3, 0, -1, 10_000]),
)
def test_any_change_is_predicted_or_refused(posterior, num_stimuli, lesion, who, baseline, factor, num_draws):
    circuit = lesioned(num_stimuli, lesion, who)
    prediction = attempt(
        lambda: bi.adapt(posterior, circuit, num_draws=num_draws, baseline=baseline, coding_cost_factor=factor)
    )
    if prediction is not None:
        mean = prediction["predictions"]["mean_response"].values
        assert np.isfinite(mean).all()
        assert ((mean >= -1e-9) & (mean <= 1 + 1e-9)).all()
        silenced = sorted(circuit.silenced)
        assert not prediction["predictions"]["mean_response"].sel(circuit="changed").values[..., silenced].any()
