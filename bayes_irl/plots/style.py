"""What the figures share: page, colours, intervals, and how they ask a fit for what they draw."""

import functools
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import matplotlib
import matplotlib.style
import numpy as np
import xarray as xr
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from bayes_irl._checks import InputError, finite_array
from bayes_irl._types import ArrayLike
from bayes_irl.inference import Fit
from bayes_irl.plots.screen import new_figure, start_pyplot
from bayes_irl.rewards import in_gauge_of

MM = 1 / 25.4  # inches
SINGLE, DOUBLE = 90 * MM, 180 * MM  # one and two columns of a journal
SMALL, LARGE = 7.0, 8.0  # points
THIN, LINE = 0.5, 1.0  # points

BLACK, GREY, PALE = "black", "0.45", "0.87"
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"  # Okabe & Ito 2008
PALETTE = (BLUE, ORANGE, GREEN, VERMILLION, "#56B4E9", "#CC79A7", "#F0E442", BLACK)

LOW, HIGH = 0.05, 0.95
INTERVAL = "90 % equal-tailed interval"

CIRCUITS = ("unchanged", "changed")
LOOKS: dict[str, dict[str, Any]] = {  # colour, marker and line differ: legible in grey
    "unchanged": {"color": BLACK, "marker": "o", "linestyle": "-", "markersize": 3.0, "linewidth": 0.7},
    "changed": {
        "color": VERMILLION,
        "marker": "s",
        "linestyle": (0, (3, 1.5)),
        "markersize": 3.0,
        "linewidth": 0.7,
    },
}

Onto = Figure | SubFigure | Axes | None  # what a plot draws on: None is a new figure

_WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def own_look[**Given](draw: Callable[Given, Figure]) -> Callable[Given, Figure]:
    """Draw on white in our own colours and type, whatever style is set: on black, what is black would not be seen."""

    @functools.wraps(draw)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> Figure:
        start_pyplot()
        with matplotlib.style.context("default"):
            return draw(*args, **kwargs)

    return drawn


@dataclass(frozen=True)
class Summary:
    """Posterior means with the 90 % equal-tailed interval, one per quantity."""

    mean: Float[np.ndarray, "..."]
    low: Float[np.ndarray, "..."]
    high: Float[np.ndarray, "..."]

    def __getitem__(self, index: Any) -> "Summary":
        """Return the same of some of the quantities."""
        return Summary(self.mean[index], self.low[index], self.high[index])


def summarise(draws: Float[np.ndarray, "num_chains num_draws *shape"]) -> Summary:
    """Return mean and interval over chains and draws."""
    low, high = np.quantile(draws, [LOW, HIGH], axis=(0, 1))
    return Summary(draws.mean(axis=(0, 1)), low, high)


def variable(tree: xr.DataTree, group: str, name: str, dims: tuple[str, ...], advice: str) -> xr.DataArray:
    """Return a variable of a fit with its axes in this order, or say what the fit lacks.

    Raises:
        InputError: If `tree` is no fit, or lacks the group, the variable, or one of its axes.
    """
    fit = Fit(tree)
    if not fit.has(group):
        raise InputError.of("tree", f"a group {group!r}", "none", advice)
    values = fit.group(group)
    if name not in values.data_vars:
        raise InputError.of("tree", f"{name!r} in group {group!r}", f"{sorted(map(str, values.data_vars))}", advice)
    if set(values[name].dims) != set(dims):
        raise InputError.of("tree", f"{group}/{name} with axes {dims}", f"{values[name].dims}", advice)
    return values[name].transpose(*dims)


def finite(values: Shaped[np.ndarray, "..."], name: str) -> Float[np.ndarray, "..."]:
    """Return an array of floats without NaN or infinities.

    Raises:
        InputError: If there are some.
    """
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise InputError.of("tree", f"finite draws of {name!r}", f"{bad} NaN or infinite entries")
    return np.asarray(values, float)


def truth_in_gauge(
    tree: xr.DataTree, truth: ArrayLike, weights: Float[np.ndarray, "num_stimuli num_patterns"]
) -> Float[np.ndarray, "num_stimuli num_patterns"]:
    """Return a true reward in the gauge of a fit."""
    table = finite_array("truth", truth, weights.shape, "Give a reward per stimulus and pattern.")
    world: Any = Fit(tree).system
    return np.asarray(in_gauge_of(world, jnp.asarray(table), jnp.asarray(weights)))


