"""Cognitive tasks against the numbers of their papers, closed forms, and trials worked out by hand."""

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array, random
from scipy import stats

from bayes_irl import DataWarning, InputError, tasks
from bayes_irl.tasks import Exponential, Outcomes, Trial, Uniform, make

inf = np.inf
# Song, Yang & Wang 2017: noise, discount time, number of conditions, criterion, and epochs as (shortest, scale,
# longest) in ms; the scale is an exponential's mean before it was cut, and None says that it is not one.
FACTS = {
    "perceptual_decision": (0.01, inf, 10, 0.80, {"fixation": 750, "stimulus": (80, 330, 1500), "decision": 500}),
    "reaction_time": (0.015, 10_000, 12, 0.80, {"fixation": 750, "stimulus": 2000}),
    "context_integration": (
        0.02,
        inf,
        72,
        0.85,
        {"fixation": 750, "stimulus": 750, "delay": (300, 300, 1500), "decision": 500},
    ),
    "multisensory": (0.021, inf, 24, 0.82, {"fixation": 750, "stimulus": 1000, "decision": 500}),
    "working_memory": (
        0.001,
        inf,
        10,
        0.97,
        {"fixation": 750, "f1": 500, "delay": (2700, None, 3300), "f2": 500, "decision": 500},
    ),
    "wager": (
        0.01,
        inf,
        24,
        0.79,
        {
            "fixation": 750,
            "stimulus": (100, 180, 900),
            "delay": (500, 575, 750),
            "sure": (1200, 1350, 1800),
            "decision": 500,
        },
    ),
    "economic_choice": (0.001, inf, 18, 0.95, {"fixation": 750, "offer": (1000, None, 2000), "decision": 750}),
    "economic_choice_4.1": (0.001, inf, 20, 0.95, {"fixation": 750, "offer": (1000, None, 2000), "decision": 750}),
}
TASKS = {name: make(name) for name in tasks.NAMES}
EACH = pytest.mark.parametrize("name", tasks.NAMES)

# A condition, what it shows in each epoch, which of that is noisy, and what each action but to wait earns: by hand.
HIGH, LOW = 1.128 / 2, 0.872 / 2  # (1 ± 12.8 %)/2
TRIALS = {
    "perceptual_decision": (
        {"direction": 1, "coherence": 12.8},
        [[1, 0, 0], [1, LOW, HIGH], [0, 0, 0]],
        {1: ("left", "right")},
        [0, 1],
    ),
    "reaction_time": (
        {"direction": -1, "coherence": 12.8},
        [[1, 0, 0], [0, HIGH, LOW]],
        {1: ("left", "right")},
        [1, 0],
    ),
    "context_integration": (
        {
            "context": 1,
            "motion_direction": -1,
            "motion_coherence": 50,
            "color_direction": 1,
            "color_coherence": 15,
        },
        [[0, 1, 0, 0, 0, 0], [0, 1, 0.75, 0.25, 0.425, 0.575], [0, 1, 0, 0, 0, 0], [0] * 6],
        {1: ("motion_left", "motion_right", "color_left", "color_right")},
        [0, 1],
    ),
    "multisensory": (  # (16 − 2)/(23 − 2) = 2/3
        {"modality": 1, "rate": 16},
        [[1, 0, 0, 0, 0], [1, 0, 0, 5 / 6, 1 / 6], [0] * 5],
        {1: ("auditory+", "auditory-")},
        [0, 1],
    ),
    "working_memory": (  # (34 − 10)/(34 − 10) = 1, (26 − 10)/(34 − 10) = 2/3
        {"f1": 34, "f2": 26},
        [[1, 0, 0], [1, 1, 0], [1, 0, 0], [1, 5 / 6, 1 / 6], [0, 0, 0]],
        {1: ("f+", "f-"), 3: ("f+", "f-")},
        [1, 0],
    ),
    "wager": (
        {"wager": 1, "direction": 1, "coherence": 12.8},
        [[1, 0, 0, 0], [1, LOW, HIGH, 0], [1, 0, 0, 0], [1, 0, 0, 1], [0, 0, 0, 1]],
        {1: ("left", "right")},
        [0, 1, 0.7],
    ),
    "economic_choice": (  # 3 B on the left against 1 A on the right, worth 2.2 B
        {"juice_left": 1, "num_b": 3, "num_a": 1},
        [[1, 0, 0, 0, 0, 0, 0], [1, 0, 1, 1, 0, 0.6, 0.2], [0] * 7],
        {1: ("num_left", "num_right")},
        [0.3, 0.22],
    ),
    "economic_choice_4.1": (  # 10 B on the right against 1 A on the left, worth 4.1 B
        {"juice_left": 0, "num_b": 10, "num_a": 1},
        [[1, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 1, 0.2, 2.0], [0] * 7],
        {1: ("num_left", "num_right")},
        [0.41, 1.0],
    ),
}


