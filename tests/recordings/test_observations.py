"""The three kinds of observation of one circuit: they agree where the stimulus is slow; where it is fast the error of
treating it as held within bins is measured.
"""

import known
import numpy as np
import pytest
from jax import random

import bayes_irl as bi

PER_BIN = 8  # updates; four neurons, bins of 10 ms
RATE = PER_BIN / (4 * 0.01)
NUM_BINS = 20_000
COST = 1.0
SLOW, FAST = 0.002, 0.1  # probability that the stimulus switches at an update


class Observed:
    """One circuit, simulated and fitted in every way."""

    def __init__(self, switch):
        self.circuit = bi.Circuit(4, bi.Stimulus.switching(switch))
        self.network = bi.optimize(self.circuit, known.reward(), COST, known.BASELINE)
        self.bins = bi.simulate(self.network, NUM_BINS * PER_BIN, random.key(1), updates_per_bin=PER_BIN)

    def fit(self, counts, circuit=None):
        model, method = bi.load_model("spike_count"), bi.Laplace(500)
        return bi.infer(model, circuit or self.circuit, counts, known.BASELINE, method, key=random.key(3))

    def approximate(self) -> bi.Circuit:
        """The circuit as one would have it who sees bins alone, and takes the stimulus as held in them."""
        return bi.Circuit(4, bi.Stimulus.per_update(self.bins.transition(), PER_BIN))


def gaps(tree) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the reward of one more spike, in units of λ: the same in every gauge."""
    draws = np.diff(known.flat(tree["posterior"]["reward_per_count"]), axis=2)
    return draws.mean(axis=0), draws.std(axis=0)


TRUE_GAPS = np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])  # 1 / λ for one spike, for three


def well_visited(observed, least=200) -> np.ndarray:
    """Gaps between spike counts that were both seen often."""
    members = observed.circuit.spike_count[:, None] == np.arange(5)
    seen = np.zeros((2, 16))
    np.add.at(seen, (observed.bins.stimulus, observed.bins.patterns), 1)
    often = seen @ members >= least
    return often[:, 1:] & often[:, :-1]


@pytest.fixture(scope="module")
def slow():
    observed = Observed(SLOW)
    updates = bi.simulate(observed.network, 20_000, random.key(2))
    fits = {
        "updates": observed.fit(updates),
        "snapshots": observed.fit(observed.bins.snapshots()),
        "transitions": observed.fit(observed.bins.transitions(RATE), observed.approximate()),
    }
    return observed, fits


def test_each_kind_of_observation_finds_the_truth_and_passes_the_gate(slow):
    observed, fits = slow
    seen = well_visited(observed)
    assert seen.sum() >= 6
    for name, tree in fits.items():
        assert bi.passed(tree), name
        mean, sd = gaps(tree)
        assert (np.abs(mean - TRUE_GAPS)[seen] < 3.5 * sd[seen]).all(), name
        assert (sd[seen] < 0.7).all(), name


@pytest.mark.parametrize("pair", [("updates", "snapshots"), ("updates", "transitions"), ("snapshots", "transitions")])
def test_kinds_of_observation_agree_within_their_errors(pair, slow):
    observed, fits = slow
    seen = well_visited(observed)
    (first, first_sd), (second, second_sd) = (gaps(fits[name]) for name in pair)
    z = ((first - second) / np.hypot(first_sd, second_sd))[seen]
    assert np.abs(z).max() < 3


def test_transitions_say_more_than_the_snapshots_thinned_from_the_same_bins(slow):
    observed, fits = slow
    seen = well_visited(observed)
    assert (gaps(fits["transitions"])[1][seen] < gaps(fits["snapshots"])[1][seen]).all()


@pytest.fixture(scope="module")
def fast():
    observed = Observed(FAST)
    moves = observed.bins.transitions(RATE)
    return observed, {
        "exact": observed.fit(moves),
        "held": observed.fit(moves, observed.approximate()),
        "snapshots": observed.fit(observed.bins.snapshots()),
    }


def test_the_error_of_taking_a_fast_stimulus_as_held(fast):
    """The stimulus switches with probability 0.1 at an update and 0.42 from bin to bin; seven gaps, in nats.

    Knowing T per update, transitions are right: root mean square error 0.025, for posterior standard deviations of
    0.03. With T refined from bins as if changes were rare, I + (T_bin − I)/k switches half as often (0.052): the error
    is 0.062, at worst 0.11 and 6.5 standard deviations. Snapshots take the patterns at the ends of bins, through which
    the stimulus was held, for those of a stimulus that moves at every update: the error is 0.25, at worst 0.41.
    """
    observed, fits = fast
    seen = well_visited(observed)
    assert seen.sum() == 7
    np.testing.assert_allclose(observed.approximate().transition[[0, 1], [1, 0]], 0.052, atol=0.002)
    mean, sd = gaps(fits["exact"])
    assert (np.abs(mean - TRUE_GAPS)[seen] < 3.5 * sd[seen]).all()
    errors = {name: (gaps(tree)[0] - TRUE_GAPS)[seen] for name, tree in fits.items()}
    spread = {name: np.sqrt(np.mean(error**2)) for name, error in errors.items()}
    assert spread["exact"] < 0.045
    assert 0.045 < spread["held"] < 0.085
    assert 0.08 < np.abs(errors["held"]).max() < 0.15
    assert 0.2 < spread["snapshots"] < 0.3
