"""The inferred reward of every place in a maze, and how well it is known."""

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from bayes_irl.inference import Fit
from bayes_irl.plots import style
from bayes_irl.plots.maze_grid import colour_bar, floor, goal_mark, on_a_grid


@style.own_look
def place_reward(tree: xr.DataTree, *, figure: style.Onto = None) -> Figure:
    """Draw the posterior mean of the reward per place, and the width of its 90 % equal-tailed interval.

    Args:
        tree: The tree that `infer` returned for a maze.
        figure: Where to draw: a figure, a subfigure, or axes, which are replaced; by default a new figure.

    Returns:
        The figure: two panels, both in nats per update. A cross marks places that were never visited.

    Raises:
        InputError: If the tree is not a fit to a maze.

    >>> maze = bi.Maze(2, 2, goal=(0, 0))
    >>> moves = bi.simulate(bi.optimize(maze, np.eye(4)[:1], 1.0), 500, key)
    >>> tree = bi.infer("place", maze, moves, method=bi.Laplace(120), key=key)
    >>> place_reward(tree).savefig("places.pdf")
    """
    advice = "Fit a maze first: infer(load_model('place'), maze, trajectory, key=...)."
    draws = style.variable(tree, "reward", "reward", ("chain", "draw", "stimulus", "place"), advice)
    visits = style.variable(tree, "constant_data", "weights", ("stimulus", "place"), advice).values[0]
    summary = style.summarise(style.finite(draws.values[:, :, 0], "reward"))
    fit = Fit(tree)
    maze = on_a_grid("tree", fit.system)
    figure, sheet = style.page(style.DOUBLE, 82 * style.MM, style.failed_gate(tree), figure=figure)
    grid = sheet.subplots(1, 2)
    extreme = float(np.abs(summary.mean).max())
    width = summary.high - summary.low
    panels = (
        ("Posterior mean", summary.mean, "PuOr", Normalize(-extreme, extreme), "Reward (nats per update)"),
        (
            "How well it is known",
            width,
            "Greys",
            Normalize(0, float(width.max())),
            "Width of the 90 % equal-tailed interval (nats)",
        ),
    )
    row, column = np.divmod(np.flatnonzero((visits == 0) & ~maze.at_goal), maze.num_columns)
    for axes, (title, values, colours, norm, label) in zip(grid, panels, strict=True):
        colour_bar(sheet, floor(axes, maze, values, colours, norm), axes, label)
        crosses = axes.scatter(column, row, 10, style.BLUE, marker="x", linewidths=0.8)
        axes.set_title(title, fontsize=style.SMALL, pad=4)
    style.legend(sheet, [goal_mark(), crosses], ["Goal", "Place never visited"], loc="outside lower center", ncols=2)
    return figure
