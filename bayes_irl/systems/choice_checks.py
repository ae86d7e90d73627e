"""Checks of the model for choices of any kind: whether the fit reproduces them, and whether their order matters."""

import numpy as np
from jaxtyping import Float, Int

from bayes_irl.misfit.choices import choices_drift, last_choice
from bayes_irl.misfit.finding import Finding, Findings, found
from bayes_irl.misfit.residuals import Features, residuals
from bayes_irl.systems.log_odds import half_width
from bayes_irl.systems.observation import Observed

MOST_OUTCOMES = 8  # more are taken together
MOST_LEVELS = 40  # of what a row belongs to; more are taken together
NO_ORDER = "Not checked: whether the order of trials matters (only counts are available)."


def check_choices(observed: Observed, chances: Float[np.ndarray, "num_draws num_rows num_outcomes"]) -> Findings:
    """Check one recording of choices.

    Args:
        observed: The recording.
        chances: Probability of every outcome in every row, in a few draws of the fit.
    """
    if observed.table is None or len(chances) < 2:
        return Findings(skipped=("No draws of the fit were solved: the model was not checked.",))
    limit = half_width(observed.table, chances)
    checks: list[Finding | None] = []
    skipped: list[str] = []
    features = _features(observed)
    test, p_value, z = residuals(observed.table, chances, features)
    if test.degrees_of_freedom:
        checks.append(
            found(
                "fit",
                test,
                limit,
                f"The fit does not reproduce the recorded choices, by up to {np.abs(z).max():.1f} standard deviations",
                "Another model is needed.",
                "nats of log probability",
                p_value,
            )
        )
    else:
        skipped.append("The model has as many parameters as there are counts to compare it with.")
    if observed.in_order is None:
        skipped.append(NO_ORDER)
    else:
        checks += [check(observed.in_order, limit) for check in (last_choice, choices_drift)]
    return Findings(tuple(each for each in checks if each is not None), tuple(skipped))


def _features(observed: Observed) -> Features:
    """Each outcome, and each outcome at each level of everything that rows belong to."""
    outcomes = np.eye(MOST_OUTCOMES + 1)[_grouped(observed.table.sum(axis=0), MOST_OUTCOMES)]
    outcomes = outcomes[:, outcomes.any(axis=0)]
    number = observed.table.sum(axis=1)
    of_rows = (f"{observed.site}_row",)
    rows = [np.asarray(values) for dims, values in observed.columns().values() if tuple(dims) == of_rows]
    levels = np.hstack([np.ones((len(number), 1)), *(_levels(each, number) for each in rows)])

    def features(which: Int[np.ndarray, " some"]) -> Float[np.ndarray, "some num_outcomes num_features"]:
        joint = levels[which][:, None, :, None] * outcomes[None, :, None, :]
        return joint.reshape(len(which), len(outcomes), -1)

    return features


def _levels(column: np.ndarray, number: np.ndarray) -> Float[np.ndarray, "num_rows num_levels"]:
    """One column for each value, or for as many groups of neighbouring ones."""
    values, level = np.unique(column, return_inverse=True)
    groups = _grouped(np.bincount(level.reshape(-1), number, len(values)), MOST_LEVELS)[level.reshape(-1)]
    return np.eye(groups.max() + 1)[groups]


def _grouped(count: np.ndarray, most: int) -> Int[np.ndarray, " num_values"]:
    """A number for each value: its own, or where there are many that of one of `most` groups of about equal counts."""
    if len(count) <= most:
        return np.arange(len(count))
    share = (np.cumsum(count) - count / 2) / max(count.sum(), 1)
    return np.minimum((share * most).astype(int), most - 1)
