"""What a task must fulfil, checked once when it is made."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from bayes_irl._checks import DataWarning, InputError, finite_array, positive
from bayes_irl.tasks.condition_table import ConditionEvidence
from bayes_irl.tasks.trial import Epoch, TrialPlan, ends_of
from bayes_irl.trial_layout import RESERVED


def check_class(kind: type) -> None:
    """Check that a class of tasks names itself, its inputs and its actions."""
    for attribute, example in (("name", '"my_task"'), ("inputs", '("left", "right")'), ("actions", '("wait", "go")')):
        if not hasattr(kind, attribute):
            raise InputError.of(attribute, f"a class attribute of {kind.__name__}, such as {example}", "none")


def check_names(
    inputs: Sequence[str], actions: Sequence[str], sure_bets: Sequence[str], read_by: Mapping[str, object]
) -> None:
    """Check that names differ, and that those of sure bets and readers are among them."""
    for argument, names in (("inputs", inputs), ("actions", actions)):
        if len(set(names)) < len(names):
            raise InputError.of(argument, "names that differ", list(names))
    answers = list(actions[1:])
    if not set(sure_bets) < set(answers):
        expected = f"some of the answers {answers}, but not all"
        raise InputError.of("sure_bets", expected, list(sure_bets), "The first action is to wait.")
    if not set(read_by) <= set(inputs):
        raise InputError.of("read_by", f"some of the inputs {list(inputs)}", list(read_by))


def check_times(dt: float, noise: float, discount_time: float) -> None:
    """Check the step, the noise and the discount."""
    positive("dt", dt, "It is the length of a step, in ms.")
    if discount_time != np.inf:
        positive("discount_time", discount_time)
    if not 0 <= noise < np.inf:
        raise InputError.of("noise", "a finite number, not below 0", noise)


def check_epochs(epochs: Sequence[Epoch], dt: float) -> None:
    """Check that there are epochs before the answer window, and that each is longer than a step."""
    if len(epochs) < 2:
        raise InputError.of("epochs", "at least two", len(epochs), "Answers count in the last one alone.")
    before, latest = "", {"": 0.0}
    ends = ends_of(epochs, [epoch.duration.longest for epoch in epochs])
    for epoch, end in zip(epochs, ends, strict=True):
        passed = latest[before] - latest[epoch.since or before]  # at most, since the duration began to count
        shortest, longest = epoch.duration.shortest - passed, epoch.duration.longest - passed
        if not 0 < shortest <= longest:
            lasts = f"{shortest:g} to {longest:g}"
            raise InputError.of(epoch.name, "a duration above 0 ms whose bounds are in order", lasts)
        if dt > shortest:
            short = f"{dt:g} ms against {shortest:g} ms"
            raise InputError.of("dt", f"a step no longer than the epoch {epoch.name!r}", short, "Take a smaller dt.")
        before, latest[epoch.name] = epoch.name, end


def check_conditions(conditions: Mapping[str, np.ndarray], labels: Mapping[str, Mapping[int, str]]) -> None:
    """Check that columns are equally long, have names that trials do not use otherwise, and labels for every level."""
    lengths = {name: len(column) for name, column in conditions.items()}
    if not lengths or not min(lengths.values()):
        raise InputError.of("conditions", "at least one", "none")
    if len(set(lengths.values())) > 1:
        raise InputError.of("conditions", "columns of equal lengths", lengths)
    _check_free("conditions", conditions)
    for name, words in labels.items():
        if name not in conditions:
            raise InputError.of("labels", f"names of conditions, {list(conditions)}", repr(name))
        missing = set(np.unique(conditions[name]).tolist()) - set(words)
        if missing:
            raise InputError.of(f"labels[{name!r}]", "a name for every level", f"none for {sorted(missing)}")


def check_evidence(
    evidence: Mapping[str, ConditionEvidence], conditions: Mapping[str, np.ndarray], actions: Sequence[str]
) -> None:
    """Check that evidence has a value for every condition, and an answer that it speaks for."""
    _check_free("evidence", evidence)
    num_conditions = len(next(iter(conditions.values())))
    for name, each in evidence.items():
        values = finite_array(f"evidence[{name!r}].values", each.values, (num_conditions,), "One for each condition.")
        if each.favours and each.favours not in actions[1:]:
            raise InputError.of(f"evidence[{name!r}].favours", f"one of the answers {list(actions[1:])}", each.favours)
        if name in conditions and not np.array_equal(values, conditions[name]):
            expected = "the values of the condition of this name"
            raise InputError.of(f"evidence[{name!r}]", expected, "others", "Give it another name.")


def _check_free(argument: str, names: Mapping[str, object]) -> None:
    taken = sorted(set(names) & set(RESERVED))
    if taken:
        raise InputError.of(argument, "names that trials do not use themselves", taken, "Take other names.")


def check_plans(plans: TrialPlan, sizes: tuple[int, int], inputs: Sequence[str], actions: Sequence[str]) -> None:
    """Check the shapes of what `show` returned for all conditions, `sizes` being their number and that of epochs."""
    wanted = {
        "levels": (*sizes, len(inputs)),
        "noisy": (*sizes, len(inputs)),
        "payoff": (sizes[0], len(actions)),
        "correct": (sizes[0],),
    }
    for name, shape in wanted.items():
        found = np.shape(getattr(plans, name))
        if found != shape:
            expected = f"shape {shape[1:]} in each condition, for {len(inputs)} inputs and {len(actions)} actions"
            raise InputError.of(f"show: {name}", expected, f"shape {found[1:]}")
    best = np.asarray(plans.correct)
    if ((best < 1) | (best >= len(actions))).any():
        raise InputError.of("show: correct", f"an answer, 1 to {len(actions) - 1}", sorted(set(best.tolist())))


def check_rewards(payoffs: Float[np.ndarray, "num_conditions num_answers"], aborted: float) -> None:
    """Check that rewards are numbers, and warn where never to answer is optimal."""
    finite_array("aborted", aborted, ())
    finite_array("rewards", payoffs, payoffs.shape)
    best = float(payoffs.max(axis=1).mean())
    if aborted >= best:
        warnings.warn(
            f"Never answering is optimal: it earns {aborted:g}, and perfect answers earn {best:g} on average. "
            "Make `aborted` smaller, or the rewards of answers larger.",
            DataWarning,
            stacklevel=3,
        )
