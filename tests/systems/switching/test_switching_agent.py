"""One agent whose reward switches: against a larger table, sums over paths, and known truth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

import bayes_irl as bi
from bayes_irl._checks import InputError
from bayes_irl.inference.fit import Fit
from bayes_irl.systems.switching.model_checks import check_steps

SIZE = 6
NEXT = (np.arange(SIZE)[:, None] + [1, -2, 3]) % SIZE
TABLE = bi.Decisions(NEXT, 0.9 * np.eye(SIZE) + 0.1 / SIZE)
AGENT = bi.SwitchingAgent(TABLE, 2)
P = np.array([0.5, 0.3, 0.2])
S = np.array([[0.97, 0.03], [0.05, 0.95]])
REWARD = np.random.default_rng(0).normal(0, 1, (2, SIZE))
TRUTH = bi.ContextReward(REWARD, S)


@pytest.fixture(scope="module")
def walk():
    return AGENT.draw(bi.optimize(AGENT, TRUTH, 1.0, P), 8_000, jax.random.key(0))


@pytest.fixture(scope="module")
def fit(walk):
    return bi.infer("place_by_context", AGENT, walk[0], P, bi.Laplace(100), key=0)


def test_contexts_are_places_of_a_larger_table():
    """In a table of pairs (context, place), whose world moves the context, answers and values are the same."""
    pairs = np.concatenate([TABLE.next_state, TABLE.next_state + SIZE])
    larger = bi.Decisions(pairs, np.kron(S, np.asarray(TABLE.world_move)))
    walker = bi.optimize(larger, REWARD.reshape(1, -1), 1.0, P)
    optimum = bi.optimize(AGENT, TRUTH, 1.0, P)
    np.testing.assert_allclose(
        np.asarray(optimum.policy[0]).reshape(3, -1), np.asarray(walker.move_probability), atol=1e-9
    )
    assert float(optimum.objective) == pytest.approx(float(walker.objective), abs=1e-9)
    np.testing.assert_allclose(np.ravel(optimum.occupancy), np.ravel(walker.occupancy), atol=1e-9)


def test_without_foresight_each_context_is_planned_alone():
    optimum = bi.optimize(bi.SwitchingAgent(TABLE, 2, foresees=False), TRUTH, 1.0, P)
    for context in range(2):
        alone = bi.optimize(TABLE, REWARD[context][None], 1.0, P)
        np.testing.assert_allclose(optimum.policy[0][:, context], alone.move_probability, atol=1e-9)
    foreseen = bi.optimize(AGENT, TRUTH, 1.0, P)
    assert np.abs(np.asarray(optimum.policy[0] - foreseen.policy[0])).max() > 0.005
    assert float(foreseen.objective) > float(optimum.objective)  # foresight pays


def test_the_likelihood_is_that_of_a_hidden_markov_chain(walk):
    moves = walk[0]
    stretch = np.arange(8_000) // 3_000
    observed = AGENT.observe(bi.Trajectory.from_arrays(moves.place, moves.move, SIZE, 3, stretch), P)
    policy = np.asarray(bi.optimize(AGENT, TRUTH, 1.0, P).policy[0])
    share = np.array([5, 3]) / 8  # of S
    for number, found in enumerate(np.asarray(AGENT.log_probs(TRUTH, observed)[0])):
        mine, alpha, evidence = np.flatnonzero(stretch == number), share, 0.0
        for t in mine:
            alpha = (alpha @ S) * policy[moves.move[t], :, moves.place[t]]
            evidence, alpha = evidence + np.log(alpha.sum()), alpha / alpha.sum()
        np.testing.assert_allclose(found, [evidence, 0.0], atol=1e-8)


def test_walks_visit_places_and_contexts_as_often_as_predicted(walk):
    optimum = bi.optimize(AGENT, TRUTH, 1.0, P)
    predicted = AGENT.predict(optimum)
    made, context = walk
    assert context.mean() == pytest.approx(3 / 8, abs=0.06)
    after = np.asarray(TABLE.next_state)[made.place, made.move]
    visits = np.bincount(context * SIZE + after, minlength=2 * SIZE).reshape(2, SIZE) / 8_000
    np.testing.assert_allclose(
        visits, predicted["place_probability"] * predicted["context_share"].values[:, None], atol=0.04
    )


def test_contexts_and_rewards_come_back(walk, fit):
    probability = fit["contexts"]["probability"].values
    order = [0, 1] if ((probability.argmax(axis=1) == walk[1]).mean() > 0.5) else [1, 0]
    right = (probability[:, order].argmax(axis=1) == walk[1]).mean()
    (best,) = AGENT.contexts(AGENT.observe(walk[0], P), [jax.tree.map(jnp.asarray, TRUTH)])
    assert right > (best.argmax(axis=1) == walk[1]).mean() - 0.02 > 0.8
    weights = walk[0].counts().table.sum(axis=1) / 8_000
    truth = REWARD - (REWARD @ weights)[:, None]
    drawn = fit["posterior"]["reward_at"].values[0][:, order]
    z = (drawn.mean(axis=0) - truth) / drawn.std(axis=0)
    assert np.sqrt((z**2).mean()) < 1.6 and np.abs(truth).max() > 5 * drawn.std(axis=0).max()
    assert Fit(fit).model_passed
    assert fit["gate"].to_dataset()["passed"].sel(check="draws in which contexts exchange names")


def test_a_fit_without_contexts_is_refuted_and_predicts_worse(walk, fit):
    """The planted wrong model: one reward, where two take turns."""
    plain = bi.infer("place", TABLE, walk[0], P, bi.Laplace(100), key=0)
    assert not Fit(plain).model_passed
    other = AGENT.draw(bi.optimize(AGENT, TRUTH, 1.0, P), 4_000, jax.random.key(1))[0]
    two, one = (float(bi.score({"it": each}, Fit(each).system, other)["score"].values[0]) for each in (fit, plain))
    assert two > one + 50


def test_two_contexts_where_there_are_three_are_refuted():
    three = bi.SwitchingAgent(TABLE, 3)
    reward = np.eye(3, SIZE, k=1) * 3 - np.eye(3, SIZE, k=3) * 2
    moves = np.full((3, 3), 0.005) + 0.985 * np.eye(3)
    optimum = bi.optimize(three, bi.ContextReward(reward, moves), 1.0, P)
    fewer = bi.infer(
        "place_by_context", AGENT, three.draw(optimum, 8_000, jax.random.key(2))[0], P, bi.Laplace(100), key=0
    )
    checks = fewer["model_checks"].to_dataset()
    assert not Fit(fewer).model_passed and float(checks["p_value"].sel(check="contexts")) < 1e-3


def test_predictions_of_the_unchanged_system_do_not_change(fit):
    predicted = bi.adapt(fit, AGENT, num_draws=5)["predictions"]
    moves = predicted["move_probability"]
    np.testing.assert_allclose(moves.sel(circuit="changed"), moves.sel(circuit="unchanged"), atol=1e-12)
    other = bi.SwitchingAgent(bi.Decisions(np.asarray(TABLE.next_state)[:, ::-1], TABLE.world_move), 2)
    assert bi.adapt(fit, other, num_draws=5)["predictions"].attrs["change"] == "12 moves to other places"


def test_a_tree_keeps_the_system(fit, tmp_path):
    fit.to_netcdf(tmp_path / "fit.nc")
    again = xr.open_datatree(tmp_path / "fit.nc")
    system = Fit(again).system
    assert (system.num_contexts, system.foresees, str(system)) == (2, True, str(AGENT))
    np.testing.assert_array_equal(system.table.next_state, TABLE.next_state)
    np.testing.assert_allclose(Fit(again).reward_at_mode.switching.sum(axis=1), 1.0, atol=1e-12)


def test_pictures_refuse_what_does_not_belong_to_the_fit(walk, fit):
    for truth in (np.full(8_000, 5), np.full(8_000, "a"), walk[1][:10]):
        with pytest.raises(InputError, match="truth"):
            bi.plots.contexts(fit, walk[0], truth=truth)
    with pytest.raises(InputError, match="recording of the fit"):
        bi.plots.contexts(fit, bi.Trajectory.from_arrays([0, 1], [0, 1], SIZE, 3))
    with pytest.raises(InputError, match="a step of this recording"):
        bi.plots.contexts(fit, start=8_000)


def test_wrong_input_is_refused(walk):
    for number in (1, 7):
        with pytest.raises(InputError, match="num_contexts"):
            bi.SwitchingAgent(TABLE, number)
    with pytest.raises(InputError, match="ContextReward"):
        bi.optimize(AGENT, REWARD, 1.0, P)
    with pytest.raises(InputError, match="numbers, for a switching agent"):
        bi.optimize(AGENT, TRUTH, 1.0)
    with pytest.raises(InputError, match="each of 2 contexts"):
        bi.optimize(AGENT, bi.ContextReward(REWARD, np.eye(3)), 1.0, P)
    counts = walk[0].counts()
    with pytest.raises(InputError, match="in order"):
        AGENT.observe(type(counts)(counts.table), P)
    with pytest.raises(InputError, match="2 contexts, as recorded"):
        AGENT.describe_change(bi.SwitchingAgent(TABLE, 3))
    with pytest.raises(InputError, match="place_by_context fails for a table .*num_contexts"):
        bi.infer("place_by_context", TABLE, walk[0], P, bi.Laplace(), key=0)


@pytest.mark.slow
def test_checks_of_a_right_model_are_uniform():
    """p-values of the true reward: as often below 0.05 and 0.5 as they should be."""
    optimum = bi.optimize(AGENT, TRUTH, 1.0, P)
    p_values = []
    for seed in range(60):
        observed = AGENT.observe(AGENT.draw(optimum, 3_000, jax.random.key(seed))[0], P)
        logs = np.asarray(AGENT.log_outcomes(jax.tree.map(jnp.asarray, TRUTH), observed)[0])
        found = check_steps(observed, [logs, logs], [S, S], AGENT.step_features()).found
        p_values.append([each.p_value for each in found])
    each = np.array(p_values)
    assert [one.name for one in found] == ["fit", "memory", "contexts", "drift"]
    assert ((each < 0.05).sum(axis=0) <= 9).all()  # of 60; more with probability 0.2 % a check
    assert ((each < 0.5).mean(axis=0) > 0.25).all() and ((each < 0.5).mean(axis=0) < 0.75).all()
