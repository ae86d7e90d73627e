"""The picture of couplings is read back: arrows, colours and signs are those of the numbers."""

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from matplotlib.patches import FancyArrowPatch
from test_plots import check_legible, fit, gate, words

import bayes_irl as bi
from bayes_irl import InputError, plots

WEIGHTS = np.array([[0.0, 2.0, -4.0], [0.0, 0.0, 0.01], [1.0, -1.0, 0.0]])


def arrows(axes) -> list[FancyArrowPatch]:
    return [each for each in axes.patches if isinstance(each, FancyArrowPatch)]


def signs(axes) -> dict:
    return {(round(each.get_position()[1]), round(each.get_position()[0])): each.get_text() for each in axes.texts}


def tree(passed=True) -> xr.DataTree:
    """Draws in which the coupling from 1 to 2 may well be zero."""
    spread = np.full((3, 3), 0.1)
    spread[2, 1] = 3.0
    draws = WEIGHTS + spread * np.random.default_rng(0).normal(size=(1, 400, 3, 3)) * (WEIGHTS != 0)
    weights = xr.Dataset({"weight": (("chain", "draw", "neuron", "seen"), draws)})
    return xr.DataTree.from_dict({"/couplings": weights, "/posterior": xr.Dataset(), "/gate": gate(passed)})


def test_couplings_are_arrows_by_sign_and_strength():
    figure = plots.couplings(bi.Couplings(jnp.asarray(WEIGHTS), jnp.zeros((1, 3))))
    ring, matrix, bar = figure.axes
    drawn = arrows(ring)
    assert len(drawn) == 4  # 0.01 is too weak to show
    widths = [each.get_linewidth() for each in drawn]
    assert widths == sorted(widths) and widths[-1] == pytest.approx(2 * widths[-2])
    shown = np.ma.filled(matrix.images[0].get_array(), 0.0)
    np.testing.assert_allclose(shown, WEIGHTS)
    assert signs(matrix) == {(0, 1): "+", (0, 2): "−", (1, 2): "+", (2, 0): "+", (2, 1): "−"}
    assert matrix.images[0].get_clim() == (-4, 4)
    assert "log-odds" in bar.get_ylabel()
    assert "interval" not in words(figure)
    check_legible(figure)


def test_couplings_that_may_be_zero_are_dotted_and_without_a_sign():
    figure = plots.couplings(tree())
    ring, matrix, _ = figure.axes
    assert (2, 1) not in signs(matrix) and (0, 2) in signs(matrix)
    assert sum(each.get_linestyle() not in ("-", "solid") for each in arrows(ring)) == 1
    assert "90 % equal-tailed interval includes 0" in words(figure)
    check_legible(figure)


def test_a_failed_gate_is_said_and_other_things_are_refused():
    assert "Gate failed" in words(plots.couplings(tree(passed=False)))
    check_legible(plots.couplings(bi.Couplings.none(bi.Circuit(12, bi.Stimulus.constant()))))
    with pytest.raises(InputError, match=r"a group 'couplings', got none.*circuit.coupled\(\)"):
        plots.couplings(fit(3))
