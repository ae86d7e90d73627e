"""How often A was chosen for each offer, observed and predicted."""

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_irl.inference import Fit
from bayes_irl.plots import style

_ADVICE = "Pass what infer(load_model(...), offers, ...) returned."
_COLUMNS = ("session", "subject", "kind", "num_a", "num_b")


@style.own_look
def choice_shares(tree: xr.DataTree, *, figure: style.Onto = None) -> Figure:
    """Draw shares of choices of juice A against the offer, for each subject and kind of trial.

    Dots are recorded choices, all sessions together. Bars are 90 % equal-tailed intervals of the posterior predictive
    for the same offers. The claim does not explain dots outside their bars.

    Args:
        tree: The tree that `infer` returned, for offers.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If the tree is of another kind.

    >>> choice_shares(posterior).savefig("choices.pdf")
    """
    rows = ("choices_row", "choices_outcome")
    seen = style.variable(tree, "observed_data", "choices", rows, _ADVICE).values
    drawn = style.variable(tree, "posterior_predictive", "choices", ("chain", "draw", *rows), _ADVICE).values
    shown = {
        name: style.variable(tree, "constant_data", f"choices_{name}", rows[:1], _ADVICE).values for name in _COLUMNS
    }
    values = style.variable(tree, "posterior", "relative_value", ("chain", "draw", "session", "kind"), _ADVICE)
    owner = Fit(tree).recorded["subject_of_session"].values
    subjects, kinds = list(dict.fromkeys(map(str, owner))), [str(each) for each in values["kind"].values]
    width = style.SINGLE if len(kinds) == 1 else style.DOUBLE
    figure, sheet = style.page(width, (len(subjects) * 55 + 8) * style.MM, style.failed_gate(tree), figure=figure)
    panels = sheet.subplots(len(subjects), len(kinds), squeeze=False, sharey=True)
    for m, subject in enumerate(subjects):
        for k, kind in enumerate(kinds):
            here = (shown["subject"] == m) & (shown["kind"] == k)
            _draw(panels[m, k], shown["num_a"][here], shown["num_b"][here], seen[here], drawn[:, :, here])
            style.dress(panels[m, k], f"Subject {subject}, {kind}" if len(subjects) > 1 else kind.capitalize())
        panels[m, 0].set_ylabel("Share of choices of A")
    for axes in panels[-1]:
        axes.set_xlabel("Offer n_B : n_A")
    handles = [
        Line2D([], [], color=style.BLACK, marker="o", markersize=3, linestyle=""),
        Line2D([], [], color=style.VERMILLION, linewidth=3, alpha=0.6),
    ]
    names = ["Observed", f"Posterior predictive, {style.INTERVAL}"]
    style.legend(sheet, handles, names, loc="outside lower center", ncols=min(2, len(kinds)))
    return figure


def _draw(
    axes: Axes,
    num_a: np.ndarray,
    num_b: np.ndarray,
    seen: np.ndarray,
    drawn: Float[np.ndarray, "num_chains num_draws num_rows 2"] | np.ndarray,
) -> None:
    """Offers in the order of their ratio, equal ratios together, each with the same room."""
    with np.errstate(divide="ignore"):
        ratio = np.round(np.log(num_b) - np.log(num_a), 6)
    levels, index = np.unique(ratio, return_inverse=True)
    together = np.eye(len(levels))[index]
    totals = together.T @ seen.sum(axis=1)
    summary = style.summarise(drawn[..., 1] @ together / totals)
    places = np.arange(len(levels))
    axes.vlines(places, summary.low, summary.high, color=style.VERMILLION, linewidth=3, alpha=0.6)
    axes.plot(places, together.T @ seen[:, 1] / totals, "o", color=style.BLACK, markersize=2.5)
    names = [_name(num_b[index == level][0], num_a[index == level][0]) for level in places]
    axes.set_xticks(places, names, rotation=90 if len(names) > 8 else 0)
    axes.set_ylim(-0.03, 1.03)


def _name(num_b: float, num_a: float) -> str:
    shared = np.gcd(int(num_b), int(num_a))
    return f"{num_b / shared:g}:{num_a / shared:g}"
