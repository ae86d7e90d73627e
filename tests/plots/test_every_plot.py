"""What every plot keeps to: data inside the axes, nothing black on black, a place in other figures, titles."""

import inspect
from functools import partial

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest
import synthetic_trials as made
import xarray as xr
from matplotlib.colors import to_rgba, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text
from test_plots import adapted, check_inside, words
from test_plots_couplings import WEIGHTS
from test_plots_reward_weights import weights

import bayes_irl as bi
from bayes_irl import analysis, plots

KEY = jax.random.key(0)
WHOLE = ("Unit", "Units", "Neuron", "Number of spikes", "Rank", "Neurons that change", "Draws", "Replicates")
MAZE = "+-+-+-+\n|     |\n+ +-+ +\n| |G  |\n+-+-+-+"


@pytest.fixture(scope="module")
def every() -> dict:
    """Every plot of `bayes_irl.plots`, ready to be drawn: a function of `figure`."""
    found = circuits() | mazes_and_choices() | trials() | {"reward_weights": ({"a": weights()}, {"b": weights(1)})}
    assert sorted(found) == sorted(plots.__all__)
    return {name: partial(getattr(plots, name), *given) for name, given in found.items()}


def circuits() -> dict:
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.05))
    reward = bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2})
    recording = bi.simulate(bi.optimize(circuit, reward, 0.5, 0.4), 3000, KEY)
    models, method = ("spike_count", "pairwise"), bi.Laplace(200)
    fits = {name: bi.infer(name, circuit, recording, 0.4, method, key=KEY) for name in models}
    for fit in fits.values():
        fit["gate"].attrs["passed"] = 1
    fit = fits["spike_count"]
    return {
        "raster": (recording,),
        "reward_map": (fit,),
        "ranked_patterns": (fit,),
        "tuning_curves": (adapted(4),),
        "spike_counts": (adapted(3), recording),
        "predictive": (bi.checks.predictive(fit, key=KEY),),
        "dynamics": (bi.checks.dynamics(fit, recording, key=KEY),),
        "loo_pit": (bi.checks.loo_pit(fit, key=KEY),),
        "prior_sensitivity": (bi.checks.prior_sensitivity(fit),),
        "elpd": (bi.compare(fits),),
        "rewards_compared": (fits,),
        "experiments": (bi.tell_apart(fits, key=KEY),),
        "circulation": (bi.identifiability.optimality_test(recording, key=KEY, num_replicates=99),),
        "coding": (bi.coding_verdict(fit, np.array([0, 1]), num_draws=20),),
        "couplings": (bi.Couplings(jnp.asarray(WEIGHTS), jnp.zeros((1, 3))),),
    }


