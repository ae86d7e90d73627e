"""Figures are read back: what is drawn must be the quantiles of what was given, and every text legible."""

import io
from itertools import combinations

import jax
import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import bayes_irl as bi
from bayes_irl import InputError, plots
from bayes_irl.plots import screen

LONG = ["left low, right low", "left low, right high", "left high, right low", "left high, right high"]
SIZES = [
    (1, ["only"]),
    (2, ["0", "1"]),
    (3, LONG),
    (5, LONG),
    (7, LONG),
    (8, ["0", "1"]),
    (11, 2 * LONG),
    (13, LONG[:3]),
]


@pytest.fixture(scope="module")
def fitted():
    """A real small fit, with its recording and the true reward in nats per update."""
    circuit = bi.Circuit(num_neurons=4, stimulus=bi.Stimulus.switching(0.02))
    reward = bi.rewards.from_spike_count(circuit, target={0: 1, 1: 3})
    key = jax.random.key(0)
    network = bi.optimize(circuit, reward, coding_cost=0.5, baseline="population")
    recording = bi.simulate(network, 5000, key)
    method = bi.Laplace(num_draws=200)
    tree = bi.infer(bi.load_model("spike_count"), circuit, recording, "population", method, key=key)
    return tree, recording, np.asarray(reward) / 0.5


def gate(passed=True) -> xr.Dataset:
    """A gate; its words are in another language, since nothing may read them."""
    return xr.Dataset(attrs={"passed": int(passed), "verdict": "Alle Prüfungen."})


def named(tree: xr.DataTree) -> xr.DataTree:
    """The same tree, of a model with a name."""
    tree.attrs["model"] = "spike_count"
    return tree


def fit(num_neurons=8, labels=("0", "1"), passed=True, seed=0) -> xr.DataTree:
    """Compose a fit whose patterns differ from each other, some of them never observed."""
    rng = np.random.default_rng(seed)
    shape = (len(labels), 2**num_neurons)
    draws = rng.normal(size=shape) + 0.3 * rng.gamma(1.0, size=(2, 50, *shape))
    coords = {"stimulus": list(labels), "pattern": np.arange(2**num_neurons)}
    dims = ("chain", "draw", "stimulus", "pattern")
    stimulus = bi.Stimulus(np.full((len(labels), len(labels)), 1 / len(labels)), labels)
    return named(
        xr.DataTree.from_dict(
            {
                "/reward": xr.Dataset({"reward": (dims, draws)}, coords=coords),
                "/constant_data": xr.Dataset({"weights": (dims[2:], rng.poisson(1.0, shape).astype(float))}),
                "/posterior": xr.Dataset(),
                "/gate": gate(passed),
                "/system": bi.Circuit(num_neurons, stimulus).store().expand_dims("recording"),
            }
        )
    )


def adapted(num_neurons=8, labels=("0", "1"), silenced=(3,), passed=True) -> xr.DataTree:
    """Compose an adapted tree, with skewed draws: means are not medians."""
    rng = np.random.default_rng(1)
    alive = ~np.isin(np.arange(num_neurons), silenced)
    curves = rng.beta(1, 6, size=(2, 1, 60, len(labels), num_neurons))
    curves[1] *= alive
    counts = rng.dirichlet(np.ones(num_neurons + 1), size=(2, 1, 60, len(labels)))
    dims = ("circuit", "chain", "draw", "stimulus")
    predictions = xr.Dataset(
        {
            "tuning_curve": ((*dims, "neuron"), curves),
            "spike_count_probability": ((*dims, "spike_count"), counts),
        },
        coords={
            "circuit": ["unchanged", "changed"],
            "stimulus": list(labels),
            "neuron": np.arange(num_neurons),
            "alive": ("neuron", alive),
        },
        attrs={"change": "neuron 3 silenced"},
    )
    groups = {"/predictions": predictions, "/posterior": xr.Dataset(), "/gate": gate(passed)}
    return named(xr.DataTree.from_dict(groups))


