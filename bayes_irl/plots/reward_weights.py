"""Weights of features in the inferred reward of a population, with controls."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike
from bayes_irl.plots import style


@style.own_look
def reward_weights(
    weights: Mapping[str, xr.Dataset],
    explained: Mapping[str, xr.Dataset],
    controls: Mapping[str, ArrayLike] | None = None,
    *,
    figure: style.Onto = None,
) -> Figure:
    """Draw the weights of features in several fits, and the share of the reward that features explain, beside controls.

    Left, one row per feature and in it one mark per fit: posterior mean and 90 % equal-tailed interval of the weight.
    Right, one row per feature (or set of features): the share R² of the inferred reward that it explains. Below are
    rows of controls, one short line each: R² of features that should explain nothing.

    Args:
        weights: The result of `identifiability.reward_weights`, by the name of the fit; all of the same features.
        explained: Results of `identifiability.reward_weights` for features whose R² is drawn, by their name.
        controls: R² of deliberately wrong features, by the kind of control.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If weights are of different features, or controls are not numbers.

    >>> both = lambda spikes, stimulus: {"count": spikes.sum(1), "all": spikes.prod(1)}
    >>> weights = bi.identifiability.reward_weights(posterior, both)
    >>> reward_weights({"fit": weights}, {"count and all": weights}).savefig("weights.pdf")
    """
    kinds = {name: finite_array(f"controls[{name!r}]", values, (None,)) for name, values in (controls or {}).items()}
    for argument, given in (("weights", weights), ("explained", explained)):
        if not given or any(not isinstance(each, xr.Dataset) or "weight" not in each for each in given.values()):
            raise InputError.of(
                argument, "what reward_weights returned, by name", sorted(given) or "nothing", "Ask for weights first."
            )
    features = [str(each) for each in next(iter(weights.values()))["feature"].values]
    if any([str(each) for each in found["feature"].values] != features for found in weights.values()):
        raise InputError.of("weights", f"the features {features} in every fit", "others")
    failed = [name for name, each in {**explained, **weights}.items() if not each.attrs["passed_of_fit"]]
    rows = max(len(features) * len(weights) / 2, len(explained) + len(kinds))
    figure, sheet = style.page(style.DOUBLE, (26 + 7 * rows) * style.MM, failed, figure=figure)
    left, right = sheet.subplots(1, 2, width_ratios=[1, 1])
    _draw_weights(left, weights, features)
    _draw_shares(right, explained, kinds)
    handles = [Line2D([], [], **(style.of_claim(number) | {"linestyle": "-"})) for number in range(len(weights))]
    ncols = min(3, len(weights))
    style.legend(
        sheet, handles, list(weights), loc="outside lower center", ncols=ncols, title=f"{style.INTERVAL}, fit to"
    )
    return figure


def _draw_weights(axes: Axes, weights: Mapping[str, xr.Dataset], features: list[str]) -> None:
    """Marks with intervals, fits side by side in the row of a feature."""
    apart = 0.7 / len(weights)
    for number, found in enumerate(weights.values()):
        each = style.summarise(found["weight"].transpose("chain", "draw", "feature").values)
        places = np.arange(len(features)) + apart * (number - (len(weights) - 1) / 2)
        look: dict[str, Any] = style.of_claim(number)
        axes.hlines(places, each.low, each.high, color=look["color"], linewidth=style.LINE)
        axes.plot(each.mean, places, **look)
    axes.axvline(0, color=style.GREY, linewidth=style.THIN, zorder=0)
    axes.set_ylim(len(features) - 0.4, -0.6)
    axes.set_yticks(np.arange(len(features)), [style.wrap(name, 25 * style.MM) for name in features])
    axes.set_xlabel("Weight (nats per update and unit of the feature)")
    style.dress(axes)
    axes.tick_params(axis="y", length=0)


def _draw_shares(axes: Axes, explained: Mapping[str, xr.Dataset], kinds: Mapping[str, np.ndarray]) -> None:
    """Marks with intervals for features, short lines for controls."""
    for row, found in enumerate(explained.values()):
        each = style.summarise(found["r_squared"].transpose("chain", "draw").values[..., None])
        axes.hlines([row], each.low, each.high, color=style.BLACK, linewidth=style.LINE)
        axes.plot(each.mean, [row], "o", color=style.BLACK, markersize=3.2)
    for row, values in enumerate(kinds.values(), start=len(explained)):
        axes.vlines(values, row - 0.22, row + 0.22, color=style.GREY, linewidth=style.THIN)
    names = [*explained, *kinds]
    axes.set_xlim(0, 1)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(np.arange(len(names)), [style.wrap(name, 38 * style.MM) for name in names])
    axes.set_xlabel("Share of the inferred reward explained (R²)")
    style.dress(axes)
    axes.tick_params(axis="y", length=0)
