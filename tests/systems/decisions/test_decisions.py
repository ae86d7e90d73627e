"""Tables of decisions against recursions in NumPy, the rank of what moves show, and known rewards."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import random

import bayes_irl as bi
from bayes_irl.io.netcdf import load_tree, save_tree

NEVER = -1


NUM_PLACES = 16
PAID = np.where(np.arange(NUM_PLACES) == 7, 3.0, np.where(np.arange(NUM_PLACES) == 11, 2.0, 0.0))


def some_table(seed: int, num_states: int = 7, num_actions: int = 3) -> bi.Decisions:
    """Moves anywhere, some of which cannot be made, and a world that carries the agent to its start now and then."""
    rng = np.random.default_rng(seed)
    next_state = rng.integers(0, num_states, (num_states, num_actions))
    next_state[:, 0] = (np.arange(num_states) + 1) % num_states
    next_state[1:3, 2] = NEVER
    world_move = 0.9 * np.eye(num_states) + 0.1 * np.eye(num_states)[[0]]
    return bi.Decisions(next_state, world_move, actions=["on", "left", "right"][:num_actions])


def some_process(seed: int, num_states: int, num_actions: int) -> np.ndarray:
    """P(s′ | s, a), each move to a few places."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(num_states, 0.1), (num_states, num_actions))


def some_defaults(table: bi.Decisions, seed: int) -> np.ndarray:
    """Default moves that differ from place to place."""
    weights = np.random.default_rng(seed).uniform(0.2, 1, (table.num_states, table.num_actions))
    weights *= np.asarray(table.next_state) != NEVER
    return weights / weights.sum(axis=1, keepdims=True)


def iterate(table: bi.Decisions, reward: np.ndarray, p: np.ndarray, cost: float) -> tuple[np.ndarray, float]:
    """Relative value iteration, damped: π(a | s) and L."""
    next_state, world = np.asarray(table.next_state), np.asarray(table.world_move)
    value = np.zeros(table.num_states)
    for _ in range(100_000):
        weights = p * np.exp(value[next_state] / cost)
        change = reward + world @ (cost * np.log(weights.sum(axis=1))) - value
        value = value + 0.5 * (change - change[0])
        if np.ptp(change) < 1e-12:
            break
    return (weights / weights.sum(axis=1, keepdims=True)).T, float(change.mean())


def discounted(process: np.ndarray, reward: np.ndarray, discount: float) -> np.ndarray:
    """Maximum causal entropy in NumPy: π(a | s) ∝ exp Q(s, a), Q = r(s) + γ Σ P log-mean-exp Q."""
    value = np.zeros(len(process))
    for _ in range(int(40 / (1 - discount))):
        quality = reward[:, None] + discount * process @ value
        value = np.log(np.exp(quality - quality.max()).mean(axis=1)) + quality.max()
    chances = np.exp(quality - quality.max(axis=1, keepdims=True))
    return (chances / chances.sum(axis=1, keepdims=True)).T


@pytest.mark.parametrize("cost", [0.2, 1.0])
def test_the_optimum_is_that_of_value_iteration_where_moves_are_missing_and_defaults_differ(cost):
    table = some_table(0)
    reward, p = np.random.default_rng(1).normal(size=table.num_states), some_defaults(table, 2)
    found = bi.optimize(table, reward[None], cost, p)
    policy, gain = iterate(table, reward, p, cost)
    np.testing.assert_allclose(found.move_probability, policy, atol=1e-9)
    np.testing.assert_allclose(found.objective, gain, atol=1e-9)
    assert found.converged and float(found.move_probability[2, 1]) == 0


def test_a_world_without_chance_and_without_rest_is_solved_too():
    """Two rooms in turn: plain sweeps would swing for ever."""
    table = bi.Decisions([[1, 2], [0, 3], [3, 0], [2, 1]])
    found = bi.optimize(table, np.array([[0.0, 1.0, 0.5, 0.0]]), 0.1, np.full(2, 0.5))
    assert found.converged
    np.testing.assert_allclose(found.place_probability[np.array([0, 3])].sum(), 0.5, atol=1e-9)


def test_random_outcomes_are_the_limit_of_discounted_maximum_causal_entropy():
    """The policies differ by about 1 − γ."""
    process = some_process(0, 6, 3)
    reward = np.random.default_rng(1).normal(size=6)
    table = bi.Decisions.from_probabilities(process)
    found = bi.optimize(table, table.by_state(jnp.asarray(reward)), 1.0, np.full(3, 1 / 3)).move_probability
    errors = [np.abs(discounted(process, reward, discount) - found).max() for discount in (0.9, 0.99, 0.999)]
    ratios = np.array(errors[:-1]) / np.array(errors[1:])
    assert errors[0] < 0.1 and ((ratios > 8) & (ratios < 12)).all()


