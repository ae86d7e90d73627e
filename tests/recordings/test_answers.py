"""Codings of choices: what may mean one thing or another is asked for, and nothing is thrown away without a word."""

import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl._checks import InputError

NAN = float("nan")


@pytest.mark.parametrize(
    ("choice", "time", "message"),
    [
        ([-1, 1, 1], [0.3, 0.4, 0.5], r"one thing, got \[-1, 1\]. State what each value means: coding="),
        ([-1, 1, 1], None, r"one thing, got \[-1, 1\]"),
        ([1, 2, 1], None, r"one thing, got \[1, 2\]"),
        ([-1, 0, 1], None, "one thing, got -1, 0 and 1"),
        ([-1, 0, 1], [0.3, NAN, 0.5], r"none \(NaN\) on trials without answer, got 0.3 s on trial 0. State"),
        ([0, 1, NAN], [0.3, 0.2, 0.5], "got 0.5 s on trial 2"),
        (["left", "right"], None, "an array of numbers"),
    ],
)
def test_what_may_mean_two_things_is_refused(choice, time, message):
    with pytest.raises(InputError, match=message):
        bi.Answers.from_arrays(choice, time)


@pytest.mark.parametrize(
    ("choice", "coding"),
    [
        ([-1, 1, 0, -1], {-1: "negative", 1: "positive", 0: "none"}),
        ([1, 2, NAN, 1], {1: "negative", 2: "positive"}),
        (["left", "right", "", "left"], {"left": "negative", "right": "positive", "": "none"}),
        (np.array(["l", "r", "-", "l"], object), {"l": "negative", "r": "positive", "-": "none"}),
    ],
)
def test_a_coding_says_what_values_mean(choice, coding):
    answers = bi.Answers.from_arrays(choice, [0.3, 0.4, NAN, 0.5], coding=coding)
    assert answers.choice.tolist() == [0, 1, -1, 0]
    np.testing.assert_array_equal(answers.reaction_time, [0.3, 0.4, NAN, 0.5])
    with pytest.raises(InputError, match=r"values of the coding .*, got .* on trial 0"):
        bi.Answers.from_arrays([9, 1], coding={1: "positive"})
    with pytest.raises(InputError, match="coding: expected one of 'negative', 'positive', 'sure', 'none', got 'up'"):
        bi.Answers.from_arrays([1], coding={1: "up"})


def test_choices_between_offers_are_not_thrown_away():
    offers = bi.Offers.from_arrays([1, 2, 3], [3, 2, 1])
    with pytest.raises(InputError, match=r"-1 and 1. Give 1 for A, 0 for B"):
        offers.observe([-1, 1, -1], "neuron")


def test_sessions_may_be_dates_categories_or_objects():
    days = np.array(["2024-03-02", "2024-03-01", "2024-03-02"], "datetime64[D]")
    for session in (days, days.astype(str), days.astype(str).astype(object), days.astype("S")):
        offers = bi.Offers.from_arrays([1, 2, 3], [3, 2, 1], session=session)
        assert offers.session_names == ("2024-03-02", "2024-03-01") and offers.session.tolist() == [0, 1, 0]


def test_times_on_the_edge_of_a_bin_are_in_the_later_one():
    """0.58 / 0.02 is less than 29 in floating point."""
    times = np.arange(1, 149) * 0.02
    evidence = bi.Evidence.from_arrays(np.ones(148), 3.0)
    observed = evidence.observe(bi.Answers.from_arrays(np.ones(148), times), "neuron")
    assert np.flatnonzero(observed.table[0])[0] == 150 + 1
    np.testing.assert_array_equal(observed.table.sum(axis=0)[150 + 1 : 150 + 149], 1)
