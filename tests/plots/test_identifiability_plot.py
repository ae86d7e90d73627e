"""The picture of circulation: read back against the table that it was made from."""

import numpy as np
import pytest
import xarray as xr
from asymmetric import coupled
from jax import random
from test_plots import check_legible

import bayes_irl as bi
from bayes_irl.plots.circulation import circulation


@pytest.fixture(scope="module")
def outcome() -> xr.Dataset:
    circuit = bi.Circuit(4, bi.Stimulus.switching(0.05))
    couplings = np.zeros((4, 4))
    couplings[1, 3] = 1.5
    recording = bi.simulate(coupled(circuit, couplings, np.full((2, 4), -0.3)), 5000, random.key(0))
    return bi.identifiability.optimality_test(recording, key=random.key(1), num_replicates=199)


def test_pairs_are_drawn_with_their_intervals_and_filled_if_significant(outcome):
    figure = circulation(outcome)
    left, right = figure.axes
    drawn = {
        float(x): (float(y), line.get_markerfacecolor() != "white")
        for line in right.lines[1:]
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert [drawn[place][0] for place in range(6)] == pytest.approx(outcome["circulation"].values.tolist())
    assert [drawn[place][1] for place in range(6)] == (outcome["p_value_of_pair"].values < 0.05).tolist()
    bars = np.concatenate([np.array(lines.get_segments()) for lines in right.collections])
    halves = {float(bar[0, 0]): (bar[1, 1] - bar[0, 1]) / 2 for bar in bars}
    errors = outcome["standard_error"].values
    assert [halves[place] for place in range(6)] == pytest.approx((1.6449 * errors).tolist())
    assert [label.get_text() for label in right.get_xticklabels()] == outcome["pair"].values.tolist()
    assert left.lines[0].get_xdata()[0] == float(outcome["deviance"])
    assert sum(patch.get_height() for patch in left.patches) == 199
    check_legible(figure)


def test_of_many_pairs_those_that_circulate_most_are_drawn(outcome):
    figure = circulation(outcome, num_pairs=2)
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert set(labels) == set(outcome["pair"].values[np.argsort(-np.abs(outcome["z"].values))[:2]])
    assert "1,3" in labels
    check_legible(figure)


def test_something_else_is_refused():
    with pytest.raises(bi.InputError, match="what optimality_test returned"):
        circulation(xr.Dataset())
