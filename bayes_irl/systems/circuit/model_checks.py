"""Checks, at fit time, for structure in a circuit's recording that a correct model would explain."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from bayes_irl._types import Defaults, Value
from bayes_irl.misfit.drift import drift
from bayes_irl.misfit.finding import Finding, Findings, found
from bayes_irl.misfit.memory import memory
from bayes_irl.misfit.repeats import repeats
from bayes_irl.misfit.residuals import residuals
from bayes_irl.misfit.reversal import optimality
from bayes_irl.misfit.starts import starts
from bayes_irl.recordings import Recording
from bayes_irl.recordings.counts import Transitions
from bayes_irl.solvers.bellman import soft_backup
from bayes_irl.systems.base import Inferred
from bayes_irl.systems.choice_checks import check_choices
from bayes_irl.systems.circuit.answer_chances import known_log_odds
from bayes_irl.systems.circuit.observed import ObservedResponses
from bayes_irl.systems.circuit.outcome_features import outcome_features
from bayes_irl.systems.circuit.wiring import Wiring
from bayes_irl.systems.log_odds import HALF_WIDTH, half_width

Check = Callable[[Recording, float], Finding | None]
NO_RECORDING = (
    "Checks that need the order of answers were not made: give infer the Recording, or the result of its updates(), "
    "snapshots() or transitions()."
)
NOT_REVERSIBLE = (
    "Not tested: whether any reward makes these answers optimal. This check does not apply to restricted couplings, to "
    "unrecorded neurons, or to answers that depend on own last responses; if the stimulus moves within bins, use "
    "optimality_test."
)
BY_UNRECORDED = ("fit", "memory", "optimality")  # checks that find a neuron that was not recorded
UNRECORDED = "A neuron that was not recorded may be the cause: try circuit.partly_recorded(unrecorded=1)."
IN_PART = "Memory was not tested: recorded neurons remember through unrecorded ones."
DESCRIPTIONS = {
    "updates": "answers in some contexts",
    "snapshots": "responses, pairs or numbers of spikes",
    "transitions": "responses, pairs, numbers of spikes or changes from bin to bin",
}


def check_circuit(
    observed: ObservedResponses, inferred: Inferred, site: str, reversible: bool, in_part: bool = False
) -> Findings:
    """Check one recording of a circuit.

    Args:
        observed: The recording.
        inferred: The fit.
        site: The name of its observed site.
        reversible: Whether the circulation of optimal log-odds is zero.
        in_part: Whether neurons are missing from the recording: those that are in it remember through them.
    """
    chances = inferred.chances(site)
    if observed.kind not in DESCRIPTIONS:  # somebody's own kind of counts
        return check_choices(observed, chances)
    if len(chances) < 2:
        return Findings((), ("No draws of the fit were solved: the model was not checked.",))
    table = np.asarray(observed.table)
    test, p_value, z = residuals(table, chances, outcome_features(observed))
    all_, skipped = [], []
    if test.degrees_of_freedom:
        all_.append(
            found(
                "fit",
                test,
                half_width(table, chances),
                f"The fit does not reproduce {DESCRIPTIONS[observed.kind]}, by up to {np.abs(z).max():.1f} standard "
                "deviations",
                "Use another reward model, or another update rate for bins. If free_form fails too, no reward model "
                "will do.",
                "nats of log probability",
                p_value,
            )
        )
    else:
        skipped.append("The model has as many parameters as there are counts to compare it with.")
    recording = observed.counts.recording
    if not isinstance(recording, Recording):
        return Findings(tuple(all_), (*skipped, NO_RECORDING))
    rng = np.random.default_rng(np.asarray(jax.random.bits(inferred.key, (4,))))
    limit, remembers = known_log_odds(observed, chances), observed.baseline.ndim == 2
    checks: list[tuple[Check, str]] = [
        (lambda taken, _: _stimulus(observed, taken, inferred, rng), ""),
        (partial(memory, own_last=remembers), "Memory was not tested: no context was met twice.")
        if not in_part
        else (lambda *_: None, IN_PART),
        (partial(drift, own_last=remembers), "Drift was not tested: no context was met twice."),
        (
            lambda taken, _: repeats(taken),
            "Repeated patterns were not tested: the pattern hardly changes, or the recording is too short.",
        ),
    ]
    if observed.kind == "snapshots":
        checks.append((starts, ""))
    if reversible and _held(observed) and not remembers:
        checks.append(
            (optimality, "The recording is too short to test whether any reward makes these answers optimal.")
        )
    else:
        skipped.append(NOT_REVERSIBLE)
    for check, missing in checks:
        if (finding := check(recording, limit)) is not None:
            all_.append(finding)
        elif missing:
            skipped.append(missing)
    if observed.kind == "snapshots" and not in_part:
        all_ = [
            replace(each, advice=f"{each.advice} {UNRECORDED}") if each.name in BY_UNRECORDED else each for each in all_
        ]
    return Findings(tuple(all_), tuple(skipped))


def _stimulus(
    observed: ObservedResponses, recording: Recording, inferred: Inferred, rng: np.random.Generator
) -> Finding | None:
    """Whether T is the recording's."""
    system: Any = observed.system
    k = 1 if recording.neuron is not None else _updates_per_bin(observed)
    return system.check_moves(recording, k, lambda _: _harmless_error(observed, inferred), rng)