def interval(draws: np.ndarray) -> np.ndarray:
    """Return the 5 % and 95 % quantiles over the first two axes, by sorting and interpolating."""
    ordered = np.sort(draws.reshape(-1, *draws.shape[2:]), axis=0)
    places = np.array([0.05, 0.95]) * (len(ordered) - 1)
    below, rest = places.astype(int), places % 1
    rest = rest.reshape(-1, *[1] * (ordered.ndim - 1))
    return (1 - rest) * ordered[below] + rest * ordered[below + 1]


def bars(axes: Axes) -> list[np.ndarray]:
    """Return the two ends of every bar, `[num_bars, 2 ends, x and y]`, one array per collection."""
    return [np.array(each.get_segments()) for each in axes.collections if isinstance(each, LineCollection)]


def words(figure: Figure) -> str:
    figure.draw_without_rendering()
    return "\n".join(each.get_text() for each in figure.findobj(Text) if each.get_visible())


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return every text that is to be seen, with its box in pixels; ticks beyond the axes are not."""
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    hidden: set[int] = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not (tick.get_visible() and low <= tick.get_loc() <= high):
                    hidden |= {id(tick.label1), id(tick.label2)}
    texts = [each for each in figure.findobj(Text) if each.get_visible() and each.get_text().strip()]
    return [(each.get_text(), each.get_window_extent(renderer)) for each in texts if id(each) not in hidden]


def drawn_points(axes: Axes) -> list[np.ndarray]:
    """Return where the data are drawn, in axes from 0 to 1: lines, bars, marks, bands, boxes and pictures."""
    own, across, up = axes.transData, axes.get_xaxis_transform(), axes.get_yaxis_transform()
    found = [(line.get_transform(), line.get_xydata()) for line in axes.lines]
    for each in axes.collections:
        found += [(each.get_transform(), path.vertices) for path in each.get_paths()]
        found.append((each.get_offset_transform(), np.atleast_2d(each.get_offsets())))
    boxes = [box for box in axes.patches if isinstance(box, Rectangle)]
    found += [(box.get_data_transform(), box.get_bbox().corners()) for box in boxes]
    for image in axes.images:
        left, right, bottom, top = image.get_extent()
        found.append((own, np.array([[left, bottom], [right, top]])))
    places = []
    for transform, points in found:
        known = np.ma.filled(np.ma.asarray(points, float), np.nan)
        for kind, checked in ((own, [0, 1]), (across, [0]), (up, [1])):
            if transform == kind and len(known):
                with np.errstate(invalid="ignore", divide="ignore"):
                    inside = axes.transAxes.inverted().transform(kind.transform(known))[:, checked]
                places.append(inside[np.isfinite(inside).all(axis=1)])
    return places


def check_inside(axes: Axes) -> None:
    """Every datum lies inside its axes."""
    for places in drawn_points(axes):
        inside = (places >= -0.02) & (places <= 1.02)
        assert inside.all(), f"{axes.get_title()!r}: {places[~inside.all(axis=1)][:3]} outside the axes (0 to 1)"


def check_legible(figure: Figure) -> None:
    """No two texts overlap, none leaves the page, no legend lies on data, type is 7 or 8 points."""
    found = boxes(figure)
    for (first, one), (second, other) in combinations(found, 2):
        assert not one.padded(-0.5).overlaps(other.padded(-0.5)), f"{first!r} overlaps {second!r}"
    for text, box in found:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
        assert inside, f"{text!r} leaves the page"
    drawn_on = [axes for axes in figure.axes if axes.has_data()]
    legends = [each for each in figure.findobj() if type(each).__name__ == "Legend"]
    for legend, axes in ((legend, axes) for legend in legends for axes in drawn_on):
        assert not legend.get_window_extent().overlaps(axes.get_window_extent()), "a legend covers data"
    for axes in figure.axes:
        check_inside(axes)
    sizes = {each.get_fontsize() for each in figure.findobj(Text) if each.get_visible() and each.get_text()}
    assert sizes <= {7.0, 8.0}
    assert round(figure.get_figwidth() * 25.4) in (90, 180)


# Reward maps


def test_a_reward_map_draws_means_and_quantiles_of_every_pattern():
    tree = fit(num_neurons=3)
    draws = tree["reward"]["reward"].values
    ends = interval(draws)
    for x, axes in enumerate(plots.reward_map(tree).axes):
        average, patterns = bars(axes)
        points = next(each for each in axes.collections if isinstance(each, PathCollection)).get_offsets()
        np.testing.assert_allclose(patterns[:, :, 1].T, ends[:, x])
        np.testing.assert_allclose(points[:, 1], draws.mean(axis=(0, 1))[x])
        assert np.round(points[:, 0]).tolist() == [0, 1, 1, 2, 1, 2, 2, 3]
        assert len(np.unique(points[:, 0])) == 8
        of_count = [[0], [1, 2, 4], [3, 5, 6], [7]]
        means = np.stack([draws[..., x, members].mean(axis=-1) for members in of_count], axis=-1)
        np.testing.assert_allclose(average[:, 0, 1], means.mean(axis=(0, 1)))
        ends_of_boxes = [box.get_bbox().intervaly for box in axes.patches]
        np.testing.assert_allclose(np.transpose(ends_of_boxes), interval(means))


def test_patterns_are_hollow_if_never_observed_and_darker_the_more_often_they_were():
    tree = fit(num_neurons=3)
    weights = tree["constant_data"]["weights"].values
    assert (weights == 0).any()
    for x, axes in enumerate(plots.reward_map(tree).axes):
        points = next(each for each in axes.collections if isinstance(each, PathCollection))
        faces, edges = points.get_facecolors()[:, :3], points.get_edgecolors()[:, :3]
        np.testing.assert_array_equal((faces == 1).all(axis=1), weights[x] == 0)
        assert not (edges == 1).all(axis=1).any()
        seen = weights[x] > 0
        order = np.argsort(weights[x, seen])
        assert (np.diff(faces[seen].sum(axis=1)[order]) <= 1e-12).all()
        assert np.ptp(faces[seen].sum(axis=1)) > 0.1


def test_patterns_that_are_asked_for_are_marked_and_named():
    tree = fit(num_neurons=3)
    means = tree["reward"]["reward"].values.mean(axis=(0, 1))
    figure = plots.reward_map(tree, num_patterns=1, mark=[[0, 2], []])
    for x, axes in enumerate(figure.axes):
        rings = [line.get_xydata()[0] for line in axes.lines if line.get_markersize() == 7]
        np.testing.assert_allclose([ring[1] for ring in rings], means[x, [0b101, 0]])
        assert [round(ring[0]) for ring in rings] == [2, 0]
    assert "Neurons 0, 2" in words(figure) and "No neuron" in words(figure)
    check_legible(figure)
    with pytest.raises(InputError, match="mark: expected whole numbers between 0 and 2, got 3"):
        plots.reward_map(tree, mark=[[3]])


def test_of_many_patterns_those_observed_most_often_are_drawn():
    tree = fit(num_neurons=6)
    weights = tree["constant_data"]["weights"].values
    figure = plots.reward_map(tree, num_patterns=4)
    for x, axes in enumerate(figure.axes):
        drawn = bars(axes)[1]
        counts = np.array([bin(index).count("1") for index in range(64)])
        assert np.bincount(np.round(drawn[:, 0, 0]).astype(int)).tolist() == [1, 4, 4, 4, 4, 4, 1]
        lows = interval(tree["reward"]["reward"].values)[0, x]
        three = [np.abs(lows - low).argmin() for low in drawn[:, 0, 1]]
        three = [index for index in three if counts[index] == 3]
        left_out = [index for index in np.flatnonzero(counts == 3) if index not in three]
        assert weights[x, three].min() >= weights[x, left_out].max()
    assert "the 4 patterns observed most often" in words(figure)
    assert "observed most often" not in words(plots.reward_map(fit(num_neurons=4)))


def test_the_truth_is_drawn_in_the_gauge_of_the_fit(fitted):
    tree, _, truth = fitted
    weights = tree["constant_data"]["weights"].values
    shifted = truth + np.array([[7.0], [-3.0]])  # a function of the stimulus alone changes nothing
    for x, axes in enumerate(plots.reward_map(tree, truth=shifted.tolist()).axes):
        points, dashes = (each.get_offsets() for each in axes.collections if isinstance(each, PathCollection))
        assert np.average(dashes[:, 1], weights=weights[x]) == pytest.approx(0, abs=1e-12)
        assert np.average(points[:, 1], weights=weights[x]) == pytest.approx(0, abs=1e-6)
        assert np.ptp(dashes[:, 1] - truth[x]) < 1e-12
        seen = weights[x] > 50
        np.testing.assert_allclose(dashes[seen, 1], points[seen, 1], atol=0.6)


def test_a_reward_map_of_a_real_fit_is_labelled_with_units(fitted):
    tree, _, truth = fitted
    figure = plots.reward_map(tree, truth)
    assert [axes.get_title() for axes in figure.axes] == ["Stimulus 0", "Stimulus 1"]
    assert figure.axes[0].get_ylabel() == "Reward (nats per update)"
    assert {axes.get_xlabel() for axes in figure.axes} == {"Number of spikes"}
    assert "90 % equal-tailed interval" in words(figure)
    assert "Gate" not in words(figure)
    check_legible(figure)


# Tuning curves


@pytest.mark.parametrize("num_neurons", [8, 7])
def test_tuning_curves_draw_means_and_quantiles_of_both_circuits(num_neurons):
    tree = adapted(num_neurons, LONG)
    draws = tree["predictions"]["tuning_curve"].values
    figure = plots.tuning_curves(tree)
    panels = [axes for axes in figure.axes if axes.has_data()]
    assert len(panels) == num_neurons
    for i, axes in enumerate(panels):
        lines = [line for line in axes.lines if len(line.get_xdata())]
        np.testing.assert_allclose([line.get_ydata() for line in lines], draws.mean(axis=(1, 2))[:, :, i])
        drawn = bars(axes)
        for circuit in (0,) if i == 3 else (0, 1):
            np.testing.assert_allclose(drawn[circuit][:, :, 1].T, interval(draws[circuit])[:, :, i])
            np.testing.assert_array_equal(drawn[circuit][:, 0, 0], lines[circuit].get_xdata())
        assert len(drawn) == (1 if i == 3 else 2)
        assert (axes.get_title() == f"Neuron {i}, silenced") == (i == 3)
        assert (lines[1].get_marker() == "x") == (i == 3)
        assert lines[0].get_linestyle() != lines[1].get_linestyle()
    assert "Probability of a spike" in words(figure)
    assert "90 % equal-tailed interval" in words(figure).replace("\n", " ")
    assert "Neuron 3 silenced" in words(figure)


def test_true_tuning_curves_are_drawn_where_they_are_known():
    tree = adapted(2, ["0", "1"], silenced=())
    truth = np.array([[0.1, 0.2], [0.3, 0.4]])
    figure = plots.tuning_curves(tree, truth={"changed": truth.tolist()})
    for i, axes in enumerate(figure.axes):
        (marks,) = [line for line in axes.lines if line.get_marker() == "D"]
        assert marks.get_ydata().tolist() == truth[:, i].tolist()
    assert "Truth, changed" in words(figure)
    assert "Truth, unchanged" not in words(figure)
    assert "Silenced" not in words(figure)


# Spike counts


def test_spike_counts_draw_means_quantiles_and_what_was_recorded(fitted):
    _, recording, _ = fitted
    tree = adapted(4)
    draws = tree["predictions"]["spike_count_probability"].values
    figure = plots.spike_counts(tree, recording)
    for x, axes in enumerate(figure.axes):
        for circuit, (line, drawn) in enumerate(zip(axes.lines, bars(axes), strict=True)):
            np.testing.assert_allclose(line.get_ydata(), draws[circuit].mean(axis=(0, 1))[x])
            np.testing.assert_allclose(drawn[:, :, 1].T, interval(draws[circuit])[:, x])
        seen = recording.spikes[recording.stimulus == x].sum(axis=1)
        shares = [(seen == spikes).mean() for spikes in range(5)]
        np.testing.assert_allclose([bar.get_height() for bar in axes.patches], shares)
    assert "Recorded" in words(figure)
    assert "Recorded" not in words(plots.spike_counts(tree))
    assert figure.axes[0].get_ylabel() == "Probability"


# Rasters


GAP = 0.06  # seconds: 2 % of the six bins below


def runs(axes: Axes) -> list[list[tuple[float, float]]]:
    """Return where each box begins and ends, row by row."""
    rows = [each for each in axes.collections if isinstance(each, PolyCollection)]
    return [
        [tuple(np.round(path.get_extents().intervalx, 9)) for path in each.get_paths() if len(path.vertices)]
        for each in rows
    ]


def test_a_raster_draws_every_run_of_spikes_in_seconds():
    spikes = [[1, 0], [1, 1], [0, 1], [1, 0], [0, 0], [0, 1]]
    recording = bi.Recording.from_arrays(
        spikes, [0, 0, 1, 1, 1, 0], trial=[0, 0, 0, 4, 4, 5], bin_width=0.5, num_stimuli=3
    )
    figure = plots.raster(recording, stimulus_labels=["left", "right", "none"])
    strip, axes = figure.axes
    second, third = 1.5 + GAP, 2.5 + 2 * GAP  # where trials begin; each of them counts time from 0
    assert runs(axes) == [[(0.0, 1.0), (second, second + 0.5)], [(0.5, 1.5), (third, third + 0.5)]]
    assert runs(strip) == [[(0.0, 1.0), (third, third + 0.5)], [(1.0, 1.5), (second, second + 1.0)], []]
    times = [
        (round(tick, 9), label.get_text())
        for tick, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    ]
    assert times == [(0, "0"), (0.5, "0.5"), (1, "1"), (second, "0"), (second + 0.5, "0.5"), (third, "0")]
    gaps = [(round(patch.get_x(), 9), round(patch.get_width(), 9)) for patch in axes.patches]
    assert gaps == [(1.5, GAP), (2.5 + GAP, GAP)]
    assert [tick.get_text() for tick in strip.get_yticklabels()] == ["left", "right", "none"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Time in trial (s)", "Neuron")
    assert axes.get_xlim() == (0, third + 0.5)
    part = plots.raster(recording, num_bins=1, start=4)
    assert runs(part.axes[1]) == [[], []] and runs(part.axes[0]) == [[], [(0.0, 0.5)], []]
    texts = [label.get_text() for label in part.axes[1].get_xticklabels()]
    assert texts[0] == "0.5" and float(texts[-1]) < 1  # the trial's second bin
    assert not part.axes[1].patches


def test_a_raster_of_counts_is_darker_where_there_are_more():
    recording = bi.CountRecording.from_arrays([[0, 4], [1, 4], [2, 0]], [0, 0, 1], bin_width=0.5)
    figure = plots.raster(recording)
    drawn = {
        tuple(path.get_extents().get_points().round(2).ravel()): each.get_alpha()
        for each in figure.axes[1].collections
        for path in each.get_paths()
    }
    assert drawn[0.5, -0.4, 1.0, 0.4] < drawn[1.0, -0.4, 1.5, 0.4] < drawn[0.0, 0.6, 1.0, 1.4] == 1.0
    assert len(drawn) == 3 and "4 spikes, the most in a bin; fewer are paler" in words(figure)


def test_a_raster_of_many_trials_numbers_them():
    trial = np.repeat(np.arange(3, 43), 10)
    recording = bi.Recording.from_arrays(np.ones((400, 2)), np.zeros(400), trial=trial, bin_width=0.02)
    axes = plots.raster(recording).axes[1]
    assert [len(row) for row in runs(axes)] == [40, 40]  # one box per trial, though all bins are on
    assert [label.get_text() for label in axes.get_xticklabels()] == [str(number) for number in range(3, 43, 4)]
    assert axes.get_xlabel() == "Trial (0.2 s each)"


def test_a_raster_counts_bins_or_updates_where_seconds_are_unknown(fitted):
    _, recording, _ = fitted
    assert plots.raster(recording).axes[1].get_xlabel() == "Update"
    plain = bi.Recording.from_arrays([[0, 1], [1, 1]], [0, 1])
    assert plots.raster(plain).axes[1].get_xlabel() == "Bin"


@pytest.mark.parametrize(("num_neurons", "labels"), SIZES)
def test_rasters_are_legible(num_neurons, labels):
    rng = np.random.default_rng(0)
    recording = bi.Recording.from_arrays(
        rng.random((400, num_neurons)) < 0.2,
        rng.integers(0, len(labels), 400),
        trial=np.arange(400) // 90,
        bin_width=0.01,
        num_stimuli=len(labels),
    )
    names = [f"{name} {x}" for x, name in enumerate(labels)]
    check_legible(plots.raster(recording, stimulus_labels=names))


# What all have in common


@pytest.mark.parametrize(("num_neurons", "labels"), SIZES)
def test_predictions_are_legible(num_neurons, labels):
    names = labels if len(set(labels)) == len(labels) else [f"{x} {name}" for x, name in enumerate(labels)]
    tree = adapted(num_neurons, names, passed=False)
    check_legible(plots.tuning_curves(tree))
    check_legible(plots.spike_counts(tree))


@pytest.mark.parametrize(("num_neurons", "labels"), [(n, labels) for n, labels in SIZES if n <= 8])
def test_reward_maps_are_legible(num_neurons, labels):
    tree = fit(num_neurons, labels, passed=False)
    check_legible(plots.reward_map(tree, truth=np.zeros((len(labels), 2**num_neurons))))


def test_the_check_of_legibility_can_fail():
    figure = plots.spike_counts(adapted())
    figure.text(0.5, 0.5, "one", fontsize=7)
    check_legible(figure)
    figure.text(0.5, 0.5, "two", fontsize=7)
    with pytest.raises(AssertionError, match="overlaps"):
        check_legible(figure)


@pytest.mark.parametrize(
    ("plot", "tree"), [(plots.reward_map, fit), (plots.tuning_curves, adapted), (plots.spike_counts, adapted)]
)
def test_a_failed_gate_is_to_be_seen(plot, tree):
    assert "Gate" not in words(plot(tree()))
    failed = plot(tree(passed=False))
    ((text, warning),) = [(text, box) for text, box in boxes(failed) if text.startswith("Gate failed")]
    assert text.replace("\n", " ") == "Gate failed for “spike_count”: do not trust its intervals"
    assert all(warning.y0 >= axes.get_window_extent().y1 for axes in failed.axes)
    ungated = tree()
    del ungated["gate"]
    with pytest.raises(InputError, match="the groups posterior and gate"):
        plot(ungated)


def test_a_figure_shows_itself_in_a_notebook():
    recording = bi.Recording.from_arrays(np.eye(3), [0, 1, 1], bin_width=0.01)
    shown = matplotlib.image.imread(io.BytesIO(plots.raster(recording)._repr_png_()))
    assert shown.shape[0] > 50 and shown.std() > 0.05


def test_two_plots_make_one_figure():
    recording = bi.Recording.from_arrays(np.eye(3), [0, 1, 1], bin_width=0.01)
    panel = Figure(figsize=(7, 5), layout="constrained")
    upper, lower = panel.subfigures(2, 1)
    assert plots.raster(recording, figure=upper) is panel
    tree = adapted(num_neurons=3, silenced=())
    assert plots.tuning_curves(tree, figure=lower) is panel
    assert len(panel.axes) == 2 + 3 and panel.get_size_inches().tolist() == [7, 5]
    assert "Time in recording (s)" in words(panel) and "Neuron 2" in words(panel)


@pytest.mark.parametrize("look", ["dark_background", "ggplot"])
def test_pictures_are_the_same_whatever_style_is_set(look):
    recording = bi.Recording.from_arrays(np.eye(3), [0, 1, 1], bin_width=0.01)

    def drawn():
        figures = (plots.raster(recording), plots.tuning_curves(adapted(3)), plots.reward_map(fit(3)))
        return [figure._repr_png_() for figure in figures]

    plain = drawn()
    with plt.style.context(look):
        assert drawn() == plain


def test_no_stimulus_is_cut_off_in_predictive_checks():
    """A limit that was set after the first stimulus hid what the second one showed."""
    rng = np.random.default_rng(0)
    shares = np.array([[0.3, 0.4, 0.3], [0.02, 0.95, 0.03]])
    check = xr.Dataset(
        {
            "mean_response": (("stimulus", "neuron"), rng.random((2, 3))),
            "correlation": ("pair", rng.normal(size=3)),
            "num_spikes": (("stimulus", "spike_count"), shares),
            "p_value": ("check", [0.5, 0.5, 0.5]),
        },
        {"check": ["mean_response", "correlation", "num_spikes"], "stimulus": ["0", "1"]},
    )
    replicated = {f"{name}_replicated": check[name].expand_dims(replica=20) for name in check["check"].values}
    figure = plots.predictive(check.assign(replicated))
    assert figure.axes[2].get_ylim()[1] >= 0.95
    for axes in figure.axes:
        check_inside(axes)


def test_pyplot_holds_the_last_plot_and_no_others_of_ours(tmp_path):
    """`plt.savefig` right after a plot saves it; where nothing can be shown, earlier ones are let go."""
    own = plt.figure()
    try:
        plots.reward_map(fit(3))
        last = plots.spike_counts(adapted())
        assert plt.gcf() is last and set(plt.get_fignums()) == {own.number, last.number}
        plt.suptitle("Mine")
        plt.savefig(tmp_path / "by_pyplot.png")
        last.savefig(tmp_path / "by_itself.png")
        assert (tmp_path / "by_pyplot.png").read_bytes() == (tmp_path / "by_itself.png").read_bytes()
        with screen.off_screen():
            plots.reward_map(fit(3))
        assert plt.gcf() is last
    finally:
        plt.close("all")


def drop(tree: xr.DataTree, group: str, name: str | None = None) -> xr.DataTree:
    tree = tree.copy()
    if name is None:
        del tree[group]
    else:
        tree[group] = xr.DataTree(tree[group].to_dataset().drop_vars(name))
    return tree


def with_nan(tree: xr.DataTree, group: str, name: str) -> xr.DataTree:
    tree = tree.copy(deep=True)
    tree[group][name].values.flat[0] = np.nan
    return tree


def recorded(num_neurons: int) -> bi.Recording:
    return bi.Recording.from_arrays(np.ones((2, num_neurons)), [0, 1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.reward_map(drop(fit(), "reward")), "tree: expected a group 'reward'.*infer"),
        (lambda: plots.reward_map(drop(fit(), "constant_data", "weights")), "expected 'weights' in group"),
        (
            lambda: plots.reward_map(with_nan(fit(), "reward", "reward")),
            "finite draws of 'reward', got 1 NaN",
        ),
        (lambda: plots.reward_map(fit(), np.zeros((2, 3))), r"truth: expected shape \(2, 256\)"),
        (
            lambda: plots.reward_map(fit(), num_patterns=0),
            "num_patterns: expected a whole number of at least 1",
        ),
        (lambda: plots.tuning_curves(fit()), r"tree: expected a group 'predictions'.*adapt\(posterior"),
        (lambda: plots.spike_counts(fit()), r"tree: expected a group 'predictions'.*adapt\(posterior"),
        (
            lambda: plots.tuning_curves(drop(adapted(), "predictions", "tuning_curve")),
            "'tuning_curve' in group",
        ),
        (lambda: plots.tuning_curves(with_nan(adapted(), "predictions", "tuning_curve")), "finite draws"),
        (
            lambda: plots.tuning_curves(adapted(), {"before": np.zeros((2, 8))}),
            "truth: expected.*'unchanged'",
        ),
        (lambda: plots.tuning_curves(adapted(), {"changed": np.zeros((8, 2))}), r"shape \(2, 8\)"),
        (lambda: plots.spike_counts(adapted(), recorded(3)), "recording: expected 2 stimuli and 8 neurons"),
        (
            lambda: plots.raster(recorded(3), start=2),
            "start: expected a bin of this recording, 0 to 1, got 2",
        ),
        (lambda: plots.raster(recorded(3), num_bins=0), "num_bins: expected a whole number of at least 1"),
        (lambda: plots.raster(recorded(3), stimulus_labels=["a"]), "stimulus_labels: expected 2 names"),
    ],
)
def test_wrong_input_is_refused_by_name(call, message):
    with pytest.raises(InputError, match=message):
        call()
