"""What figures of behaviour share: looks of curves, estimates with their intervals, labels, keys."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D

from bayes_irl._checks import InputError
from bayes_irl.plots import style

_MARKERS = "osD^vP*X"
_LINES: tuple[Any, ...] = ("-", (0, (3, 1.5)), (0, (1, 1)), (0, (4, 1, 1, 1)))
_MAX_LIGHTNESS = 0.88  # of viridis: what is yellower is hard to see on white
Look = dict[str, Any]


def expect(argument: str, result: object, function: str, variables: Sequence[str]) -> xr.Dataset:
    """Return a result of an analysis, or say which function makes it.

    Raises:
        InputError: If it is something else.
    """
    if not isinstance(result, xr.Dataset):
        raise InputError.of(argument, f"what analysis.{function} returned", type(result).__name__)
    missing = sorted(set(variables) - set(map(str, result.data_vars)))
    if missing:
        raise InputError.of(argument, f"what analysis.{function} returned", f"a dataset without {missing}")
    return result


def looks(num_curves: int) -> list[Look]:
    """Return looks for curves that have no order: colour, marker and line differ, legible in grey."""
    colours = (style.BLACK, *style.PALETTE)
    return [_look(colours[k % len(colours)], k) for k in range(num_curves)]


def graded(num_curves: int) -> list[Look]:
    """Return looks for curves that have an order: the darker, the earlier."""
    places = np.linspace(0, _MAX_LIGHTNESS, num_curves) if num_curves > 1 else [0.0]
    return [_look(to_hex(colormaps["viridis"](place)), k, "-") for k, place in enumerate(places)]


def looks_of(names: Sequence[str]) -> list[Look]:
    """Return graded looks for more than four curves or for numbers, others for other names."""
    numbers = all(name.replace("−", "").replace(".", "").isdigit() for name in names)
    return graded(len(names)) if numbers or len(names) > 4 else looks(len(names))


def _look(colour: str, k: int, line: Any = None) -> Look:
    return {
        "color": colour,
        "marker": _MARKERS[k % len(_MARKERS)],
        "linestyle": _LINES[k % len(_LINES)] if line is None else line,
        "markersize": 3.0,
        "linewidth": 0.8,
    }


def points(axes: Axes, places: Float[np.ndarray, " num"], estimates: xr.DataArray, look: Look, **other: Any) -> None:
    """Draw estimates `[num, statistic]` as marks, on a line unless told otherwise, and their intervals as bars."""
    estimate, low, high = (estimates.sel(statistic=name).values for name in ("estimate", "low", "high"))
    known = np.isfinite(estimate)
    axes.vlines(places[known], low[known], high[known], color=look["color"], linewidth=0.8, clip_on=False)
    axes.plot(places[known], estimate[known], **look | other, clip_on=False)


def band(axes: Axes, places: Float[np.ndarray, " num"], estimates: xr.DataArray, look: Look) -> None:
    """Draw estimates `[num, statistic]` as a line, and their intervals as a band around it."""
    estimate, low, high = (estimates.sel(statistic=name).values for name in ("estimate", "low", "high"))
    axes.fill_between(places, low, high, color=look["color"], alpha=0.2, linewidth=0)
    axes.plot(places, estimate, color=look["color"], linestyle=look["linestyle"], linewidth=style.LINE)


def parts(sheet: SubFigure, num_rows: int, num_columns: int, **ratios: Any) -> list[SubFigure]:
    """Divide a sheet into parts that have legends of their own."""
    grid = sheet.add_gridspec(num_rows, num_columns, **ratios)
    return [sheet.add_subfigure(grid[row, column]) for row in range(num_rows) for column in range(num_columns)]


def around(estimate: Float[np.ndarray, " num"], half: Float[np.ndarray, " num"]) -> xr.DataArray:
    """Return estimates with intervals that reach as far to either side `[num, statistic]`."""
    ends = np.stack([estimate, estimate - half, estimate + half], axis=1)
    return xr.DataArray(ends, dims=("num", "statistic"), coords={"statistic": ["estimate", "low", "high"]})


def along_categories(axes: Axes, coordinate: xr.DataArray) -> Float[np.ndarray, " num"]:
    """Give each level of a coordinate the same room on the x axis, and return their places."""
    axes.set_xticks(range(coordinate.size), [f"{level:g}" for level in coordinate.values])
    return np.arange(coordinate.size, dtype=float)


def label(coordinate: xr.DataArray, fallback: str = "") -> str:
    """Return what a coordinate is, with its unit."""
    name, unit = coordinate.attrs.get("long_name", fallback), coordinate.attrs.get("units", "")
    return f"{name} ({unit})" if unit else str(name)


def strength_label(coordinate: xr.DataArray) -> str:
    """Return what the strength of evidence is called, with its unit."""
    return f"Strength ({coordinate.attrs.get('units', '')})"


def upper(name: object) -> str:
    """Return a name that begins with a capital letter, as it is but for that."""
    return str(name)[:1].upper() + str(name)[1:]


def in_words(estimate: xr.DataArray, digits: int = 3) -> str:
    """Return an estimate with its interval, as text."""
    middle, low, high = (f"{estimate.sel(statistic=name).item():.{digits}g}" for name in ("estimate", "low", "high"))
    return f"{middle} ({low} to {high})".replace("-", "−")


def key(holder: Any, looks: Sequence[Look], names: Sequence[str], title: str, width: float, ncols: int = 0) -> None:
    """Put a legend of curves below everything, with what the intervals are as its title."""
    handles = [Line2D([], [], **look) for look in looks]
    if not ncols:
        longest = style.extent(max(names, key=len, default=""))[0] + 0.45
        ncols = max(1, min(len(names), int(width / longest)))
    where: dict[str, Any] = {"loc": "outside lower center", "ncols": ncols, "title": style.wrap(title, 1.1 * width)}
    style.legend(holder, handles, list(names), **where)


def by_strength(axes: Axes, share: xr.DataArray) -> list[Look]:
    """Draw shares `[strength, duration, statistic]` against duration, a graded curve for each strength."""
    looks = graded(share.sizes["strength"])
    for k, look in enumerate(looks):
        points(axes, share["duration"].values, share.isel(strength=k), look)
    axes.set_xlim(left=0)
    axes.set_xlabel(label(share["duration"]))
    return looks


def strength_key(holder: Any, looks: Sequence[Look], share: xr.DataArray, width: float) -> None:
    """Explain the curves of `by_strength`."""
    names = [f"{level:g}" for level in share["strength"].values]
    key(holder, looks, names, f"{strength_label(share['strength'])}. Bars: {share.attrs['interval']}s.", width)
