"""Where an agent spends its time in a maze, and where it goes from there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from bayes_irl._checks import InputError
from bayes_irl.inference import Fit
from bayes_irl.plots import style
from bayes_irl.plots.maze_grid import colour_bar, floor, goal_mark, on_a_grid
from bayes_irl.systems.decisions.walker import Walker
from bayes_irl.systems.maze.grid import MOVES, Grid
from bayes_irl.systems.maze.maze import Maze

MIN_SHARE = 1e-4  # share of time below which all places look alike


@dataclass(frozen=True)
class _Walk:
    title: str
    maze: Grid
    place_probability: Float[np.ndarray, " num_places"]
    move_probability: Float[np.ndarray, "num_moves num_places"]


@style.own_look
def walk(walks: Mapping[str, Walker] | xr.DataTree, *, figure: style.Onto = None) -> Figure:
    """Draw shares of time as shades and mean moves as arrows, panel by panel.

    Args:
        walks: The result of `optimize` for mazes, each with the title of its panel; or what `adapt` returned: then the
            maze before and after the change, averaged over posterior draws.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure. An arrow is Σ_a π(a | place) · direction of a: its length says how determined the agent is.

    Raises:
        InputError: If `walks` is something else.

    >>> walker = bi.optimize(bi.Maze(2, 2, goal=(0, 0)), np.eye(4)[:1], 1.0)
    >>> walk({"Two by two": walker}).savefig("walk.pdf")
    """
    failed: Sequence[str] = ()
    title = ""
    if isinstance(walks, xr.DataTree):
        panels, failed, title = _predicted(walks), style.failed_gate(walks), style.change_in_words(walks)
    else:
        panels = [_of_walker(*each) for each in walks.items()]
    if not panels:
        raise InputError.of("walks", "at least one walker", "none")
    height = (92 if len(panels) < 3 else 70) * style.MM
    figure, sheet = style.page(style.DOUBLE, height, failed, title, figure=figure)
    norm = LogNorm(MIN_SHARE, max(each.place_probability.max() for each in panels), clip=True)
    grid = sheet.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(grid, panels, strict=True):
        image = floor(axes, panel.maze, panel.place_probability, "Greys", norm)
        _arrows(axes, panel)
        axes.set_title(panel.title, fontsize=style.SMALL, pad=4)
    colour_bar(sheet, image, list(grid), "Share of time (log scale)")
    words = "Goal. Arrows: mean move from a place, the longer, the more determined it is"
    style.legend(sheet, [goal_mark()], [words], loc="outside lower center")
    return figure


def _arrows(axes: Axes, panel: _Walk) -> None:
    rows, columns = np.divmod(np.arange(panel.maze.num_patterns), panel.maze.num_columns)
    steps = np.array(list(MOVES.values()), float).T @ panel.move_probability  # rows, columns
    away = ~panel.maze.at_goal  # from the goal the agent is carried off before it can choose
    axes.quiver(
        columns[away],
        rows[away],
        0.8 * steps[1, away],
        0.8 * steps[0, away],
        color=style.BLUE,
        angles="xy",
        scale_units="xy",
        scale=1,
        pivot="mid",
        width=0.006,
        headwidth=4,
        headlength=4,
        headaxislength=3.5,
    )


def _of_walker(title: str, walker: Walker) -> _Walk:
    return _Walk(
        title, on_a_grid("walks", walker.world), np.asarray(walker.occupancy[0]), np.asarray(walker.move_probability)
    )


def _predicted(tree: xr.DataTree) -> list[_Walk]:
    advice = "Predict first: adapt(posterior, maze) returns the tree that is drawn here."
    dims = ("circuit", "chain", "draw")
    shares = style.variable(tree, "predictions", "place_probability", (*dims, "place"), advice)
    moves = style.variable(tree, "predictions", "move_probability", (*dims, "move", "place"), advice)
    on_a_grid("walks", Fit(tree).system)
    return [
        _Walk(
            f"{name.capitalize()} (mean over the posterior)",
            Maze.from_text(str(shares["drawing"].sel(circuit=name).values)),
            shares.sel(circuit=name).mean(["chain", "draw"]).values,
            moves.sel(circuit=name).mean(["chain", "draw"]).values,
        )
        for name in style.CIRCUITS
    ]