def _updates_per_bin(observed: ObservedResponses) -> int | None:
    """As transitions state it, or the stimulus of snapshots remembers it; None: not known."""
    counts, stimulus = observed.counts, observed.circuit.stimulus
    return counts.updates_per_bin if isinstance(counts, Transitions) else stimulus.updates_per_bin


def _held(observed: ObservedResponses) -> bool:
    """Whether the stimulus was held through bins, as far as is known."""
    counts, stimulus = observed.counts, observed.circuit.stimulus
    if isinstance(counts, Transitions):
        return counts.held
    return stimulus.held or stimulus.updates_per_bin is None


@eqx.filter_jit
def if_faster(circuit: Wiring, defaults: Defaults, value: Value) -> Value:
    """Shift of the reward per unit of relative error of T − I: (T − T̂) B(v) = (I − T) B(v) at T̂ = 2 T − I.

    Answers stay the same, and so does v/λ `[num_stimuli, num_patterns]`, up to a function of the stimulus.
    """
    ahead = soft_backup(circuit, defaults, value)
    return ahead - circuit.ahead(ahead)


def _harmless_error(observed: ObservedResponses, inferred: Inferred) -> float:
    """The relative error of T − I that shifts the reward by its own 90 % intervals, root mean square.

    A wrong T̂ shifts the reward by (T − T̂) B(v), up to a function of the stimulus.
    """
    circuit: Any = observed.circuit
    optimum = circuit.optimum(jnp.asarray(inferred.reward_of(inferred.point)), observed.baseline)
    value = jnp.asarray(optimum.value) / optimum.coding_cost
    shift = np.asarray(if_faster(circuit, circuit.default_actions(observed.baseline), value))
    weights = np.asarray(observed.occupancy_counts, float)
    draws = inferred.reward_draws()
    moved = _spread((shift - _mean(shift, weights))[None], weights)
    return float(HALF_WIDTH * _spread(draws - draws.mean(axis=0), weights) / max(moved, 1e-12))


def _mean(table: Float[np.ndarray, "num_stimuli num_patterns"], weights: np.ndarray) -> np.ndarray:
    return (table * weights).sum(axis=1, keepdims=True) / np.maximum(weights.sum(axis=1, keepdims=True), 1)


def _spread(tables: Float[np.ndarray, "num_tables num_stimuli num_patterns"], weights: np.ndarray) -> float:
    """Root mean square over tables and over what was observed."""
    return float(np.sqrt((tables**2 * weights).sum(axis=(1, 2)).mean() / weights.sum()))
