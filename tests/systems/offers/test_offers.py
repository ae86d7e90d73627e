"""Offers and choices between two juices: what is accepted, what is counted, what is said."""

import numpy as np
import pytest
from jax import random

import bayes_irl as bi

NUM_A, NUM_B = [1, 1, 2, 0, 3, 1], [2, 2, 1, 1, 0, 2]
SESSIONS = ["mon", "mon", "mon", "tue", "tue", "mon"]


def offers(**columns):
    return bi.Offers.from_arrays(NUM_A, NUM_B, **columns)


def observe(given, chosen):
    return given.observe(chosen, "neuron")


def test_equal_offers_are_counted_together():
    with pytest.warns(bi.DataWarning):
        table = observe(offers(session=SESSIONS), [1, 0, 1, 0, 1, 1])
    counted = {(s, a, b): tuple(row) for s, a, b, row in zip(*_columns(table), table.table, strict=True)}
    assert counted == {(0, 1, 2): (1, 2), (0, 2, 1): (0, 1), (1, 0, 1): (1, 0), (1, 3, 0): (0, 1)}
    assert table.table.sum() == 6


def _columns(table):
    shown = table.shown
    return shown.session.tolist(), shown.num_a.tolist(), shown.num_b.tolist()


def test_sides_and_order_become_signs():
    given = offers(a_left=[1, 0, 1, 0, 1, 0], a_first=[1, 0, -1, -1, 1, 0])
    assert given.a_left.tolist() == [1, -1, 1, -1, 1, -1]
    assert given.a_first.tolist() == [1, -1, 0, 0, 1, -1]
    assert given.kinds == ("simultaneous", "sequential")
    assert offers(a_first=[1, 0, 1, 0, 1, 0]).kinds == ("sequential",)


def test_names_keep_their_order_and_some_trials_keep_all_names():
    given = offers(session=["b", "b", "a", "a", "b", "a"], subject=["J", "J", "G", "G", "J", "G"])
    assert given.session_names == ("b", "a") and given.session.tolist() == [0, 0, 1, 1, 0, 1]
    assert given.subject_names == ("J", "G") and given.subject_of.tolist() == [0, 1]
    some = given.keep(~given.forced)
    assert some.num_trials == 4 and some.session_names == given.session_names
    assert not some.forced.any()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (dict(num_a=[1, -1], num_b=[1, 1]), "num_a: expected whole numbers"),
        (dict(num_a=[1, 1], num_b=[1, 0.5]), "num_b: expected whole numbers"),
        (dict(num_a=[1, 1], num_b=[1]), "num_b: expected one entry for each of the 2 trials"),
        (dict(num_a=[1, 0], num_b=[1, 0]), "something to choose on every trial, got 1 trials without offer"),
        (dict(num_a=[], num_b=[]), "at least one trial"),
        (dict(num_a=[1, 1], num_b=[1, 1], session=["a"]), "session: expected one entry for each"),
        (dict(num_a=[1, 1], num_b=[1, 1], session=[1.5, np.nan]), "session: expected an entry everywhere"),
        (dict(num_a=[1, 1], num_b=[1, 1], session=[[1], [2]]), "session: expected a list of numbers or words"),
        (dict(num_a=[1, 1], num_b=[1, 1], a_left=[1, 2]), "a_left: expected whole numbers between 0 and 1"),
        (dict(num_a=[1, 1], num_b=[1, 1], a_left=[1, -1]), "a_left: expected whole numbers between 0 and 1"),
        (dict(num_a=[1, 1], num_b=[1, 1], a_first=[1, np.nan]), "a_first: expected whole numbers"),
        (dict(num_a=[1, 1], num_b=[1, 1], session=[1, 1], subject=["G", "J"]), "one subject in each session"),
    ],
)
def test_offers_that_are_none_are_refused(arguments, said):
    with pytest.raises(bi.InputError, match=said):
        bi.Offers.from_arrays(**arguments)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ([1, 0, 1], "one choice for each of 6 offers"),
        ([1, 0, 1, 0, 1, 2], "1 for A, 0 for B, and NaN or -1 for no choice, got 2 on trial 5"),
        ([np.nan] * 6, "at least one choice"),
        (["A"] * 6, "an array of numbers"),
    ],
)
def test_choices_that_are_none_are_refused(choices, said):
    with pytest.raises(bi.InputError, match=said):
        observe(offers(), choices)


@pytest.mark.parametrize(
    ("a_first", "kinds"), [([1, 0, -1, -1, 1, 0], [1, 1, 0, 0, 1, 1]), ([1, 0, 1, 0, 1, 0], [0] * 6), (None, [0] * 6)]
)
def test_models_are_told_the_kind_of_every_row(a_first, kinds):
    """Sessions keep every trial a row of its own, in order."""
    given = offers(session=list("abcdef"), a_first=a_first)
    with pytest.warns(bi.DataWarning):
        table = observe(given, [1, 0, 1, 0, 1, 1])
    assert table.shown.kind.tolist() == kinds


def test_missing_choices_are_left_out_and_counted():
    many = bi.Offers.from_arrays(NUM_A * 5, NUM_B * 5)
    with pytest.warns(bi.DataWarning, match="2 trials without choice were left out"):
        table = observe(many, [1, np.nan, 1, -1, 1, 0] + [1] * 24)
    assert table.table.sum() == 28


def test_sessions_that_say_little_are_named():
    many = bi.Offers.from_arrays([1] * 30 + [2], [2] * 30 + [1], session=[1] * 30 + [2])
    with pytest.warns(bi.DataWarning) as said:
        observe(many, [1] * 31)
    words = " ".join(str(each.message) for each in said)
    assert "2 of 2 sessions (1, 2) never varied the ratio of two offers: their relative value comes from" in words
    assert "1 of 2 sessions (2) have fewer than 20 choices" in words


def test_a_baseline_is_refused():
    with pytest.raises(bi.InputError, match="baseline: expected none, for choices"):
        bi.infer(bi.load_model("economic_choice"), offers(), [1, 0, 1, 0, 1, 1], 0.3, key=random.key(0))


def test_the_hash_tells_choices_apart():
    def hashed(chosen):
        with pytest.warns(bi.DataWarning):
            return observe(offers(), chosen).counts.data_hash

    assert hashed([1, 0, 1, 0, 1, 1]) == hashed([0, 1, 1, 0, 1, 1]) != hashed([1, 1, 1, 0, 1, 1])


def test_a_model_of_something_else_is_refused():
    """In words, with the sizes of what it was given."""
    many = bi.Offers.from_arrays(NUM_A * 5, NUM_B * 5)
    with pytest.raises(bi.InputError, match=r"spike_count fails for Offers\(30 trials, 1 sessions, 1 subjects\)"):
        bi.infer(bi.load_model("spike_count"), many, [1, 0, 1, 0, 1, 0] * 5, key=random.key(0))
    circuit = bi.Circuit(2, bi.Stimulus.constant())
    recording = bi.Recording.from_arrays(np.eye(2, dtype=int).repeat(20, axis=0), np.zeros(40, int), bin_width=0.01)
    with pytest.raises(bi.InputError, match="economic_choice fails for 2 neurons, 1 stimuli"):
        bi.infer(bi.load_model("economic_choice"), circuit, recording.snapshots(every=1), key=random.key(0))
