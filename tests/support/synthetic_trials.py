"""Trials of agents whose psychometric functions, reaction times and units are known: what `agents.run` would return."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from scipy.special import ndtr

DT = 10.0
COHERENCES = np.array([0.0, 6.4, 12.8, 25.6, 51.2])
OFFERS = np.array([(0, 1), (1, 3), (1, 2), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (2, 0)], float)


MOTION = {"long_name": "Motion to the right", "units": "% coherence", "favours": "right"}
LEVELS = {
    "context": {"flag_values": [0, 1], "flag_meanings": "motion color"},
    "modality": {"flag_values": [0, 1, 2], "flag_meanings": "visual auditory both"},
    "wager": {"flag_values": [0, 1], "flag_meanings": "not_offered offered"},
    "juice_left": {"flag_values": [0, 1], "flag_meanings": "A B"},
    "rate": {"long_name": "Rate", "units": "events/s", "favours": "high"},
    "motion": MOTION,
    "color": MOTION | {"long_name": "Color for the right"},
    "difference": {"long_name": "f1 − f2", "units": "Hz", "favours": ">"},
}


def compose(
    task: str,
    columns: Mapping[str, np.ndarray],
    epochs: Mapping[str, np.ndarray | float],
    actions: tuple[str, ...],
    choice: np.ndarray,
    correct: np.ndarray,
    reaction: np.ndarray | float = 100.0,
) -> xr.Dataset:
    """Return trials; epochs are durations in ms, and `reaction` is counted from the beginning of the last one.

    An action called "sure" is a sure bet. Columns named in `LEVELS` say what they are.
    """
    num_trials = len(choice)
    lengths = np.stack([np.broadcast_to(each, num_trials) for each in epochs.values()], axis=1)
    ends = np.cumsum(DT * np.rint(lengths / DT), axis=1)
    decision_time = DT * np.ceil((ends[:, -2] + reaction) / DT)
    return xr.Dataset(
        {
            "num_steps": ("trial", (decision_time / DT).astype(int)),
            "epoch_end": (("trial", "epoch"), ends),
            "choice": ("trial", choice.astype(int)),
            "answered": ("trial", choice > 0),
            "correct": ("trial", correct & (choice > 0)),
            "decision_time": ("trial", decision_time),
        },
        coords=conditions(columns)
        | {
            "epoch": list(epochs),
            "action": list(actions),
            "action_kind": (
                "action",
                ["wait", *("sure bet" if name == "sure" else "decision" for name in actions[1:])],
            ),
        },
        attrs={"task": task, "dt": DT},
    )


def conditions(columns: Mapping[str, np.ndarray]) -> dict[str, tuple]:
    """Return coordinates of what was varied, with what it was."""
    return {name: ("trial", column, dict(LEVELS.get(name, {}))) for name, column in columns.items()}


def motion(num_trials=4000, seed=0, bias=2.0, sigma=15.0, lapse=0.04, reaction_time=False) -> xr.Dataset:
    """Return trials of motion; errors and weak evidence take longer where answers are given at one's own pace."""
    rng = np.random.default_rng(seed)
    direction, coherence = rng.choice([-1, 1], num_trials), rng.choice(COHERENCES.astype(np.float32), num_trials)
    level = direction * coherence
    right = rng.random(num_trials) < lapse / 2 + (1 - lapse) * ndtr((level - bias) / sigma)
    choice = np.where(rng.random(num_trials) < 0.02, 0, np.where(right, 2, 1))
    correct = (choice == 2) == (direction > 0)
    columns = {"direction": direction, "coherence": coherence, "motion": level}
    stimulus = np.minimum(80 + rng.exponential(330, num_trials), 1500)
    if reaction_time:
        times = rng.gamma(20, (mean_reaction_time(coherence) + 80 * ~correct) / 20)
        epochs = {"fixation": 750.0, "stimulus": 2000.0}
        return compose("reaction_time", columns, epochs, ("fixate", "left", "right"), choice, correct, times)
    epochs = {"fixation": 750.0, "stimulus": stimulus, "decision": 500.0}
    return compose("perceptual_decision", columns, epochs, ("fixate", "left", "right"), choice, correct)


def mean_reaction_time(coherence):
    """Return the mean reaction time of correct answers in ms."""
    return 350 + 400 * np.exp(-coherence / 15)


def viewing(num_trials=6000, seed=0, sensitivity=0.01) -> xr.Dataset:
    """Return trials of a perfect integrator: d′ grows with coherence × √duration (ms)."""
    trials = motion(num_trials, seed)
    rng = np.random.default_rng(seed + 1)
    lasts = (trials["epoch_end"][:, 1] - trials["epoch_end"][:, 0]).values
    right = rng.random(num_trials) < ndtr(sensitivity * trials["coherence"].values * np.sqrt(lasts))
    direction = trials["direction"].values
    choice = np.where(right == (direction > 0), 2, 1)
    return trials.assign(choice=("trial", choice), answered=("trial", choice > 0), correct=("trial", right))


def wager(num_trials=8000, seed=0, threshold=1.2, knows=True) -> xr.Dataset:
    """Return trials of an agent that takes the sure bet when |evidence in this trial| is low; or, unknowing, by lot."""
    trials = motion(num_trials, seed)
    rng = np.random.default_rng(seed + 1)
    offered, direction = rng.integers(0, 2, num_trials), trials["direction"].values
    lasts = (trials["epoch_end"][:, 1] - trials["epoch_end"][:, 0]).values
    seen = direction * trials["coherence"].values * np.sqrt(lasts) / 200 + rng.normal(size=num_trials)
    doubt = np.abs(seen) if knows else np.abs(rng.permutation(seen))
    choice = np.where((offered > 0) & (doubt < threshold), 3, np.where(seen > 0, 2, 1))
    return compose(
        "wager",
        {"wager": offered} | {name: trials[name].values for name in ("direction", "coherence", "motion")},
        {"fixation": 750.0, "stimulus": lasts, "delay": 575.0, "sure": 700.0, "decision": 500.0},
        ("fixate", "left", "right", "sure"),
        choice,
        (choice == 2) == (direction > 0),
    )