def predicted(tree: xr.DataTree, name: str, axis: str) -> dict[str, xr.DataArray]:
    """Return the predictions for the unchanged and the changed circuit `[chain, draw, stimulus, axis]`.

    Raises:
        InputError: If `tree` is not what `adapt` returned.
    """
    advice = "Predict first: adapt(posterior, circuit) returns the tree that is drawn here."
    both = variable(tree, "predictions", name, ("circuit", "chain", "draw", "stimulus", axis), advice)
    circuits = [str(each) for each in both["circuit"].values]
    if sorted(circuits) != sorted(CIRCUITS):
        raise InputError.of("tree", f"{name!r} for the circuits {CIRCUITS}", f"{circuits}", advice)
    return {each: both.sel(circuit=each) for each in CIRCUITS}


def change_in_words(tree: xr.DataTree) -> str:
    """Return how the system was changed; empty where the tree does not say."""
    words = str(Fit(tree).group("predictions").attrs.get("change", ""))
    return words[:1].upper() + words[1:]


def page(
    width: float, height: float, failed: Sequence[str] = (), title: str = "", figure: Onto = None
) -> tuple[Figure, SubFigure]:
    """Return a figure, and the part of it to draw on: below the title, and the gate's warning over it.

    Args:
        width: Inches.
        height: Inches, without title and warning.
        failed: Names of the fits drawn whose gate failed: the figure says so at its top.
        title: Of what is drawn; `figure.suptitle` is left to the user.
        figure: What to draw on, as large as it is; None: a new figure.

    Raises:
        InputError: If `figure` is something else.
    """
    heads = [wrap(each, 0.9 * width, LARGE) for each in (_warning(failed), title) if each]
    height += sum(2 * MM + extent(each, LARGE)[1] for each in heads)
    holder = new_figure(width, height) if figure is None else _place(figure)
    sheet = _below(holder)
    if failed:
        sheet.suptitle(heads[0], fontsize=LARGE, fontweight="bold", color=VERMILLION)
        sheet = _below(sheet)
    if title:
        sheet.suptitle(heads[-1], fontsize=LARGE)
    return _whole(holder), sheet


def failed_gate(tree: xr.DataTree) -> tuple[str, ...]:
    """Return the name of the fit's model if its gate failed, for `page`; nothing if it passed."""
    return () if Fit(tree).passed else (str(tree.attrs.get("model", "")),)


def fits_by_gate(names: Sequence[str], passed: Sequence[bool] | np.ndarray) -> tuple[list[str], list[str]]:
    """Return the fits' names as legends have them, and the names of those whose gate failed, for `page`."""
    failed = [name for name, good in zip(names, passed, strict=True) if not good]
    return [f"{name} (fit failed)" if name in failed else name for name in names], failed


def _warning(failed: Sequence[str]) -> str:
    """Return what a figure says of fits whose gate failed.

    >>> _warning(["pairwise", "free_form"])
    'Gate failed for “pairwise”, “free_form”: do not trust their intervals'
    """
    if not failed:
        return ""
    whose = ", ".join(f"“{name}”" for name in failed if name)
    return (
        f"Gate failed{' for ' if whose else ''}{whose}: do not trust {'their' if len(failed) > 1 else 'its'} intervals"
    )


def _place(onto: Any) -> Figure | SubFigure:
    """Return a figure or a part of one to draw on: in place of axes, that which they took up."""
    if isinstance(onto, Axes):
        spot, holder = onto.get_subplotspec(), onto.figure
        if spot is None:
            raise InputError.of("figure", "axes of a grid", "axes that were placed by hand", "Use plt.subplots.")
        onto.remove()
        onto = holder.add_subfigure(spot)
    if not isinstance(onto, Figure | SubFigure):
        advice = "Pass `figure=plt.figure()`, or one of the axes of `plt.subplots(1, 2)`."
        raise InputError.of("figure", "a figure, a part of one, or axes", type(onto).__name__, advice)
    whole = _whole(onto)
    if whole.get_layout_engine() is None:  # else titles and labels lie on each other
        whole.set_layout_engine("constrained")
    return onto