def bounds(facts) -> tuple:
    return facts if isinstance(facts, tuple) else (facts, None, facts)


def row_of(task, condition) -> int:
    matches = np.all([task.conditions[name] == value for name, value in condition.items()], axis=0)
    assert condition.keys() == task.conditions.keys() and matches.sum() == 1
    return int(matches.argmax())


@cache
def ends_of(name, dt=1.0) -> np.ndarray:
    """Steps before which the epochs of 4000 trials of the first condition end: int[num_trials, num_epochs]."""
    task = make(name, dt=dt)
    draw = jax.jit(jax.vmap(lambda key: task.draw(key, jnp.asarray(0)).ends))
    return np.asarray(draw(random.split(random.key(0), 4000)))


@cache
def draw_at_20_ms(name) -> Callable[[Array, int], Trial]:
    """Draws a trial for every key, all of one condition."""
    return jax.jit(jax.vmap(make(name, dt=20.0).draw, (0, None)))


def by_hand(ends, payoff) -> Trial:
    ends, payoff = jnp.array(ends), jnp.array(payoff, jnp.float32)
    return Trial(jnp.zeros((int(ends[-1]), 3)), ends, payoff, payoff.argmax(), jnp.asarray(0))


@EACH
def test_constants_are_those_of_the_paper(name):
    task = TASKS[name]
    noise, discount_time, num_conditions, _, epochs = FACTS[name]
    assert (task.dt, task.aborted, task.noise, task.discount_time) == (10, -1, noise, discount_time)
    assert task.num_conditions == num_conditions
    found = {}
    for epoch in task.epochs:
        lasts = epoch.duration
        found[epoch.name] = (lasts.shortest, getattr(lasts, "scale", None), lasts.longest)
    assert found == {epoch: bounds(facts) for epoch, facts in epochs.items()}


def test_conditions_are_those_of_the_papers():
    levels = {name: {k: set(v) for k, v in task.conditions.items()} for name, task in TASKS.items()}
    six = {0, 3.2, 6.4, 12.8, 25.6, 51.2}
    assert levels["perceptual_decision"]["coherence"] == six - {3.2}
    assert levels["reaction_time"]["coherence"] == levels["wager"]["coherence"] == six
    assert levels["context_integration"]["color_coherence"] == {5, 15, 50}
    assert levels["multisensory"]["rate"] == set(range(9, 17))
    memory = TASKS["working_memory"].conditions
    assert set(np.abs(memory["f1"] - memory["f2"])) == {8} and sorted(memory["f1"]) == sorted(memory["f2"])
    ratios = {name: TASKS[name].relative_value for name in ("economic_choice", "economic_choice_4.1")}
    assert ratios == {"economic_choice": 2.2, "economic_choice_4.1": 4.1}
    for name, ratio in ratios.items():  # no ties, and offers on both sides of indifference
        offers = TASKS[name].conditions
        worth = offers["num_a"] * ratio - offers["num_b"]
        assert np.abs(worth).min() > 0.05 and (worth > 0).any() and (worth < 0).any()


