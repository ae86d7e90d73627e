"""What the checks of a model come to: grades, words, and the share of false alarms."""

import numpy as np
import pytest

from bayes_irl.inference.gate import as_dataset
from bayes_irl.inference.model_verdict import Grade, ModelVerdict, holm
from bayes_irl.misfit.finding import Finding, Findings, in_all_recordings
from bayes_irl.systems import Check

GOOD = Check.at_most("divergences", 0, 0, "No trajectory diverged.", "Some did.")
BAD = Check.at_most("divergences", 3, 0, "No trajectory diverged.", "3 trajectories diverged.")


def finding(name="memory", p_value=0.5, size=0.2, limit=0.1, detectable=0.05):
    return Finding(
        name, p_value, size, size / 2, 2 * size, "nats of log-odds", detectable, limit, f"Wrong {name}", f"Mend {name}."
    )


def verdict(*findings, skipped=()):
    return ModelVerdict.of(Findings(findings, skipped))


def test_holm_is_the_closed_test_of_all_intersections():
    """By Bonferroni on every set of checks that contains this one."""
    rng = np.random.default_rng(0)
    for p in rng.random((20, 4)) ** 3:
        closed = [
            max(
                min(1.0, len(members) * p[members].min())
                for members in (np.flatnonzero([(number >> k) & 1 for k in range(4)]) for number in range(1, 16))
                if i in members
            )
            for i in range(4)
        ]
        np.testing.assert_allclose(holm(p.tolist()), closed)


def test_right_models_raise_at_most_five_per_cent_alarms_in_all():
    rng = np.random.default_rng(1)
    alarms = [(holm(rng.random(7).tolist()) <= 0.05).any() for _ in range(4000)]
    assert 0.035 < np.mean(alarms) < 0.06


@pytest.mark.parametrize(
    ("found", "grade", "passed", "begins"),
    [
        (finding(), Grade.ACCEPTED, True, "None of 1 checks refutes the model. They would have seen 0.05 nats"),
        (finding(detectable=3.0), Grade.WITHOUT_POWER, True, "The model was not tested"),
        (finding(p_value=1e-9, size=0.05), Grade.SMALL, True, "The model is refuted, but its misfit is smaller"),
        (finding(p_value=1e-9), Grade.MATTERS, False, "DO NOT BELIEVE THIS MODEL. Wrong memory (p < 1e-6; 0.2 nats"),
        (finding(p_value=1e-9, limit=np.nan), Grade.MATTERS, False, "DO NOT BELIEVE THIS MODEL. Wrong memory"),
    ],
)
def test_grades(found, grade, passed, begins):
    model = verdict(found)
    assert model.grades == [grade]
    assert model.passed == passed
    assert model.sentence.startswith(begins)


def test_the_worst_misfit_comes_first_and_says_what_to_do():
    model = verdict(finding("drift", 1e-9, 0.2), finding("memory", 1e-9, 0.8), finding("fit", 0.7))
    assert model.sentence.index("Wrong memory") < model.sentence.index("Wrong drift")
    assert "Mend memory." in model.sentence and "Mend fit." not in model.sentence
    table = model.as_dataset()
    assert table["grade"].values.tolist() == ["refuted, and it matters"] * 2 + ["accepted"]
    assert table.attrs["passed"] == 0
    assert "90 % interval 0.4 to 1.6" in str(table["sentence"].sel(check="memory").values)


def test_what_failed_comes_first_in_the_verdict_on_the_fit():
    right, wrong = verdict(finding()), verdict(finding(p_value=1e-9))
    assert as_dataset((GOOD,), right).attrs["verdict"].startswith("All 1 checks passed. None of 1 checks refutes")
    assert as_dataset((GOOD,), wrong).attrs["verdict"].startswith("DO NOT BELIEVE THIS MODEL. ")
    assert as_dataset((GOOD,), wrong).attrs["verdict"].endswith("All 1 checks passed.")
    both = as_dataset((BAD,), wrong).attrs
    assert both["verdict"].startswith("DO NOT TRUST THESE INTERVALS. ") and "DO NOT BELIEVE" in both["verdict"]
    passed = [as_dataset((check,), model).attrs["passed"] for check in (GOOD, BAD) for model in (right, wrong)]
    assert passed == [1, 0, 0, 0]


def test_what_was_not_checked_is_said_and_is_no_failure():
    model = verdict(skipped=("Nothing is known.",))
    assert model.passed and model.sentence == "Nothing is known."
    assert as_dataset((GOOD,), model).attrs["verdict"] == "All 1 checks passed. Nothing is known."
    assert model.as_dataset().sizes["check"] == 0


def test_recordings_that_were_fitted_together_are_told_apart():
    both = in_all_recordings([Findings((finding(),), ("Skipped.",)), Findings((finding("fit"),), ("Skipped.",))])
    assert [each.name for each in both.found] == ["memory (1)", "fit (2)"]
    assert both.skipped == ("Skipped.",) and both.found[1].problem == "Recording 2: Wrong fit"
