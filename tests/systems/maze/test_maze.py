"""Mazes against worlds small enough to argue about, dense matrices, and known rewards."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.io.netcdf import load_tree, save_tree
from bayes_irl.solvers.average_reward import solve

DRAWING = """
+-+-+-+-+
|   |   |
+ +-+ + +
| |   |G|
+ + +-+ +
|       |
+-+-+-+-+"""
MAZE = bi.Maze.from_text(DRAWING)
REWARD = MAZE.at_goal[None].astype(float)
UP, DOWN, LEFT, RIGHT = range(4)


@pytest.fixture(scope="module")
def walker():
    return bi.optimize(MAZE, REWARD, 0.3)


def dense_world_move(maze) -> np.ndarray:
    """Where the world takes the agent, row by row, written out from the words."""
    size = maze.num_patterns
    moves = np.zeros((size, size))
    for place in range(size):
        if maze.at_goal[place]:
            moves[place] = 1 / (size - 1)
            moves[place, place] = 0
            continue
        moves[place, place] += 1 - float(maze.push)
        for target in maze.leads_to[:, place]:
            moves[place, target] += float(maze.push) / 4
    return moves


def dense_policy_move(maze, policy) -> np.ndarray:
    moves = np.zeros((maze.num_patterns, maze.num_patterns))
    for move in range(4):
        np.add.at(moves, (np.arange(maze.num_patterns), maze.leads_to[move]), policy[move])
    return moves


def iterate(maze, reward, p, cost) -> tuple[np.ndarray, float]:
    """Relative value iteration in NumPy, damped: v(s) + L = r(s) + M B(v)(s)."""
    world, value, change = dense_world_move(maze), np.zeros(maze.num_patterns), np.zeros(maze.num_patterns)
    for _ in range(20_000):
        backup = cost * np.log((p[:, None] * np.exp(value[maze.leads_to] / cost)).sum(axis=0))
        change = reward[0] + world @ backup - value
        value = value + 0.5 * (change - change[0])
        if np.ptp(change) < 1e-11:
            break
    return value, float(change.mean())


def test_walls_and_borders_stop_a_move():
    leads_to = MAZE.leads_to
    assert leads_to[:, 0].tolist() == [0, 4, 0, 1]  # up and left: the border
    assert leads_to[RIGHT, 1] == 1 and leads_to[LEFT, 2] == 2  # a wall between columns 1 and 2
    assert leads_to[DOWN, 1] == 1 and leads_to[RIGHT, 4] == 4
    assert leads_to[DOWN, 2] == 6


def test_a_drawing_is_read_and_drawn():
    again = bi.Maze.from_text(MAZE.drawing)
    assert (again.walls, again.goal, again.num_rows, again.num_columns) == (MAZE.walls, MAZE.goal, 3, 4)
    assert MAZE.goal == (1, 3) and len(MAZE.walls) == 5


def test_walls_are_built_and_torn_down():
    wall = ((2, 1), (2, 2))
    built = MAZE.build(wall)
    assert built.leads_to[RIGHT, 9] == 9 and MAZE.leads_to[RIGHT, 9] == 10
    assert built.tear_down(wall).walls == MAZE.walls


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bi.Maze(3, 3, goal=(3, 0)), "goal: expected a place on a grid of 3 × 3"),
        (
            lambda: bi.Maze(2, 2, (0, 0), [((0, 0), (0, 1)), ((1, 0), (1, 1))]),
            "walls: expected a way to the goal from every place, got 2 places without one. Tear a wall down.",
        ),
        (lambda: MAZE.build(((0, 0), (2, 0))), "walls: expected pairs of neighbouring places"),
        (lambda: MAZE.tear_down(((2, 0), (2, 1))), "walls: expected walls that are there"),
        (lambda: bi.Maze(3, 3, (0, 0), push=1.5), "push: expected a probability"),
        (lambda: bi.Maze(1, 1, (0, 0)), "expected at least two places"),
        (lambda: bi.Maze.from_text("+-+\n|G|"), "text: expected an odd number of lines"),
        (lambda: bi.Maze.from_text("+-+-+\n|   |\n+-+-+"), "text: expected one place marked G, the goal, got 0"),
        (lambda: bi.optimize(MAZE, REWARD, 0.3, [0.5, 0.5]), "baseline: expected shape (4)"),
        (lambda: bi.optimize(MAZE, REWARD, 0.3, [0.5, 0.5, 0.5, 0.5]), "positive probabilities that sum to 1"),
        (lambda: bi.Trajectory.from_arrays([0, 1], [4, 0], 12), "move: expected whole numbers between 0 and 3"),
        (lambda: bi.Trajectory.from_arrays([0, 12], [0, 0], 12), "place: expected whole numbers between 0 and 11"),
        (lambda: bi.Trajectory.from_arrays([0, 1], [0], 12), "give one move per place"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(bi.InputError) as refusal:
        make()
    assert message in str(refusal.value)


@pytest.mark.parametrize("cost", [0.05, 0.3, 2.0])
def test_the_optimum_solves_the_bellman_equation(cost):
    p = np.array([0.4, 0.3, 0.2, 0.1])
    found = MAZE.optimum(jnp.asarray(REWARD), jnp.asarray(p), cost)
    value, gain = iterate(MAZE, REWARD, p, cost)
    np.testing.assert_allclose(found.value[0], value - value.mean(), atol=1e-7)
    np.testing.assert_allclose(found.objective, gain, atol=1e-8)


def test_occupancy_is_stationary_and_information_is_that_of_moves(walker):
    both = dense_world_move(MAZE) @ dense_policy_move(MAZE, np.asarray(walker.move_probability))
    occupancy = np.asarray(walker.occupancy[0])
    np.testing.assert_allclose(occupancy @ both, occupancy, atol=1e-10)
    share = occupancy @ dense_world_move(MAZE)
    joint = share * np.asarray(walker.move_probability)
    mean = joint.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(walker.information, (joint * np.log2(joint / (share * mean))).sum(), rtol=1e-8)
    np.testing.assert_allclose(walker.mean_baseline("neuron"), mean[:, 0], rtol=1e-10)


def test_baselines_settle_where_they_equal_the_mean_moves_and_the_objective_never_falls(walker):
    assert walker.converged and walker.ended.startswith("converged")
    assert (np.diff(walker.history) >= -1e-12).all()
    np.testing.assert_allclose(walker.baseline, walker.mean_baseline("neuron"), atol=1e-9)


def test_a_cheap_policy_takes_the_shortest_way_and_a_dear_one_strays():
    near, far = (bi.optimize(MAZE, REWARD, cost, np.full(4, 0.25)) for cost in (0.01, 100.0))
    best = np.asarray(near.move_probability).argmax(axis=0)
    assert best[2] == RIGHT and best[3] == DOWN and best[6] == UP and best[11] == UP and best[0] == DOWN
    np.testing.assert_allclose(far.move_probability, 0.25, atol=0.01)
    assert float(near.average_reward) > 3 * float(far.average_reward)


def test_gradients_agree_with_finite_differences():
    weights = jnp.asarray(np.random.default_rng(0).normal(size=REWARD.shape))
    defaults = MAZE.default_actions(jnp.full(4, 0.25))

    @jax.jit
    def readout(reward):
        return (weights * solve(MAZE, reward, defaults, 0.3).value).sum()

    reward, direction = jnp.asarray(REWARD), jnp.asarray(np.random.default_rng(1).normal(size=REWARD.shape))
    slope = (readout(reward + 1e-4 * direction) - readout(reward - 1e-4 * direction)) / 2e-4
    np.testing.assert_allclose((jax.grad(readout)(reward) * direction).sum(), slope, rtol=1e-6)


def test_walks_visit_places_and_make_moves_as_often_as_they_should(walker):
    walk = bi.simulate(walker, 50_000, random.key(0))
    chosen = np.asarray(walker.occupancy[0]) @ dense_world_move(MAZE)
    shares = np.bincount(walk.place, minlength=12) / walk.num_updates
    np.testing.assert_allclose(shares, chosen, atol=0.02)
    table = walk.counts().table
    errors = np.sqrt(np.asarray(walker.move_probability).T * table.sum(axis=1, keepdims=True))
    assert (
        np.abs(table - table.sum(axis=1, keepdims=True) * np.asarray(walker.move_probability).T) < 5 * errors + 1
    ).all()
    with pytest.raises(bi.InputError, match="updates_per_bin"):
        bi.simulate(walker, 100, random.key(0), updates_per_bin=5)


@pytest.fixture(scope="module")
def fit(walker):
    walk = bi.simulate(walker, 20_000, random.key(1))
    return bi.infer(bi.load_model("place"), MAZE, walk, method=bi.Laplace(num_draws=400), key=random.key(2))


def test_the_reward_of_places_comes_back(fit):
    truth = np.asarray(
        bi.rewards.in_gauge(jnp.asarray(REWARD) / 0.3, jnp.asarray(fit["constant_data"]["weights"].values))
    )
    draws = fit["posterior"]["reward_at"].stack(sample=("chain", "draw")).transpose("place", "sample").values
    assert bi.passed(fit)
    z = (draws.mean(axis=1) - truth[0]) / draws.std(axis=1)
    assert np.sqrt((z**2).mean()) < 1.8
    assert (draws.argmax(axis=0) == 7).all()


def test_only_the_gauge_keeps_a_constant_from_the_reward(fit):
    reward, weights = fit["reward"]["reward"].values, fit["constant_data"]["weights"].values
    np.testing.assert_allclose((reward * weights / weights.sum()).sum(axis=(2, 3)), 0, atol=1e-10)
    assert weights[0, 7] < 0.01 * weights.sum()  # only a push brings the agent there before it chooses


def test_a_built_wall_sends_the_agent_another_way(fit, walker):
    changed = MAZE.build(((1, 3), (2, 3)))
    predicted = bi.adapt(fit, changed, num_draws=60)
    assert predicted["predictions"].attrs["change"] == "1 wall built"
    truth = bi.optimize(changed, REWARD, 0.3, np.asarray(walker.baseline))
    found = predicted["predictions"]["place_probability"].mean(["chain", "draw"])
    np.testing.assert_allclose(found.sel(circuit="changed"), truth.occupancy[0], atol=0.03)
    np.testing.assert_allclose(found.sel(circuit="unchanged"), walker.occupancy[0], atol=0.01)
    assert np.abs(truth.occupancy - walker.occupancy).sum() > 0.2
    assert (predicted["predictions"]["average_reward_change"] < 0).all()


def test_no_change_predicts_no_change(fit):
    predicted = bi.adapt(fit, bi.recorded(fit), num_draws=5)["predictions"]
    shares = predicted["place_probability"]
    np.testing.assert_allclose(shares.sel(circuit="changed"), shares.sel(circuit="unchanged"), atol=1e-9)
    assert predicted.attrs["change"] == "nothing changed"


def test_a_circuit_is_no_maze(fit, walker):
    circuit = bi.Circuit(2, bi.Stimulus.constant())
    with pytest.raises(bi.InputError, match="expected a maze, as recorded, got Circuit"):
        bi.adapt(fit, circuit)
    with pytest.raises(bi.InputError, match="expected a Recording, for a circuit, got Trajectory"):
        bi.infer(bi.load_model("spike_count"), circuit, bi.simulate(walker, 100, random.key(0)), key=random.key(0))
    small = bi.Maze(3, 3, goal=(0, 0))
    with pytest.raises(bi.InputError, match="num_columns = 4, as recorded"):
        bi.adapt(fit, small)
    with pytest.raises(bi.InputError, match="recording has 12 places, the maze has 9"):
        bi.infer(bi.load_model("place"), small, bi.simulate(walker, 100, random.key(0)), key=random.key(0))


def test_a_held_out_walk_scores_the_prediction(fit, walker):
    changed = MAZE.build(((1, 3), (2, 3)))
    after = bi.optimize(changed, REWARD, 0.3, np.asarray(walker.baseline))
    scored = bi.score(fit, changed, bi.simulate(after, 5_000, random.key(5)), num_draws=40)
    assert float(scored["difference"].sel(claim="adapted")) > 4 * float(scored["difference_se"].sel(claim="adapted"))


def test_pictures_show_the_maze(fit, walker, tmp_path):
    for name, figure in {
        "walk": bi.plots.walk({"A walk": walker}),
        "reward": bi.plots.place_reward(fit),
        "changed": bi.plots.walk(bi.adapt(fit, MAZE.build(((1, 3), (2, 3))), num_draws=5)),
    }.items():
        figure.savefig(tmp_path / f"{name}.png", dpi=100)
        labels = [axes.get_title() + axes.get_ylabel() for axes in figure.axes] + [
            axes.get_ylabel() for sheet in figure.subfigs for axes in sheet.axes
        ]
        assert any("Share of time" in label or "nats per update" in label for label in labels)
    with pytest.raises(bi.InputError, match="at least one walker"):
        bi.plots.walk({})


def test_predictions_survive_a_file(fit, tmp_path):
    predicted = bi.adapt(fit, MAZE.build(((1, 3), (2, 3))), num_draws=5)
    save_tree(predicted, tmp_path / "maze.nc")
    again = load_tree(tmp_path / "maze.nc")
    assert again.identical(predicted)
    assert bi.recorded(again).walls == MAZE.walls
