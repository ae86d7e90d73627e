"""Sure bets: how often they are taken, and accuracy when they are waived."""

import xarray as xr
from matplotlib.figure import Figure

from bayes_irl.plots import curves, style


@style.own_look
def sure_bet(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw how often the sure bet is taken, and accuracy when it is waived.

    Left: the share of sure bets against the duration of the stimulus, a curve for each strength of evidence. Right: the
    share correct by strength, when the bet was waived and when it was not offered.

    Args:
        result: The result of `analysis.sure_bet`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; bars are 90 % Wilson intervals.

    Raises:
        InputError: If `result` is something else.

    >>> sure_bet(analysis.sure_bet(trials)).savefig("sure_bet.pdf")
    """
    needed = ("share_sure", "share_correct", "mean_improvement")
    result = curves.expect("result", result, "sure_bet", needed)
    figure, sheet = style.page(style.DOUBLE, 75 * style.MM, figure=figure)
    left, right = curves.parts(sheet, 1, 2)
    axes = left.subplots()
    looks = curves.by_strength(axes, result["share_sure"])
    axes.set_ylabel("Share of sure bets")
    axes.set_ylim(0, 1)
    style.dress(axes, "Sure bet offered")
    curves.strength_key(left, looks, result["share_sure"], style.SINGLE)
    axes, share = right.subplots(), result["share_correct"]
    places = curves.along_categories(axes, share["strength"])
    names = [str(name) for name in share["offer"].values]
    looks = curves.looks(len(names))
    for name, look in zip(names, looks, strict=True):
        curves.points(axes, places, share.sel(offer=name), look)
    axes.set_xlabel(curves.strength_label(share["strength"]))
    axes.set_ylabel("Share correct")
    axes.set_ylim(top=1)
    style.dress(axes, f"Waived − not offered: {curves.in_words(result['mean_improvement'], 2)}")
    words = [f"Sure bet {name}" for name in names]
    curves.key(right, looks, words, f"Bars: {share.attrs['interval']}s.", style.SINGLE)
    return figure