def senses(num_trials=9000, seed=0, visual=2.5, auditory=3.5, both=None) -> xr.Dataset:
    """Return multisensory trials; both senses are combined as well as can be, or have the threshold given."""
    rng = np.random.default_rng(seed)
    modality, rate = rng.integers(0, 3, num_trials), rng.choice(np.arange(9.0, 17.0), num_trials)
    sigma = np.array([visual, auditory, (visual**-2 + auditory**-2) ** -0.5 if both is None else both])
    high = rng.random(num_trials) < ndtr((rate - 12.5) / sigma[modality])
    choice = np.where(high, 2, 1)
    epochs = {"fixation": 750.0, "stimulus": 1000.0, "decision": 500.0}
    columns = {"modality": modality, "rate": rate}
    return compose("multisensory", columns, epochs, ("fixate", "low", "high"), choice, high == (rate > 12.5))


def juices(num_trials=4000, seed=0, relative_value=2.2, sigma=0.35, side=0.0) -> xr.Dataset:
    """Return economic choices; `side` is added to the log relative value where A is on the left, and taken off else."""
    rng = np.random.default_rng(seed)
    juice_left = rng.integers(0, 2, num_trials)
    num_b, num_a = OFFERS[rng.integers(0, len(OFFERS), num_trials)].T
    with np.errstate(divide="ignore"):
        level = np.log(num_b) - np.log(num_a)
    shift = np.log(relative_value) + side * np.where(juice_left == 0, 1, -1)
    chose_b = rng.random(num_trials) < ndtr((level - shift) / sigma)
    choice = np.where(chose_b == (juice_left == 1), 1, 2)
    epochs = {"fixation": 750.0, "offer": rng.uniform(1000, 2000, num_trials), "decision": 750.0}
    columns = {"juice_left": juice_left, "num_b": num_b, "num_a": num_a}
    better = chose_b == (num_b > relative_value * num_a)
    return compose("economic_choice", columns, epochs, ("fixate", "left", "right"), choice, better)


def memory(num_trials=2000, seed=0, accuracy=0.9) -> xr.Dataset:
    """Return trials of working memory."""
    rng = np.random.default_rng(seed)
    low, swapped = rng.choice([10.0, 14.0, 18.0, 22.0, 26.0], num_trials), rng.random(num_trials) < 0.5
    f1, f2 = low + 8 * swapped, low + 8 * ~swapped
    correct = rng.random(num_trials) < accuracy
    choice = np.where(correct == (f1 > f2), 1, 2)
    epochs = {"fixation": 750.0, "f1": 500.0, "delay": 3000.0, "f2": 500.0, "decision": 500.0}
    columns = {"f1": f1, "f2": f2, "difference": f1 - f2}
    return compose("working_memory", columns, epochs, ("fixate", ">", "<"), choice, correct)


def with_rates(trials: xr.Dataset, drive: np.ndarray, epoch: int = 1, noise=0.05, seed=0) -> xr.Dataset:
    """Return trials with units that fire at 1 + `drive[trial, unit]` in one epoch and at 1 before and after it."""
    rng = np.random.default_rng(seed)
    num_steps = int(trials["num_steps"].max())
    ends = np.rint(trials["epoch_end"].values / DT).astype(int)
    step = np.arange(num_steps)
    inside = (step >= ends[:, [epoch - 1]]) & (step < ends[:, [epoch]])
    rates = 1 + inside[..., None] * drive[:, None].astype(np.float32)
    if noise:
        rates += noise * rng.normal(size=rates.shape).astype(np.float32)
    rates *= (step < trials["num_steps"].values[:, None])[..., None]
    return trials.assign(rates=(("trial", "step", "unit"), np.maximum(rates, 0)))


def with_values(trials: xr.Dataset, offset=0.0, seed=0) -> xr.Dataset:
    """Return trials with a reward of 1 or 0 at their last step, foreseen once the stimulus is over: as `P + offset`."""
    rng = np.random.default_rng(seed)
    num_trials, num_steps = trials.sizes["trial"], int(trials["num_steps"].max())
    chance = rng.choice([0.5, 0.7, 0.9], num_trials)
    step, last = np.arange(num_steps), trials["num_steps"].values[:, None] - 1
    reward = (step == last) * (rng.random(num_trials) < chance)[:, None].astype(float)
    over = np.rint(trials["epoch_end"].values[:, [1]] / DT) - 1
    value = np.where(step >= over, chance[:, None], 0.7) + offset
    dims = ("trial", "step")
    return trials.assign(reward=(dims, reward), value=(dims, np.where(step > last, np.nan, value)))


def history(num_validations=20, seed=0, rate=0.15) -> xr.Dataset:
    """Return how a training went."""
    rng = np.random.default_rng(seed)
    updates = 50 * np.arange(1, num_validations + 1)
    correct = 0.9 - 0.4 * np.exp(-rate * np.arange(num_validations)) + 0.01 * rng.normal(size=num_validations)
    answered = 1 - np.exp(-2 * rate * np.arange(1, num_validations + 1))
    tables = {
        "num_updates": updates,
        "num_trials": 100 * updates,
        "seconds": 0.1 * updates,
        "share_answered": answered,
        "share_correct": correct,
        "mean_reward": answered * (1 + correct) - 1,
    }
    return xr.Dataset({name: ("validation", values) for name, values in tables.items()})
