"""Learning curves."""

import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bayes_irl.plots import curves, style

MEASURES = {"share_answered": "Share answered", "share_correct": "Share correct", "mean_reward": "Mean reward"}


@style.own_look
def learning(result: xr.Dataset, *, figure: style.Onto = None) -> Figure:
    """Draw validations against updates: each training, their mean, and their range.

    Args:
        result: The result of `analysis.learning`.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure. A dot marks the end of a training; from then on its last validation counts.

    Raises:
        InputError: If `result` is something else.

    >>> learning(analysis.learning(histories)).savefig("learning.pdf")
    """
    result = curves.expect("result", result, "learning", [*MEASURES, "share_correct_over_runs", "last_update"])
    figure, sheet = style.page(style.DOUBLE, 62 * style.MM, figure=figure)
    updates, ends = result["num_updates"].values, result["last_update"].values
    for axes, (name, title) in zip(sheet.subplots(1, len(MEASURES)), MEASURES.items(), strict=True):
        over = result[f"{name}_over_runs"]
        least, most = (over.sel(statistic=each).values for each in ("least", "most"))
        axes.fill_between(updates, least, most, color=style.PALE, linewidth=0)
        for curve, end in zip(result[name].transpose("run", "num_updates").values, ends, strict=True):
            axes.plot(updates[updates <= end], curve[updates <= end], color=style.GREY, linewidth=style.THIN)
            axes.plot(end, curve[updates == end], color=style.GREY, marker="o", markersize=2.5, clip_on=False)
        axes.plot(updates, over.sel(statistic="mean").values, color=style.BLUE, linewidth=style.LINE)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.set_xlabel("Updates")
        axes.set_ylabel(title)
        style.dress(axes)
    style.legend(sheet, *_key(result.sizes["run"]), loc="outside lower center", ncols=3)
    return figure


def _key(num_runs: int) -> tuple[list[Line2D | Patch], list[str]]:
    run = Line2D([], [], color=style.GREY, linewidth=style.THIN, marker="o", markersize=2.5)
    mean = Line2D([], [], color=style.BLUE, linewidth=style.LINE)
    return [run, mean, Patch(color=style.PALE)], [f"Each of {num_runs}, to its end", "Mean", "Range"]