@EACH
def test_trials_show_and_pay_what_was_worked_out_by_hand(name):
    task = TASKS[name]
    condition, rows, noisy, rewards = TRIALS[name]
    index = row_of(task, condition)
    trials = draw_at_20_ms(name)(random.split(random.key(0), 200), index)
    epoch = (np.arange(trials.inputs.shape[1])[None, :, None] >= np.asarray(trials.ends)[:, None, :]).sum(axis=2)
    silence = np.zeros_like(rows[:1])
    noise = np.asarray(trials.inputs) - np.concatenate([rows, silence])[epoch]
    for number in range(len(rows) + 1):
        for channel, channel_name in enumerate(task.inputs):
            values = noise[..., channel][epoch == number]
            if channel_name in noisy.get(number, ()):
                std = np.sqrt(2 * 100 * FACTS[name][0] / 20)
                assert values.std() == pytest.approx(std, rel=5 / np.sqrt(2 * values.size))
                assert abs(values.mean()) < 4 * std / np.sqrt(values.size)
            else:
                np.testing.assert_allclose(values, 0, atol=1e-6)
    np.testing.assert_allclose(task.payoffs()[index], rewards, rtol=1e-6)
    assert (trials.correct == 1 + np.argmax(rewards[:2])).all() and (trials.condition == index).all()
    assert len(task.inputs) == len(rows[0]) and len(task.actions) == 1 + len(rewards)


def test_context_picks_the_evidence_that_pays():
    task = TASKS["context_integration"]
    where, table = task.payoffs(), task.conditions
    relevant = np.where(table["context"] == 0, table["motion_direction"], table["color_direction"])
    np.testing.assert_array_equal(where, np.stack([relevant < 0, relevant > 0], axis=1))


def test_the_senses_reach_a_third_of_the_units_each_and_the_boundary_divides_the_rates():
    task = TASKS["multisensory"]
    units = np.arange(150) / 150
    thirds = {name: (low <= units) & (units < high) for name, (low, high) in task.read_by.items()}
    assert set(thirds) == set(task.inputs) - {"fixation"}
    assert thirds["visual+"].tolist() == thirds["visual-"].tolist() == [True] * 50 + [False] * 100
    assert thirds["auditory+"].tolist() == thirds["auditory-"].tolist() == [False] * 100 + [True] * 50
    np.testing.assert_array_equal(task.payoffs()[:, 1] == 1, task.conditions["rate"] > 12.5)
    assert not any(TASKS[name].read_by for name in tasks.NAMES if name != "multisensory")


def test_a_sure_target_that_is_not_offered_is_not_seen_and_costs():
    plain = row_of(TASKS["wager"], {"wager": 0, "direction": 1, "coherence": 0})
    trials = draw_at_20_ms("wager")(random.split(random.key(0), 200), plain)
    assert not trials.inputs[..., 3].any()
    assert make("wager", not_offered=-2.0).payoffs()[plain].tolist() == [0, 1, -2]


def test_the_sure_target_comes_during_a_delay_that_keeps_its_own_distribution():
    ends = ends_of("wager")
    onset, delay = ends[:, 2] - ends[:, 1], ends[:, 3] - ends[:, 1]
    assert stats.kstest(onset, stats.truncexpon(b=250 / 575, loc=500, scale=575).cdf).pvalue > 0.01
    assert stats.kstest(delay, stats.truncexpon(b=600 / 1350, loc=1200, scale=1350).cdf).pvalue > 0.01
    assert abs(np.corrcoef(onset, delay)[0, 1]) < 0.06
    assert (ends[:, 4] - ends[:, 3] == 500).all()


@EACH
def test_epochs_last_as_long_as_they_should_on_average(name):
    ends = np.c_[np.zeros(4000, int), ends_of(name)]
    for column, (epoch, facts) in enumerate(FACTS[name][4].items(), start=1):
        shortest, scale, longest = bounds(facts)
        lasted = ends[:, column] - ends[:, 2 if epoch == "sure" else column - 1]
        assert shortest <= lasted.min() and lasted.max() <= longest
        if scale is None:
            expected, spread = (shortest + longest) / 2, (longest - shortest) / np.sqrt(12)
        else:
            span = longest - shortest
            expected = shortest + scale - span * np.exp(-span / scale) / -np.expm1(-span / scale)
            spread = scale
        assert abs(lasted.mean() - expected) <= 4 * spread / np.sqrt(4000)


