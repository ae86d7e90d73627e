"""Expected information: against closed forms, and where claims agree or differ beyond doubt."""

import jax
import numpy as np
import pytest
import xarray as xr
from matplotlib.legend import Legend
from scipy.stats import binom

import bayes_irl as bi
from bayes_irl.evaluation.experiments import UNCHANGED, default_experiments, information, information_of_recording

KEY = jax.random.key(0)
SEED = np.arange(4)


def claim(circuit, reward, spread=0.0, num_draws=20):
    """A fit, as far as experiments look at it: draws of a reward."""
    noise = np.random.default_rng(0).normal(0, 1, (1, num_draws, *reward.shape))
    draws = xr.DataArray(np.asarray(reward) + spread * noise, dims=("chain", "draw", "stimulus", "pattern"))
    stored = circuit.store().assign(baseline=("neuron", np.full(circuit.num_neurons, 0.4)))
    draws = draws.assign_coords(chain=[0], draw=np.arange(num_draws))
    gate = xr.Dataset(attrs={"verdict": "All 1 checks passed.", "passed": 1})
    groups = {"posterior": xr.Dataset(), "gate": gate, "system": stored.expand_dims("recording")}
    groups["reward"] = xr.Dataset({"reward": draws})
    return xr.DataTree.from_dict({f"/{name}": each for name, each in groups.items()})


def test_information_of_one_outcome_is_mutual_information():
    """A symmetric channel: one bit less the entropy of its errors. Nothing where claims agree; else at most log2 K."""
    error = 0.11
    entropy = -error * np.log2(error) - (1 - error) * np.log2(1 - error)
    assert information(np.array([[error, 1 - error], [1 - error, error]])) == pytest.approx(1 - entropy, abs=1e-12)
    assert information(np.array([[0.2, 0.8], [0.2, 0.8]])) == 0
    assert information(np.eye(4)) == pytest.approx(2.0)


def test_information_of_a_recording_is_that_of_its_counts():
    """Two claims without doubt about their reward, two outcomes: spikes are Binomial under each, all can be counted."""
    size, chances = 30, np.array([0.4, 0.55])
    counts = np.arange(size + 1)
    exact = information(binom.pmf(counts, size, chances[:, None]))
    shares = np.repeat(np.stack([1 - chances, chances], axis=1)[:, None], 6, axis=1)
    found, error = information_of_recording(shares, size, SEED)
    assert found == pytest.approx(exact, abs=3 * error) and error < 0.05


def test_doubt_about_a_reward_costs_information():
    """The chance of a spike is known, or uniform on either side of a half: then counts are Beta-binomial."""
    size, grid = 20, (np.arange(400) + 0.5) / 800
    shares = np.stack([np.stack([1 - each, each], axis=1) for each in (grid, 1 - grid)])
    found, error = information_of_recording(shares, size, SEED)
    counts = np.arange(size + 1)
    exact = information(np.stack([binom.pmf(counts[:, None], size, each).mean(axis=1) for each in (grid, 1 - grid)]))
    assert found == pytest.approx(exact, abs=3 * error)


def test_ten_snapshots_are_worth_no_less_than_one():
    """Posteriors so wide that no draw resembles another: the simulation alone would say that they are worth nothing."""
    circuit = bi.Circuit(3, bi.Stimulus.constant())
    bump = 4.0 * (circuit.spike_count == 1) - 4.0 * (circuit.spike_count == 2)
    claims = {name: claim(circuit, each[None], 6.0, 8) for name, each in (("one", bump), ("two", -bump))}
    found = bi.tell_apart(claims, key=KEY)
    assert (found["bits"] >= found["bits_snapshot"] - 1e-12).all() and (found["bits_snapshot"] > 0.05).all()


