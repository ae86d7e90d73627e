"""The sessions of a subject that chooses between offers, whose values are linear in their quanta."""

from typing import Any

import numpy as np
from jaxtyping import Float

from bayes_irl._checks import InputError
from bayes_irl.inference.drift.logistic_rows import LogisticRows, Rows
from bayes_irl.inference.drift.walking_value import First, Implied, WalkingValue, walking_value
from bayes_irl.systems import Offers

PRIOR_WIDTH = {"value_of_a": 2.0, "value_of_b": 2.0, "side_bias": 1.0, "order_bias": 1.0}  # nats


@walking_value.register
def _(system: Offers, recording: Any, model: Any, baseline: Any) -> WalkingValue:
    """Log P(A)/P(B) = θ_A n_A − θ_B n_B + side bias ± order bias ±, per session, in nats.

    Raises:
        InputError: If a model is given, or there are several subjects.
    """
    if model is not None:
        raise InputError.of("model", "none, for offers", repr(model), "Values are linear in quanta: leave it out.")
    if system.num_subjects > 1:
        raise InputError.of("system", "offers to one subject", f"{system.num_subjects}", "Fit each subject by itself.")
    observed = system.observe(recording, baseline)
    shown, table = observed.shown, np.asarray(observed.table, float)
    features = {"value_of_a": shown.num_a, "value_of_b": -shown.num_b, "side_bias": shown.a_left / 2.0}
    features["order_bias"] = shown.a_first / 2.0
    kept = {name: column for name, column in features.items() if np.any(column)}
    design = np.column_stack(list(kept.values())).astype(float)
    sessions = [_session(design[shown.session == s], table[shown.session == s]) for s in range(system.num_sessions)]
    widths = np.array([PRIOR_WIDTH[name] for name in kept])
    first = First(np.zeros(len(widths)), np.diag(widths**-2.0))
    return WalkingValue(
        sessions=sessions,
        places={name: np.array(place) for place, name in enumerate(kept)},
        dims={name: () for name in kept},
        coords={},
        spreads=np.zeros(0),
        first=lambda spreads: first,
        implied=lambda draws: Implied({}, {}, {}),
        labels=system.session_names,
        system=system.store(),
        attrs={
            "model": "linear values of offers",
            "claim": "The value of an offer is proportional to its quanta.",
            "observed": observed.kind,
            "units": "nats (temperature = 1)",
        },
    )


def _session(design: Float[np.ndarray, "num_rows num_columns"], table: Float[np.ndarray, "num_rows 2"]) -> LogisticRows:
    """One session's choices."""
    every = np.arange(design.shape[1])
    return LogisticRows(table[:, 1] @ design, [Rows(every, design.copy, np.zeros(len(design)), table.sum(axis=1))])
