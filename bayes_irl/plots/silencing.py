"""The effect of silencing units on behaviour."""

import xarray as xr
from matplotlib.figure import Figure

from bayes_irl.plots import curves, style
from bayes_irl.plots.accuracy import SHARES, shares_by_name


@style.own_look
def silencing(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw the shares of trials answered and of answers that were correct, for each group of units silenced.

    Args:
        result: The result of `analysis.silencing`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; bars are 90 % Wilson intervals, dotted lines go through the intact network. A group that answers
        nothing has no share correct.

    Raises:
        InputError: If `result` is something else.

    >>> silencing(analysis.silencing({"intact": trials, "again": trials})).savefig("s.pdf")
    """
    result = curves.expect("result", result, "silencing", [*SHARES, "change_correct"])
    names = [str(name) for name in result["group"].values]
    return shares_by_name(result.rename(group="name"), names, "Units silenced", reference=True, figure=figure)
