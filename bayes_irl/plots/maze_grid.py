"""The floor of a maze: places in shades, walls, the goal."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize
from matplotlib.figure import SubFigure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from bayes_irl._checks import InputError
from bayes_irl.plots import style
from bayes_irl.systems.maze.grid import Grid, Place


def on_a_grid(argument: str, world: Any) -> Grid:
    """Return the maze that is to be drawn.

    Raises:
        InputError: For any other system; the message names `argument`.
    """
    if not isinstance(world, Grid):
        advice = "Draw its numbers yourself: they are variables of the tree, or of the optimum."
        raise InputError.of(argument, "a maze, whose places lie on a grid", str(world).splitlines()[0], advice)
    return world


def floor(axes: Axes, maze: Grid, values: Float[np.ndarray, " num_places"], colours: str, norm: Normalize) -> AxesImage:
    """Draw one value per place, the walls between them, and a ring around the goal."""
    image = axes.imshow(values.reshape(maze.num_rows, maze.num_columns), cmap=colours, norm=norm)
    right, bottom = maze.num_columns - 0.5, maze.num_rows - 0.5
    border = [(-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom), (-0.5, -0.5)]
    for ends in [*map(_between, maze.walls), border]:
        axes.plot(*np.transpose(ends), color=style.BLACK, linewidth=1.4, solid_capstyle="projecting", clip_on=False)
    row, column = maze.goal
    axes.plot(
        column, row, marker="o", markersize=6, markerfacecolor="none", color=style.VERMILLION, markeredgewidth=1.2
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return image


def goal_mark() -> Line2D:
    """The ring around the goal, for a legend."""
    return Line2D(
        [], [], marker="o", markersize=6, markerfacecolor="none", markeredgecolor=style.VERMILLION, linestyle="none"
    )


def colour_bar(sheet: SubFigure, image: AxesImage, axes: Any, label: str) -> Colorbar:
    """Add a colour bar in the style of the house."""
    bar = sheet.colorbar(image, ax=axes, shrink=0.8, label=label)
    bar.ax.tick_params(labelsize=style.SMALL, width=style.THIN, length=2.5)
    bar.ax.yaxis.label.set_fontsize(style.SMALL)
    bar.outline.set_linewidth(style.THIN)
    return bar


def _between(wall: tuple[Place, Place]) -> list[tuple[float, float]]:
    """Both ends of the wall between two places, (x, y)."""
    row, column = np.mean(wall, axis=0).tolist()
    if wall[0][0] == wall[1][0]:
        return [(column, row - 0.5), (column, row + 0.5)]
    return [(column - 0.5, row), (column + 0.5, row)]
