"""What the figures share: page, colours, intervals, and how they ask a fit for what they draw."""

import functools
import io
import textwrap
from collections.abc import Callable
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
from bayes_irl.rewards import in_gauge

MM = 1 / 25.4  # inches
SINGLE, DOUBLE = 90 * MM, 180 * MM  # one and two columns of a journal
SMALL, LARGE = 7.0, 8.0  # points
THIN, LINE = 0.5, 1.0  # points

BLACK, GREY, PALE = "black", "0.45", "0.87"
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"  # Okabe & Ito 2008
PALETTE = (BLUE, ORANGE, GREEN, VERMILLION, "#56B4E9", "#CC79A7", "#F0E442", BLACK)

LOW, HIGH = 0.05, 0.95
INTERVAL = "90 % equal-tailed interval"
FAILED = "Gate failed: intervals not to be trusted"

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


_WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def own_look[**Given](draw: Callable[Given, Figure]) -> Callable[Given, Figure]:
    """Draw on white in our own colours and type, whatever style is set: on black, what is black would not be seen."""

    @functools.wraps(draw)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> Figure:
        with matplotlib.style.context("default"):
            return draw(*args, **kwargs)

    return drawn


class Drawing(Figure):
    """A figure that shows itself in a notebook, without pyplot and without `%matplotlib inline`."""

    def savefig(self, fname: Any, **settings: Any) -> None:
        """Save it in its own colours, also where a dark style is set."""
        super().savefig(fname, **({"facecolor": "auto", "edgecolor": "auto"} | settings))

    def _repr_png_(self) -> bytes:
        content = io.BytesIO()
        self.savefig(content, format="png", dpi=130)
        return content.getvalue()


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
    truth: ArrayLike, weights: Float[np.ndarray, "num_stimuli num_patterns"]
) -> Float[np.ndarray, "num_stimuli num_patterns"]:
    """Return a true reward with a mean of zero over what was observed under each stimulus, as posteriors have it."""
    table = finite_array("truth", truth, weights.shape, "Give a reward per stimulus and pattern.")
    return np.asarray(in_gauge(jnp.asarray(table), jnp.asarray(weights)))


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
    width: float, height: float, passed: bool | None, title: str = "", figure: Figure | SubFigure | None = None
) -> tuple[Figure, SubFigure]:
    """Return a figure, and the part of it to draw on: below the title, and the gate's warning over it.

    Args:
        width: Inches.
        height: Inches, without title and warning.
        passed: Whether the gates of all fits that are drawn passed; if not, the figure says so at its top. None:
            nothing was inferred.
        title: Of the whole figure.
        figure: What to draw on, as large as it is; None: a new figure.
    """
    warning = FAILED if passed is False else ""
    height += 6 * MM * (bool(title) + bool(warning))
    holder = Drawing(figsize=(width, height), layout="constrained") if figure is None else figure
    if warning:
        holder.suptitle(warning, fontsize=LARGE, fontweight="bold", color=VERMILLION)
    sheet = holder.add_subfigure(holder.add_gridspec(1, 1)[0])
    if title:
        sheet.suptitle(wrap(title, 0.9 * width, LARGE), fontsize=LARGE)
    whole = holder.get_figure(root=True)
    assert whole is not None
    return whole, sheet


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
    """Return a p-value as titles have it."""
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
