"""Couplings between neurons, as a ring and as a matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch

from bayes_irl._checks import InputError
from bayes_irl.plots import style
from bayes_irl.systems import CoupledNetwork, Couplings

_ADVICE = "Pass the result of `infer` or `optimize` for `circuit.coupled()`."
_MAX_LINE_WIDTH = 2.0  # points, of the strongest coupling
_MIN_STRENGTH = 0.05  # of the strongest: weaker couplings are left out of the ring
_NODE = 0.11  # radius of a neuron, where the ring's is 1
_COLOURS = "PuOr_r"


@style.own_look
def couplings(source: CoupledNetwork | Couplings | xr.DataTree, *, figure: style.Onto = None) -> Figure:
    """Draw couplings J_ij as arrows from neuron j to neuron i on a ring, and as a matrix.

    Arrowheads are excitatory, bars inhibitory; width is strength (couplings weaker than 5 % of the strongest are left
    out). The matrix has signs + and −. For a fit, the posterior mean is drawn; couplings whose 90 % equal-tailed
    interval includes zero are dotted and have no sign.

    Args:
        source: What `optimize` or `infer` returned for `circuit.coupled()`, or couplings alone.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure; a line above its axes names fits that failed their gate.

    Raises:
        InputError: If the source has no couplings.

    >>> couplings(bi.Couplings.random(circuit, key)).savefig("couplings.pdf")
    """
    if isinstance(source, xr.DataTree):
        drawn = style.variable(source, "couplings", "weight", ("chain", "draw", "neuron", "seen"), _ADVICE)
        each = style.summarise(style.finite(drawn.values, "weight"))
        shown = _Weights(each.mean, (each.low > 0) | (each.high < 0), [str(name) for name in drawn["neuron"].values])
        failed: Sequence[str] = style.failed_gate(source)
    else:
        held: Any = getattr(source, "couplings", source)
        if not hasattr(held, "weights"):
            raise InputError.of("source", "couplings, a coupled network or a fit", type(source).__name__, _ADVICE)
        weights = np.asarray(held.weights)
        names = getattr(getattr(source, "circuit", None), "unit_names", map(str, range(len(weights))))
        shown, failed = _Weights(weights, weights != 0, list(names)), ()
    figure, sheet = style.page(style.DOUBLE, 78 * style.MM, failed, figure=figure)
    _draw(sheet, shown, uncertain=isinstance(source, xr.DataTree))
    return figure


@dataclass(frozen=True)
class _Weights:
    """What is drawn: J, which of its entries have a sign that is known, and the neurons' names."""

    mean: Float[np.ndarray, "num_neurons num_neurons"]
    known: Bool[np.ndarray, "num_neurons num_neurons"]
    names: list[str]

    @property
    def strongest(self) -> float:
        """Largest coupling, of either sign."""
        return float(np.abs(self.mean).max()) or 1.0


def _draw(sheet: SubFigure, weights: _Weights, uncertain: bool) -> None:
    ring, matrix = sheet.subplots(1, 2)
    _draw_ring(ring, weights)
    _draw_matrix(sheet, matrix, weights)
    handles = [
        Line2D([], [], color=style.ORANGE, linewidth=1.5, marker=">", markersize=4),
        Line2D([], [], color=style.BLUE, linewidth=1.5, marker="|", markersize=6, markeredgewidth=1.5),
    ]
    labels = ["Excites (+)", "Inhibits (−)"]
    if uncertain:
        handles.append(Line2D([], [], color=style.GREY, linewidth=1.0, linestyle=(0, (1, 1.5))))
        labels.append(f"{style.INTERVAL} includes 0 (no sign)")
    style.legend(sheet, handles, labels, loc="outside lower center", ncols=len(handles))


def _draw_ring(axes: Axes, weights: _Weights) -> None:
    num = len(weights.mean)
    angle = np.pi / 2 - 2 * np.pi * np.arange(num) / num
    places = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    order = np.argsort(np.abs(weights.mean), axis=None)  # the strongest on top
    for i, j in np.stack(np.unravel_index(order, weights.mean.shape), axis=1):
        strength = abs(weights.mean[i, j]) / weights.strongest
        if i != j and strength >= _MIN_STRENGTH:
            axes.add_patch(_arrow(places[j], places[i], float(weights.mean[i, j]), strength, bool(weights.known[i, j])))
    for i, (x, y) in enumerate(places):
        axes.add_patch(Circle((x, y), _NODE, facecolor="white", edgecolor=style.BLACK, linewidth=0.8, zorder=5))
        axes.text(x, y, weights.names[i], fontsize=style.SMALL, ha="center", va="center", zorder=6)
    axes.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal", xticks=[], yticks=[])
    axes.axis("off")
    axes.set_title("From each neuron to those that see it", fontsize=style.SMALL, pad=4)


def _arrow(
    start: Float[np.ndarray, "2"], end: Float[np.ndarray, "2"], weight: float, strength: float, known: bool
) -> FancyArrowPatch:
    """Return a bent arrow: the two directions between a pair lie side by side."""
    along = (end - start) / np.linalg.norm(end - start)
    head = f"-|>,head_length={1.5 + 2 * strength},head_width={0.8 + strength}"
    bar = f"|-|,widthA=0,widthB={1.2 + 1.5 * strength}"
    return FancyArrowPatch(
        tuple(start + _NODE * along),
        tuple(end - 1.25 * _NODE * along),
        connectionstyle="arc3,rad=0.16",
        arrowstyle=head if weight > 0 else bar,
        color=style.ORANGE if weight > 0 else style.BLUE,
        linewidth=max(0.4, _MAX_LINE_WIDTH * strength),
        linestyle="-" if known else (0, (1, 1.5)),
        shrinkA=0,
        shrinkB=0,
        zorder=2 + strength,
    )


def _draw_matrix(sheet: SubFigure, axes: Axes, weights: _Weights) -> None:
    num, limit = len(weights.mean), weights.strongest
    shown = np.where(np.eye(num, dtype=bool), np.nan, weights.mean)
    axes.set_facecolor(style.PALE)
    image = axes.imshow(shown, cmap=_COLOURS, norm=TwoSlopeNorm(0, -limit, limit))
    for i, j in np.argwhere(weights.known & ~np.eye(num, dtype=bool)):
        sign, dark = "+" if weights.mean[i, j] > 0 else "−", abs(weights.mean[i, j]) > 0.6 * limit
        axes.text(
            j, i, sign, fontsize=style.SMALL, ha="center", va="center_baseline", color="white" if dark else style.BLACK
        )
    style.dress(axes, "Weight of neuron j in the log-odds of neuron i")
    axes.set(xlabel="Neuron seen, j", ylabel="Neuron that answers, i")
    upright = max(map(len, weights.names)) > 2
    axes.set_xticks(range(num), weights.names, rotation=90 if upright else 0)
    axes.set_yticks(range(num), weights.names)
    bar = sheet.colorbar(image, ax=axes, shrink=0.85)
    bar.set_label("Coupling J$_{ij}$ (log-odds)", fontsize=style.SMALL)
    bar.ax.tick_params(labelsize=style.SMALL, width=style.THIN, length=2.5)
    bar.outline.set_linewidth(style.THIN)