@pytest.mark.parametrize(
    ("table", "by_state"),
    [
        (some_table(0), False),
        (bi.Decisions([[1, 2], [0, 3], [0, 3], [1, 2]]), False),
        (bi.Decisions([[1, 2], [0, 0], [0, 0], [1, 0]]), False),  # nothing leads to the last place
        (bi.Decisions.from_probabilities(some_process(0, 4, 2)), False),
        (bi.Decisions.from_probabilities(some_process(0, 4, 2)), True),
        (bi.Decisions.from_probabilities(np.stack([np.roll(np.eye(4), 1, 0), np.roll(np.eye(4), -1, 0)], 1)), True),
    ],
)
def test_what_cannot_be_seen_is_what_the_rank_of_policies_leaves(table, by_state):
    reward = np.random.default_rng(0).normal(size=table.num_states if by_state else table.num_patterns)
    p = jnp.full(table.num_actions, 1 / table.num_actions)

    def log_odds(reward):
        chances = table.optimum(table.by_state(reward) if by_state else reward[None], p).policy[0]
        return jnp.log(jnp.where(chances > 0, chances, 1.0)).ravel()

    slopes = np.asarray(jax.jacfwd(log_odds)(jnp.asarray(reward)))
    values = np.linalg.svd(slopes, compute_uv=False)
    hidden = table.unidentified(by_state)
    assert len(reward) - (values > 1e-8).sum() == len(hidden) + 1  # a constant is never seen
    if by_state:
        hidden = hidden[:, :: table.num_actions]
    np.testing.assert_allclose(slopes @ hidden.T, 0, atol=1e-8)


@pytest.fixture(scope="module")
def laboratory():
    """A table of 16 places with random outcomes, and an agent that is paid at two of them."""
    table = bi.Decisions.from_probabilities(some_process(3, NUM_PLACES, 3), states=[f"s{k}" for k in range(NUM_PLACES)])
    agent = bi.optimize(table, table.by_state(jnp.asarray(PAID)), 1.0, np.full(3, 1 / 3))
    walk = bi.simulate(agent, 20_000, random.key(0))
    fit = bi.infer("place", table, walk, np.full(3, 1 / 3), method=bi.Laplace(200), key=0)
    return table, agent, walk, fit


def test_a_reward_at_two_places_comes_back(laboratory):
    table, _, walk, fit = laboratory
    assert bi.passed(fit), bi.verdict(fit)
    draws = fit["posterior"]["reward_at"].stack(sample=("chain", "draw")).transpose("place", "sample")
    weights = walk.counts().table.sum(axis=1) / walk.num_updates
    truth = PAID - weights @ PAID
    z = (draws.values.mean(axis=1) - truth) / draws.values.std(axis=1)
    assert 0.6 < np.sqrt((z**2).mean()) < 1.4
    best = draws["place"].values[draws.values.mean(axis=1).argsort()[-2:]]
    assert set(best) == {"s7", "s11"} and len(table.unidentified(by_state=True)) == 0


def test_habits_that_the_reward_cannot_know_are_found(laboratory):
    """An agent that often does again what it just did."""
    table, _, walk, _ = laboratory
    move, rng = walk.move.copy(), np.random.default_rng(0)
    again = rng.random(len(move)) < 0.1
    again[0] = False
    for step in np.flatnonzero(again):
        move[step] = move[step - 1]
    wrong = bi.Trajectory.from_arrays(walk.place, move, NUM_PLACES, 3)
    fit = bi.infer("place", table, wrong, np.full(3, 1 / 3), method=bi.Laplace(200), key=0)
    assert not bi.passed(fit) and "depend on the choice before" in bi.verdict(fit)


def test_a_changed_table_is_predicted_and_scored(laboratory):
    """A way to the place that pays best is closed."""
    table, agent, _, fit = laboratory
    process = np.asarray(table.world_move).reshape(NUM_PLACES, 3, NUM_PLACES).copy()
    process[:, :, 0] += process[:, :, 7]
    process[:, :, 7] = 0
    changed = bi.Decisions.from_probabilities(process, states=table.states)
    predicted = bi.adapt(fit, changed, num_draws=30)["predictions"]
    assert predicted.attrs["change"] == "other moves of the world"
    after = bi.optimize(changed, agent.reward, 1.0, np.full(3, 1 / 3))
    shares = predicted["place_probability"].mean(["chain", "draw"])
    np.testing.assert_allclose(shares.sel(circuit="changed"), after.place_probability, atol=0.01)
    assert np.abs(after.place_probability - agent.place_probability).max() > 0.05
    held = bi.score(fit, changed, bi.simulate(after, 5_000, random.key(1)), num_draws=30)
    assert float(held["difference"].sel(claim="adapted")) > 4 * float(held["difference_se"].sel(claim="adapted"))