def test_the_end_of_an_exponential_epoch_cannot_be_predicted():
    lasted = np.asarray(jax.vmap(Exponential(80.0, 330.0, 1500.0).draw)(random.split(random.key(2), 20_000)))
    edges = np.arange(80, 600, 50)
    left = (lasted[:, None] > edges).sum(axis=0)
    hazard = 1 - left[1:] / left[:-1]
    survival = np.exp(-(edges - 80) / 330) - np.exp(-1420 / 330)
    np.testing.assert_allclose(hazard, 1 - survival[1:] / survival[:-1], atol=0.02)
    np.testing.assert_allclose(hazard, 1 - np.exp(-50 / 330), atol=0.03)


@pytest.mark.parametrize("dt", [10.0, 20.0, 50.0])
def test_durations_in_ms_do_not_depend_on_the_step(dt):
    rounded = ends_of("wager", dt) * dt  # up to four drawn or odd epochs, each to the nearest step
    np.testing.assert_allclose(rounded, ends_of("wager"), atol=4 * (dt / 2 + 0.5))
    assert abs((rounded - ends_of("wager"))[:, -1].mean()) < dt


def test_one_step_at_a_time_is_the_same_trial():
    task = make("reaction_time", dt=50.0)
    actions = random.choice(random.key(5), 3, (20, task.num_steps), p=jnp.array([0.98, 0.01, 0.01]))

    def walk(key, actions):
        state, first = task.reset(key)
        state, (inputs, reward, ended) = jax.lax.scan(
            lambda state, action: (lambda new, *rest: (new, rest))(*task.step(state, action)), state, actions
        )
        return state.trial, jnp.concatenate([first[None], inputs[:-1]]), reward, ended

    keys = random.split(random.key(6), 20)
    trial, inputs, reward, ended = jax.jit(jax.vmap(walk))(keys, actions)

    def at_once(key, condition, actions):
        trial = task.draw(random.split(key)[0], condition)
        return trial.inputs, *jax.vmap(task.outcome, (None, 0, 0))(trial, jnp.arange(task.num_steps), actions)

    whole = jax.jit(jax.vmap(at_once))(keys, trial.condition, actions)
    np.testing.assert_allclose(inputs, whole[0], atol=1e-6)
    np.testing.assert_allclose(reward, whole[1], rtol=1e-6)
    np.testing.assert_array_equal(ended, whole[2])
    assert len(set(trial.condition.tolist())) > 5


def test_rewards_of_early_right_wrong_and_missing_answers():
    task = make("perceptual_decision", correct=2.0, wrong=-0.5, aborted=-3.0)
    assert task.payoffs()[-1].tolist() == [-0.5, 2]
    opens, last = 100, 149
    trial = by_hand([75, opens, last + 1], [0, -0.5, 2])
    result = partial(jax.jit(task.outcome), trial)
    assert result(opens - 1, 2) == (-3, True)  # right, but too early
    assert result(opens, 2) == (2, True) and result(last, 2) == (2, True)
    assert result(opens, 1) == (-0.5, True)
    assert result(opens, 0) == (0, False) and result(last - 1, 0) == (0, False)
    assert result(last, 0) == (-3, True)


def test_only_in_the_reaction_time_task_do_rewards_lose_worth_with_time():
    result = partial(jax.jit(make("reaction_time").outcome), by_hand([75, 275], [0, 1, 0]))
    for step, action, worth in [(74, 1, -np.exp(-0.074)), (75, 1, np.exp(-0.075)), (274, 0, -np.exp(-0.274))]:
        reward, ended = result(step, action)
        assert ended and float(reward) == pytest.approx(worth, rel=1e-6)
    assert {name for name in tasks.NAMES if TASKS[name].discount_time < inf} == {"reaction_time"}