def test_ties_are_called_ties_and_failed_fits_by_their_names():
    """Neurons that are all alike: silencing one is worth as much as silencing another, whatever the key."""
    circuit = bi.Circuit(3, bi.Stimulus.constant())
    claims = {
        name: claim(circuit, gain * (circuit.spike_count == 3.0)[None], 0.1)
        for name, gain in (("some", 2.0), ("more", 3.0))
    }
    claims["more"]["gate"].attrs |= {"passed": 0, "verdict": "DO NOT TRUST THESE INTERVALS."}
    forced = {f"force {i}": circuit.force(i) for i in range(3)}
    found = bi.tell_apart(claims, key=KEY, experiments=forced)
    assert found["tied"].sel(experiment=list(forced)).all() or not found["tied"].sel(experiment=list(forced)).any()
    assert found.attrs["sentence"].startswith("Read the verdicts first: “more” failed the gate")
    assert "cannot rank" in found.attrs["sentence"] or "more of the same" in found.attrs["sentence"]
    (legend,) = bi.plots.experiments(found).findobj(Legend)
    assert [each.get_text() for each in legend.get_texts()] == ["some", "more (fit failed)"]


def test_experiments_are_ranked_by_what_they_tell():
    """Claims that agree while neuron 0 is silent, and differ where it spikes: forcing it tells most."""
    circuit = bi.Circuit(3, bi.Stimulus.constant())
    pattern = circuit.patterns
    alike = -4.0 * pattern[:, 0]  # it is nearly always silent
    together, apart = 3.0 * pattern[:, 0] * pattern[:, 1], -3.0 * pattern[:, 0] * pattern[:, 1]
    claims = {
        name: claim(circuit, (alike + each)[None], 0.02) for name, each in (("together", together), ("apart", apart))
    }
    found = bi.tell_apart(claims, key=KEY)
    assert found["experiment"].values[0] == "force neuron 0 to spike" and found["passed"].all()
    assert (np.diff(found["bits"]) <= 0).all()
    assert float(found["bits"].sel(experiment="silence neuron 0")) < 0.02
    assert "force neuron 0 to spike" in found.attrs["sentence"]
    curves = found["tuning_curve"].sel(experiment="force neuron 0 to spike").mean("draw")
    assert float(curves.sel(claim="together")[0, 1]) > 0.7 > 0.3 > float(curves.sel(claim="apart")[0, 1])
    assert (found["bits"] <= 1 + 1e-9).all() and int(found.attrs["num_snapshots"]) in (10, 100, 1000, 10_000)
    figure = bi.plots.experiments(found)
    assert [bar.get_width() for bar in figure.axes[0].patches] == found["bits"].values.tolist()


def test_one_claim_twice_cannot_be_told_apart():
    circuit = bi.Circuit(2, bi.Stimulus.switching(0.1))
    reward = bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2})
    found = bi.tell_apart({"one": claim(circuit, reward), "again": claim(circuit, reward)}, key=KEY)
    np.testing.assert_allclose(found["bits"], 0, atol=1e-9)
    np.testing.assert_allclose(found["bits_snapshot"], 0, atol=1e-9)


def test_default_experiments_change_one_thing_each():
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.3)).silence(2)
    changed = default_experiments(circuit)
    assert len(changed) == 2 + 2 + 2 and all(2 in each.silenced for each in changed.values())
    rates = sorted(float(each.transition[0, 1]) for each in changed.values())
    assert rates[0] == pytest.approx(0.075) and rates[-1] == pytest.approx(1.0)  # it cannot change 4 times as often
    assert UNCHANGED not in changed
    assert len(default_experiments(bi.Circuit(1, bi.Stimulus.constant()))) == 0


def test_what_cannot_be_told_apart_is_refused():
    circuit, other = bi.Circuit(2, bi.Stimulus.constant()), bi.Circuit(3, bi.Stimulus.constant())
    one = claim(circuit, np.zeros((1, 4)))
    with pytest.raises(bi.InputError, match="at least two claims"):
        bi.tell_apart({"one": one}, key=KEY)
    with pytest.raises(bi.InputError, match="claims about one circuit"):
        bi.tell_apart({"one": one, "other": claim(other, np.zeros((1, 8)))}, key=KEY)
    with pytest.raises(bi.InputError, match="what `tell_apart` returned"):
        bi.plots.experiments(xr.Dataset())