def test_a_table_survives_a_file(laboratory, tmp_path):
    table, _, _, fit = laboratory
    save_tree(fit, tmp_path / "fit.nc")
    again = bi.recorded(load_tree(tmp_path / "fit.nc"))
    assert (again.states, again.actions) == (table.states, table.actions)
    np.testing.assert_array_equal(again.next_state, table.next_state)
    np.testing.assert_array_equal(again.world_move, table.world_move)


def test_what_has_no_floor_is_not_drawn_as_a_maze(laboratory):
    _, agent, _, fit = laboratory
    for draw in (
        lambda: bi.plots.walk({"agent": agent}),
        lambda: bi.plots.place_reward(fit),
        lambda: bi.plots.walk(bi.adapt(fit, bi.recorded(fit), num_draws=2)),
    ):
        with pytest.raises(bi.InputError, match=r"(a maze, whose places lie on a grid|axes .* Fit a maze first)"):
            draw()


def test_changes_are_told_in_words():
    table = some_table(0)
    next_state = np.asarray(table.next_state).copy()
    next_state[0, 1], next_state[1, 2], next_state[4, 2] = (next_state[0, 1] + 1) % 7, 0, NEVER
    after = bi.Decisions(next_state, table.world_move, actions=table.actions)
    assert table.describe_change(after) == [
        "1 move to other places",
        "1 move more that can be made",
        "1 move that cannot be made any more",
    ]
    assert table.describe_change(table) == []


def test_stretches_do_not_follow_each_other():
    walk = bi.Trajectory.from_arrays([0, 1, 0, 1], [0, 0, 1, 1], 2, 2, stretch=["b", "b", "a", "a"])
    assert walk.counts().in_order.part.tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: bi.Decisions([[0.5, 1], [0, 1]]), "next_state: expected whole numbers"),
        (lambda: bi.Decisions([[1, 2], [0, 1]]), "next_state: expected numbers of places, got 0 to 2"),
        (lambda: bi.Decisions([[1, 0], [NEVER, NEVER]]), "some move can be made anywhere"),
        (lambda: bi.Decisions([[0, 0], [1, 1]]), "expected one set of places in which the agent ends up, got 2"),
        (lambda: bi.Decisions([[1], [0]], [[0.5, 0.4], [0, 1]]), "world_move: expected rows of probabilities"),
        (lambda: bi.Decisions([[1], [0]], [[1, 0]]), "world_move: expected a row for each of 2 places, got 1"),
        (lambda: bi.Decisions.from_probabilities(np.ones((2, 1, 3))), "transition: expected shape"),
        (lambda: bi.Trajectory.from_arrays([0, 1], [0, 1], 2, 2, stretch=[0]), "give one move per stretch"),
        (lambda: some_table(0).observe(bi.Trajectory.from_arrays([1], [2], 7, 3), "neuron"), "'right' at place 1"),
        (lambda: some_table(0).observe(bi.Trajectory.from_arrays([1], [2], 7), "neuron"), "the decision table has 3"),
        (lambda: bi.optimize(some_table(0), np.zeros((1, 7)), 1.0, np.full((7, 3), 0.5)), "probabilities that sum"),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(bi.InputError) as refusal:
        make()
    assert message in str(refusal.value)


def test_a_walk_of_one_move_alone_is_fitted():
    walk = bi.Trajectory.from_arrays([0, 1] * 50, [0] * 100, 2, 2)
    fit = bi.infer("place", bi.Decisions([[1, 0], [0, 1]]), walk, method=bi.Laplace(100), key=0)
    assert fit["posterior"].sizes["place"] == 2


@pytest.mark.parametrize("baseline", ["history", "neurn"])
def test_a_baseline_that_a_table_does_not_have_is_refused(baseline):
    walk = bi.Trajectory.from_arrays([0, 1] * 50, [0, 1] * 50, 2, 2)
    with pytest.raises(bi.InputError, match="baseline: expected one of"):
        bi.infer("place", bi.Decisions([[1, 0], [0, 1]]), walk, baseline, bi.Laplace(100), key=0)