def chosen(action, answered, correct, condition=None) -> Outcomes:
    condition = np.zeros(len(action), int) if condition is None else condition
    return Outcomes(*map(jnp.asarray, (condition, action, answered, correct)), jnp.zeros(len(action)))


@pytest.mark.parametrize("name", [name for name in tasks.NAMES if name != "wager"])
def test_a_criterion_holds_at_its_edge_and_not_below(name):
    task, share = TASKS[name], FACTS[name][3]

    def meets(num_answered, num_correct):
        trials = np.arange(10_000)
        return task.criterion(chosen(1 * (trials < num_answered), trials < num_answered, trials < num_correct))

    assert meets(10_000, round(share * 10_000)) and not meets(10_000, round(share * 10_000) - 1)
    assert meets(9_900, 9_900) and not meets(9_899, 9_899)
    assert meets(9_900, round(share * 9_900))  # a share of answers, not of trials
    assert not meets(0, 0)


def test_an_ideal_observer_meets_the_criterion():
    """It sums the difference of two channels: drift c per ms against noise of variance 2σ² per ms, σ² = 2 · 100 · s."""

    def share(name, evidence, milliseconds=1000.0, channels=2):
        z = np.outer(evidence, np.sqrt(milliseconds)) / np.sqrt(channels * 200 * TASKS[name].noise)
        return stats.norm.cdf(z).mean()

    viewed = np.asarray(jax.vmap(TASKS["perceptual_decision"].stimulus.draw)(random.split(random.key(3), 20_000)))
    assert share("perceptual_decision", np.array([0, 6.4, 12.8, 25.6, 51.2]) / 100, viewed) > 0.80
    assert share("reaction_time", np.array([0, 3.2, 6.4, 12.8, 25.6, 51.2]) / 100, 2000.0) > 0.80
    assert share("context_integration", np.array([5, 15, 50]) / 100, 750.0) > 0.85
    beyond = np.array([0.5, 1.5, 2.5, 3.5]) / 21  # of the boundary, in the units of the input
    one, both = share("multisensory", beyond), share("multisensory", beyond, channels=1)
    assert both > one + 0.04 and (2 * one + both) / 3 > 0.82
    assert (2 * one + both) / 3 == pytest.approx(0.831, abs=5e-4)  # as docs/training.md says


def test_the_criterion_of_the_wager():
    task = TASKS["wager"]
    offer = row_of(task, {"wager": 1, "direction": 1, "coherence": 0})
    plain = row_of(task, {"wager": 0, "direction": 1, "coherence": 0})

    def meets(taken, correct=790, missing=0, grabbed=0):
        """1000 trials with an offer, of which `taken` are; 1000 without: of these last, some are not answered.

        Of every thousand directions that are chosen, `correct` are.
        """
        action = np.r_[np.full(taken, 3), np.full(2000 - taken, 2)]
        action[2000 - missing :] = 0
        action[1000 : 1000 + grabbed] = 3
        directed = np.flatnonzero(action == 2)
        right = np.zeros(2000, bool)
        right[directed[: int(np.ceil(len(directed) * correct / 1000))]] = True
        return task.criterion(chosen(action, action > 0, right, np.repeat([offer, plain], 1000)))

    assert meets(500) and not meets(501)
    assert meets(401) and not meets(400)
    assert not meets(450, correct=789)
    assert meets(450, missing=20) and not meets(450, missing=21)
    assert not meets(450, grabbed=21)  # a sure target that is not there is no answer
    assert not meets(0, missing=2000)