def _below(holder: Figure | SubFigure) -> SubFigure:
    """Return all of it but its title, white: what is drawn is black, whatever style the user's figure has."""
    return holder.add_subfigure(holder.add_gridspec(1, 1)[0], facecolor="white")


def _whole(part: Figure | SubFigure) -> Figure:
    whole = part.get_figure(root=True)
    assert whole is not None
    return whole


def dress(axes: Axes, title: str = "") -> None:
    """Give axes the look of the house: two spines, thin lines, small type."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_linewidth(THIN)
    axes.tick_params(labelsize=SMALL, width=THIN, length=2.5, pad=2)
    axes.xaxis.label.set_fontsize(SMALL)
    axes.yaxis.label.set_fontsize(SMALL)
    axes.yaxis.get_offset_text().set_fontsize(SMALL)
    axes.set_title(title, fontsize=SMALL, pad=4)


def draw_answers(axes: Axes, places: Float[np.ndarray, " num"], answers: Summary, circuit: str) -> None:
    """Draw a circuit's answers in its own look: means on a line, intervals as upright bars."""
    look = LOOKS[circuit]
    axes.vlines(places, answers.low, answers.high, color=look["color"], linewidth=0.8, clip_on=False)
    axes.plot(places, answers.mean, **look, clip_on=False)


def legend(holder: Axes | Figure | SubFigure, handles: list[Any], labels: list[str], **where: Any) -> None:
    """Put a frameless legend on a figure, or in empty axes, whose size it does not change."""
    made = holder.legend(
        handles, labels, fontsize=SMALL, title_fontsize=SMALL, frameon=False, handlelength=2.2, **where
    )
    made.set_in_layout(not isinstance(holder, Axes))


def wrap(text: str, width: float, size: float = SMALL) -> str:
    """Break a text into lines of about this width in inches."""
    return textwrap.fill(text, max(8, int(width * 72 / (0.6 * size))), **_WHOLE)


def of_claim(number: int) -> dict[str, Any]:
    """Return the look of the number-th of several claims: colour and marker differ."""
    colour, marker = PALETTE[number % len(PALETTE)], "osD^vP*X"[number % 8]
    return {"color": colour, "marker": marker, "markersize": 3.2, "linestyle": "none", "markeredgewidth": 0}


def span_of_passed(
    low: Float[np.ndarray, "num_claims *shape"], high: Float[np.ndarray, "num_claims *shape"], passed: np.ndarray
) -> tuple[float, float] | None:
    """The limits of an axis that claims share: what fits that failed their gate say does not set them.

    None, for the usual limits: where no fit passed, or none failed.

    >>> span_of_passed(np.array([-1.0, -13.0]), np.array([1.0, 13.0]), np.array([True, False]))
    (-1.1, 1.1)
    """
    kept = np.asarray(passed, bool)
    if kept.all() or not kept.any():
        return None
    least, most = float(np.nanmin(low[kept])), float(np.nanmax(high[kept]))
    margin = 0.05 * (most - least)
    return (least - margin, most + margin) if margin > 0 else None


def p_value(value: float) -> str:
    """Return a p-value in the form for titles."""
    return "p < 0.01" if value < 0.01 else f"p = {value:.2f}"


def extent(text: str, size: float = SMALL) -> tuple[float, float]:
    """Return about how wide and how high a text is, in inches."""
    lines = text.split("\n")
    return 0.6 * max(map(len, lines)) * size / 72, 1.25 * len(lines) * size / 72


def stimulus_labels(values: xr.DataArray) -> list[str]:
    """Return the names of the stimuli, or their numbers where they have none."""
    named = values.coords["stimulus"].values if "stimulus" in values.coords else range(values.sizes["stimulus"])
    return [str(label) for label in named]


def stimulus_title(label: str, width: float) -> str:
    """Return a panel's title: the stimulus's own name, or its number as such."""
    return wrap(f"Stimulus {label}" if label.isdigit() else label, width)


def columns_of_stimuli(num_stimuli: int) -> int:
    """Return how many panels stand side by side: few enough to stay legible."""
    if num_stimuli <= 3:
        return num_stimuli
    return 2 if num_stimuli == 4 else 3
