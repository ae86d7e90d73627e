"""What an inferred reward of a population is made of, beside what it should not be made of."""

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
    """Draw the weights of features in several fits, and what share of the reward features explain, beside controls.

    Left, one row per feature and in it one mark per fit: posterior mean and 90 % equal-tailed interval of the weight.
    Right, one row per feature (or set of them): the share R² of the inferred reward that it explains, and below rows of
    controls, one short line for each: the share that a feature explains which should explain nothing.

    Args:
        weights: What `identifiability.reward_weights` returned, by the name of the fit; all of the same features.
        explained: What it returned for features whose R² is of interest, by their name.
        controls: R² of features that are wrong on purpose, by the kind of control.
        figure: What to draw on: a figure, a part of one, or axes, whose place is taken; by default a new figure.

    Returns:
        The figure; above its axes it says whose gate failed, if one did.

    Raises:
        InputError: If weights are of different features, or controls are not numbers.

    >>> reward_weights({"first half": one, "second half": other}, {"log p(x | σ)": one})  # doctest: +SKIP
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