def mazes_and_choices() -> dict:
    rng = np.random.default_rng(0)
    maze = bi.Maze.from_text(MAZE)
    walker = bi.optimize(maze, maze.at_goal[None].astype(float), 0.3)
    places = bi.infer("place", maze, bi.simulate(walker, 1000, KEY), method=bi.Laplace(200), key=KEY)
    offered = np.array([(0, 1), (2, 1), (1, 1), (1, 2), (1, 3), (1, 0)])[rng.integers(6, size=400)]
    offers = bi.Offers.from_arrays(*offered.T, session=np.arange(400) // 200)
    chose_a = rng.random(400) < 1 / (1 + np.exp(-3 * (2 * offered[:, 0] - offered[:, 1])))
    juices = bi.infer("economic_choice_linear", offers, chose_a, method=bi.Laplace(200), key=KEY)
    strength = rng.choice([-0.2, -0.1, 0.1, 0.2], 300)
    choice = np.where(rng.random(300) < 0.8, strength > 0, strength < 0)
    answers = bi.Answers.from_arrays(choice, np.clip(rng.gamma(8, 0.05, 300), 0, 1.5))
    evidence = bi.Evidence.from_arrays(strength, 1.5)
    timed = bi.infer("reaction_time", evidence, answers, method=bi.Laplace(200), key=KEY)
    return {
        "walk": ({"A walk": walker},),
        "drift": (bi.drift(offers, chose_a, [0, 3], key=KEY),),
        "place_reward": (places,),
        "contexts": hidden(),
        "choice_shares": (juices,),
        "relative_values": (juices, 2.0),
        "predicted_answers": (analysis.predicted_answers(timed),),
    }


def hidden() -> tuple:
    """A fit with hidden contexts, and the walk that was fitted."""
    ring = bi.Decisions((np.arange(4)[:, None] + [1, -1, 0]) % 4)
    agent, default = bi.SwitchingAgent(ring, 2), np.full(3, 1 / 3)
    reward = bi.ContextReward(2.0 * np.eye(4)[[0, 2]], np.array([[0.97, 0.03], [0.03, 0.97]]))
    walk = bi.simulate(bi.optimize(agent, reward, 1.0, default), 600, KEY)
    return bi.infer("place_by_context", agent, walk, default, bi.Laplace(100), key=KEY), walk


def trials() -> dict:
    motion, juices = made.motion(500), made.juices(400)
    drive = np.stack([juices["num_a"], juices["num_b"], 1.0 * (juices["choice"].values == 1)], axis=1)
    recorded = made.with_rates(juices, drive)
    results = {
        "psychometric": analysis.psychometric(motion),
        "viewing_time": analysis.viewing_time(made.viewing(800)),
        "chronometric": analysis.chronometric(made.motion(500, reaction_time=True)),
        "sure_bet": analysis.sure_bet(made.wager(1000)),
        "multisensory": analysis.multisensory(made.senses(800)),
        "indifference": analysis.indifference(juices),
        "accuracy": analysis.accuracy(motion, by="coherence"),
        "silencing": analysis.silencing({"intact": motion, "some": made.motion(500, lapse=0.6)}),
        "learning": analysis.learning([made.history(10), made.history(8, 1)]),
        "predicted_return": analysis.predicted_return(made.with_values(motion)),
        "selectivity": analysis.selectivity(recorded, relative_value=2.2),
        "activity": analysis.activity(recorded, by="choice"),
    }
    return {name: (result,) for name, result in results.items()}


@pytest.mark.parametrize("name", plots.__all__)
def test_every_datum_lies_inside_its_axes(every, name):
    figure = every[name]()
    figure.draw_without_rendering()
    for axes in figure.axes:
        check_inside(axes)
        low, high = figure.bbox.x0, figure.bbox.x1
        texts = [text.get_window_extent() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
        assert all(low <= box.x0 and box.x1 <= high for box in texts if box.width > 100), "a long text is cut off"
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_label_text().startswith(WHOLE):
                assert (axis.get_ticklocs() % 1 == 0).all(), "there is no half of it"
        ticks = [label.get_text() for label in (*axes.get_xticklabels(), *axes.get_yticklabels())]
        assert not any(len(text) > 1 and set(text) <= {"0", "1"} and text[0] == "0" for text in ticks), ticks


@pytest.mark.parametrize("name", plots.__all__)
def test_every_plot_takes_the_place_of_axes_and_leaves_titles_to_the_user(every, name):
    """In a panel beside the user's own axes, in a figure of the user's size; a plain figure is laid out as well."""
    panel, (left, right) = plt.subplots(1, 2, figsize=(12, 6))
    try:
        right.plot([1, 2])
        assert every[name](figure=left) is panel
        panel.suptitle("Mine")
        panel.draw_without_rendering()
        drawn = [axes for axes in panel.axes if axes is not right]
        assert drawn and panel.get_size_inches().tolist() == [12, 6] and "Mine" in words(panel)
        middle = right.get_window_extent().x0
        assert all(axes.get_window_extent().x1 <= middle for axes in drawn)
    finally:
        plt.close(panel)
    parameter = inspect.signature(getattr(plots, name)).parameters["figure"]
    assert parameter.kind is parameter.KEYWORD_ONLY and parameter.default is None


def luminance(colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgba(colour)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2)."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def ground(artist, figure: Figure) -> tuple:
    """Return the colour an artist is drawn on: that of its axes, of its part of the figure, or of the figure."""
    axes = getattr(artist, "axes", None)
    layers = [axes.patch] if axes is not None and axes.axison and not isinstance(artist, Text) else []
    part = artist.get_figure(root=False)
    while part is not figure:
        layers.append(part.patch)
        part = part.get_figure(root=False)
    return next((layer.get_facecolor() for layer in (*layers, figure.patch) if layer.get_facecolor()[3] > 0), None)


def inks(artist) -> list:
    """Return the colours in which it is drawn."""
    if isinstance(artist, plt.Line2D):
        return [artist.get_color(), artist.get_markeredgecolor()]
    if isinstance(artist, Text):
        return [artist.get_color()]
    return [*to_rgba_array(artist.get_facecolor()), *to_rgba_array(artist.get_edgecolor())]


@pytest.mark.parametrize("name", plots.__all__)
def test_nothing_is_hidden_in_dark_styles(every, name):
    """On a new figure, and on one of the user's that is black."""
    with plt.style.context("dark_background"):
        mine = plt.figure(figsize=(8, 5))
        figures = [every[name](), every[name](figure=mine)]
        for figure in figures:
            figure.draw_without_rendering()
    plt.close(mine)
    for figure in figures:
        for axes in figure.axes:
            data = [*axes.lines, *axes.collections, *(each for each in axes.patches if isinstance(each, Patch))]
            shown = [text for text in axes.findobj(Text) if text.get_text().strip() and text.get_visible()]
            for artist in (*data, *(text for text in shown if text not in axes.texts)):
                colours = [
                    to_rgba(colour) for colour in inks(artist) if not isinstance(colour, str) or colour != "none"
                ]
                best = max((contrast(each, ground(artist, figure)) for each in colours if each[3] > 0), default=None)
                assert best is None or best > (4 if isinstance(artist, Text) else 1.25), (artist, colours)


def test_axes_without_a_grid_are_refused(every):
    with pytest.raises(bi.InputError, match=r"figure: expected axes of a grid.*Use plt.subplots"):
        every["raster"](figure=Figure().add_axes((0.1, 0.1, 0.8, 0.8)))


def test_failed_fits_are_named_in_every_comparison():
    table = xr.Dataset(
        {
            "difference": ("claim", [0.0, -2.0, 500.0]),
            "difference_se": ("claim", [0.0, 1.0, 90.0]),
            "weight": ("claim", [0.6, 0.1, np.nan]),
            "passed": ("claim", [True, True, False]),
        },
        coords={"claim": ["count", "pairs", "table"]},
    )
    figure = plots.elpd(table)
    assert "Gate failed for “table”" in words(figure)
    figure.suptitle("Mine")
    assert "Gate failed for “table”" in words(figure) and "Mine" in words(figure)
    (axes,) = figure.axes
    assert [line.get_xdata()[0] for line in axes.lines if line.get_marker() == ">"] == [axes.get_xlim()[1]]
