"""A recording among its replicas: what the pictures of posterior predictive checks share."""

from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_irl._checks import InputError
from bayes_irl.plots import style

REPLICATED = f"Drawn from the fit, {style.INTERVAL}"
_DOT: dict[str, Any] = {"marker": "o", "markersize": 2.8, "linestyle": "none", "markeredgewidth": 0}


def checked(check: xr.Dataset, name: str, advice: str) -> tuple[xr.DataArray, style.Summary]:
    """Return a statistic as recorded, and its interval over replicas.

    Raises:
        InputError: If `check` does not hold it.
    """
    if not isinstance(check, xr.Dataset):
        raise InputError.of("check", "a Dataset", type(check).__name__, advice)
    if name not in check or f"{name}_replicated" not in check:
        raise InputError.of("check", f"{name!r} with replicas", sorted(map(str, check.data_vars)), advice)
    seen = check[name]
    drawn = check[f"{name}_replicated"].transpose("replica", *seen.dims).values
    return seen, style.summarise(drawn[None])


def p_value(check: xr.Dataset, name: str) -> str:
    """Return what a panel's title says of its check."""
    return style.p_value(float(check["p_value"].sel(check=name)))


def against(axes: Axes, seen: Float[np.ndarray, "..."], replicas: style.Summary, colour: str) -> None:
    """Draw replicas against what was recorded: bars that should cross the diagonal."""
    flat = np.ravel(seen)
    axes.vlines(flat, np.ravel(replicas.low), np.ravel(replicas.high), color=colour, linewidth=1.2, alpha=0.75)
    axes.plot(flat, np.ravel(replicas.mean), color=colour, **_DOT)


def diagonal(axes: Axes) -> None:
    """Draw where replicas are like the recording."""
    low, high = np.nanmin([axes.get_xlim()[0], axes.get_ylim()[0]]), max(axes.get_xlim()[1], axes.get_ylim()[1])
    axes.plot([low, high], [low, high], color=style.GREY, linewidth=style.THIN, linestyle=":", zorder=0)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("Recorded")
    axes.set_ylabel("Drawn from the fit")


def along(axes: Axes, places: np.ndarray, seen: np.ndarray, replicas: style.Summary, colour: str) -> None:
    """Draw a recorded curve as dots, over the band of its replicas."""
    axes.fill_between(places, replicas.low, replicas.high, color=colour, alpha=0.3, linewidth=0)
    axes.plot(places, replicas.mean, color=colour, linewidth=0.7)
    axes.plot(places, seen, color=style.BLACK, **_DOT)


def key(sheet: SubFigure, labels: list[str] | None = None) -> None:
    """Explain dots, bands and colours below the panels."""
    handles: list[Any] = [
        Line2D([], [], color=style.BLACK, **_DOT),
        Patch(color=style.GREY, alpha=0.4, linewidth=0),
    ]
    names = ["Recorded", REPLICATED]
    if labels:
        handles += [Line2D([], [], color=colour, linewidth=2.2) for colour in style.PALETTE[: len(labels)]]
        names += [style.stimulus_title(label, style.SINGLE) for label in labels]
    style.legend(sheet, handles, names, loc="outside lower center", ncols=4 if len(names) > 2 else 2)


def stimulus_colours(num_stimuli: int) -> list[str]:
    """Return one colour per stimulus; they repeat where there are more than eight."""
    return [style.PALETTE[x % len(style.PALETTE)] for x in range(num_stimuli)]
