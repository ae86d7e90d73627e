"""Calibration of leave-one-out predictions."""

import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bayes_irl._checks import InputError
from bayes_irl.plots import style


@style.own_look
def loo_pit(check: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw G(u) − u, the distribution of leave-one-out PIT values beside the uniform one.

    The whole curve of a correct fit stays in the band with a probability of 90 %. If it is above zero at low u and
    below zero at high u, observations are more extreme than predicted; in the opposite case, less extreme.

    Args:
        check: The result of `checks.loo_pit`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure.

    Raises:
        InputError: If it is something else.

    >>> loo_pit(bi.checks.loo_pit(posterior, key=key)).savefig("loo_pit.pdf")
    """
    wanted = {"difference", "low", "high", "p_value"}
    if not isinstance(check, xr.Dataset) or not wanted <= set(check.data_vars):
        got = sorted(map(str, check)) if isinstance(check, xr.Dataset) else type(check).__name__
        raise InputError.of("check", "a Dataset", got, "Give it what `checks.loo_pit` returned.")
    figure, sheet = style.page(style.SINGLE, 58 * style.MM, figure=figure)
    axes = sheet.subplots()
    level = check["level"].values
    axes.fill_between(level, check["low"].values, check["high"].values, color=style.PALE, linewidth=0)
    axes.axhline(0, color=style.GREY, linewidth=style.THIN, linestyle=":")
    axes.plot(level, check["difference"].values, color=style.BLUE, linewidth=style.LINE)
    axes.set_xlim(0, 1)
    axes.set_xlabel("u")
    axes.set_ylabel("G(u) − u")
    style.dress(axes, f"Leave-one-out PIT, {style.p_value(float(check['p_value']))}")
    handles = [Line2D([], [], color=style.BLUE, linewidth=style.LINE), Patch(color=style.PALE)]
    style.legend(sheet, handles, ["Recorded", "90 % band for the whole curve"], loc="outside lower center", ncols=2)
    return figure
