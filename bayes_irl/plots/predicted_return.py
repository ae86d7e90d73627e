"""The value network's prediction against the return."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayes_irl.plots import curves, style


@style.own_look
def predicted_return(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw the return obtained against the return predicted, and the course of both through a trial.

    Left: trials in bins by their prediction at a few moments; on the dotted line predictions are right on average.
    Right: mean prediction (solid) and mean return (dashed, ± one standard error) of each condition.

    Args:
        result: The result of `analysis.predicted_return`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; bars are 90 % t intervals of the mean return.

    Raises:
        InputError: If `result` is something else.

    >>> predicted_return(analysis.predicted_return(trials, by="motion")).savefig("v.pdf")
    """
    needed = ("obtained", "predicted", "value", "returns", "returns_error")
    result = curves.expect("result", result, "predicted_return", needed)
    figure, sheet = style.page(style.DOUBLE, 80 * style.MM, figure=figure)
    left, right = curves.parts(sheet, 1, 2)
    _draw_calibration(left.subplots(), result)
    moments = [curves.upper(name) for name in result["moment"].values]
    note = f"Bars: {result['obtained'].attrs['interval']}s."
    curves.key(left, curves.looks(len(moments)), moments, note, style.SINGLE)
    names = [str(name) for name in result["condition"].values]
    looks = [{**look, "marker": ""} for look in curves.graded(len(names))]
    axes = right.subplots()
    for k, look in enumerate(looks):
        axes.plot(result["time"], result["value"].isel(condition=k), **look)
        obtained, error = (result[name].isel(condition=k).values for name in ("returns", "returns_error"))
        curves.band(axes, result["time"].values, curves.around(obtained, error), look | {"linestyle": (0, (3, 1.5))})
    axes.axvline(0, color=style.GREY, linewidth=style.THIN, linestyle=":")
    axes.set_xlabel(curves.label(result["time"]))
    axes.set_ylabel("Return")
    style.dress(axes)
    by = curves.upper(result.attrs["by"])
    curves.key(
        right,
        looks,
        names,
        f"{by + '. ' if by else ''}Solid: predicted. Dashed: obtained, ± one standard error.",
        style.SINGLE,
    )
    return figure


def _draw_calibration(axes: Axes, result: xr.Dataset) -> None:
    for k, look in enumerate(curves.looks(result.sizes["moment"])):
        at = result.isel(moment=k)
        some = at["predicted"].notnull().values
        curves.points(axes, at["predicted"].values[some], at["obtained"].isel(bin=some), look)
    ends = np.array([result["predicted"].min(), result["predicted"].max()])
    axes.axline((ends[0], ends[0]), slope=1, color=style.GREY, linewidth=style.THIN, linestyle=":", zorder=0)
    axes.set_xlabel("Predicted return")
    axes.set_ylabel("Return obtained, on average")
    style.dress(axes)