@pytest.mark.filterwarnings("default")
def test_rewards_that_make_silence_optimal_are_warned_about():
    with pytest.warns(
        DataWarning, match="Never answering is optimal: it earns 1.5, and perfect answers earn 1 on average"
    ):
        make("perceptual_decision", aborted=1.5)
    with pytest.warns(DataWarning, match="Never answering is optimal"):
        make("economic_choice", reward_b=-2.0)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: make("go_nogo"), "task: expected one of 'perceptual_decision', 'reaction_time'"),
        (lambda: make("wager", shure=0.5), "option of wager: expected one of 'dt', 'correct', 'wrong', 'sure'"),
        (lambda: make("economic_choice_4.1", correct=1.0), "option of economic_choice_4.1: expected one of 'dt'"),
        (
            lambda: make("perceptual_decision", dt=100.0),
            "dt: expected a step no longer than the epoch 'stimulus', got 100",
        ),
        (lambda: make("perceptual_decision", dt=0.0), "dt: expected a finite number above 0"),
        (
            lambda: make("wager", sure_onset=Uniform(500.0, 1195.0)),
            "no longer than the epoch 'sure', got 10 ms against 5",
        ),
        (lambda: make("wager", sure_onset=Uniform(500.0, 1200.0)), "sure: expected a duration above 0 ms"),
        (lambda: make("working_memory", delay=Uniform(3.0, 2.0)), "delay: expected a duration above 0 ms"),
        (lambda: make("multisensory", noise=-1.0), "noise: expected a finite number, not below 0"),
        (lambda: make("wager", sure=np.nan), "rewards: expected finite numbers"),
        (lambda: make("wager", aborted=-np.inf), "aborted: expected finite numbers"),
        (lambda: make("reaction_time", discount_time=0.0), "discount_time: expected a finite number above 0"),
        (lambda: make("reaction_time", coherences=()), "conditions: expected at least one"),
        (lambda: Exponential(100.0, 0.0, 200.0), "scale: expected a finite number above 0"),
    ],
)
def test_bad_input_is_refused(ask, message):
    with pytest.raises(InputError) as refusal:
        ask()
    assert message in str(refusal.value)


def test_names_make_tasks_and_labels_name_every_level():
    assert len(tasks.NAMES) == 8
    for name, task in TASKS.items():
        assert name.startswith(task.name) and task.actions[0] == "fixate"
        for column, words in task.labels.items():
            assert set(task.conditions[column]) == set(words)


def test_evidence_speaks_for_the_answer_that_pays():
    for name, task in TASKS.items():
        earns = dict(zip(task.actions[1:], task.payoffs().T, strict=True))
        for number, (kind, evidence) in enumerate(task.evidence.items()):
            counts = task.conditions["context"] == number if name == "context_integration" else True
            threshold = 12.5 if kind == "rate" else 0.0
            favoured = earns[evidence.favours]
            assert set(favoured[counts & (evidence.values > threshold)]) == {1}
            assert set(favoured[counts & (evidence.values < threshold)]) == {0}
    motion = TASKS["wager"].evidence["motion"]
    row = row_of(TASKS["wager"], {"wager": 1, "direction": -1, "coherence": 12.8})
    assert (motion.values[row], motion.units, motion.favours) == (-12.8, "% coherence", "right")
    assert {name for name, task in TASKS.items() if not task.evidence} == {"economic_choice", "economic_choice_4.1"}


def test_the_sure_target_alone_is_a_sure_bet():
    kinds = {name: task.action_kinds for name, task in TASKS.items()}
    assert kinds.pop("wager") == ("wait", "decision", "decision", "sure bet")
    assert set(kinds.values()) == {("wait", "decision", "decision")}


def test_trials_are_the_same_in_either_precision():
    keys = random.split(random.key(0), 200)
    double = draw_at_20_ms("wager")(keys, 3)
    with jax.enable_x64(False):
        single = draw_at_20_ms("wager")(keys, 3)
    assert double.inputs.dtype == double.payoff.dtype == jnp.float32
    assert TASKS["wager"].outcome(by_hand([1, 2], [0, 1]), jnp.asarray(1), jnp.asarray(1))[0].dtype == jnp.float32
    np.testing.assert_array_equal(double.ends, single.ends)
    np.testing.assert_allclose(double.inputs, single.inputs, atol=1e-6)
