"""What spoke for one answer rather than the other, and which was given."""

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.analysis.trials import action_names, check, condition_names

POSITIVE = ("right", "high", ">")  # answers that positive evidence calls for
KINDS = {
    "motion": {"long_name": "Motion to the right", "units": "% coherence"},
    "color": {"long_name": "Color for the right", "units": "% coherence"},
    "rate": {"long_name": "Rate", "units": "events/s"},
    "difference": {"long_name": "f1 − f2", "units": "Hz"},
}


def evidence(trials: xr.Dataset, name: str | None = None) -> xr.DataArray:
    """Evidence for the answer "right", "high" or ">" in each trial.

    `motion` is direction × coherence in % (where there is color too, `motion_direction` × `motion_coherence`), `color`
    likewise; `rate` is in events/s; `difference` is f1 − f2 in Hz.

    Args:
        trials: what `agents.run` returned.
        name: of the evidence; by default the first of these that the trials have.

    Returns:
        A number per trial, named, with attributes `long_name` and `units`.

    Raises:
        InputError: if these trials have no such evidence.
    """
    found = kinds(trials)
    if not found:
        task = f"{trials.attrs.get('task', 'trials')!r} with {condition_names(trials)}"
        raise InputError.of("trials", f"conditions from which evidence follows: {', '.join(KINDS)}", task)
    name = found[0] if name is None else name
    if name not in found:
        raise InputError.of("evidence", "one of " + ", ".join(map(repr, found)), repr(name))
    if name == "difference":
        values = trials["f1"].values - trials["f2"].values
    else:
        values = np.prod([trials[column].values for column in _factors(trials, name)], axis=0)
    rounded = np.round(np.asarray(values, float), 4) + 0.0  # no remains of single precision, no −0
    return xr.DataArray(rounded, dims="trial", name=name, attrs=KINDS[name])


def kinds(trials: xr.Dataset) -> list[str]:
    """Return the names of the evidence that trials have."""
    columns = set(condition_names(check(trials)))
    return [name for name in KINDS if set(_factors(trials, name)) <= columns]


def _factors(trials: xr.Dataset, name: str) -> list[str]:
    """Return the conditions that evidence is made of."""
    if name == "rate":
        return ["rate"]
    if name == "difference":
        return ["f1", "f2"]
    plain = name == "motion" and "motion_direction" not in trials.coords
    return ["direction", "coherence"] if plain else [f"{name}_direction", f"{name}_coherence"]


def positive_answer(trials: xr.Dataset) -> str:
    """Return the name of the answer that positive evidence calls for.

    Raises:
        InputError: if the task has none.
    """
    names = action_names(trials)
    answers = [name for name in POSITIVE if name in names]
    if not answers:
        raise InputError.of("trials", f"one of the answers {POSITIVE}", names, "Analyse trials of another task.")
    return answers[0]
