"""What a recording does not determine, in words."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from bayes_irl.evaluation.identifiability.contraction import contraction, rewards_in_gauge
from bayes_irl.inference.fit import Fit
from bayes_irl.systems import Capability

MIN_RELATIVE_WIDTH = 0.9  # an interval at least this wide, relative to before the data, has learned next to nothing


def blind_spots(posterior: xr.DataTree, *, allow_failed: bool = False) -> tuple[str, ...]:
    """List what this recording does not determine, and what no recording of its kind can.

    In this order: the verdict on the fit, if it failed its gate; neurons whose responses never varied; numbers of
    spikes and patterns that never occurred; for each stimulus the number of spikes whose reward was learned least, with
    the width of its 90 % interval relative to the prior's; parameters of which almost nothing was learned (relative
    width at least 0.9); and the assumptions. The numbers are those of `contraction` and of `constant_data/weights`.

    Args:
        posterior: The tree that `infer` returned.
        allow_failed: Whether to continue if the fit failed its gate.

    Returns:
        Sentences.

    Raises:
        InputError: If the tree is not what `infer` returned, its system is not a circuit, or its gate failed.

    >>> any("coding cost" in sentence for sentence in blind_spots(posterior))
    True
    """
    fit = Fit(posterior).require(Capability.BLIND_SPOTS).require_passed(allow_failed)
    _, _, weights = rewards_in_gauge(fit)
    return (
        *([] if fit.passed else [fit.verdict]),
        *_constant_neurons(fit, weights),
        *_never_seen(weights, fit.system.state_classes()["reward_per_count"][1]),
        *_least_learned(contraction(posterior, allow_failed=True), fit.parameters),
        *_assumed(fit, weights),
    )


def _constant_neurons(fit: Fit, weights: xr.DataArray) -> Iterator[str]:
    lesions = fit.recordings[["silenced", "forced"]].any("recording")
    num_neurons, names = lesions.sizes["neuron"], lesions["neuron"].values
    bits = (weights["pattern"].values[:, None] >> np.arange(num_neurons)[::-1]) & 1
    spikes, total = weights.values @ bits, weights.values.sum(axis=1)
    for i in range(num_neurons):
        for what, exceptions in (("never", spikes[:, i]), ("always", total - spikes[:, i])):
            constant = exceptions == 0
            if not constant.any():
                continue
            under = "" if constant.all() else f" under {_stimuli(weights, np.flatnonzero(constant))}"
            lesion = "silenced" if what == "never" else "forced"
            was = f" (it was {lesion})" if bool(lesions[lesion][i]) else ""
            yield (
                f"Neuron {names[i]} {what} spiked{under}{was}: the data only bound the value of its other answer to "
                "the circuit."
            )


def _never_seen(weights: xr.DataArray, counts: np.ndarray) -> Iterator[str]:
    """Runs of spike counts that never occurred, and patterns that did not though others with as many spikes did."""
    for x, seen in enumerate(weights.values > 0):
        under = _stimuli(weights, [x])
        occurred = np.array([seen[counts == spikes].any() for spikes in range(counts.max() + 1)])
        for first, last in _runs(~occurred):
            yield f"Patterns with {_range(first, last, len(occurred) - 1)} were never observed under {under}."
        rest = occurred[counts] & ~seen
        if rest.any():
            yield (
                f"Under {under}, {rest.sum()} of the {len(seen)} patterns were never observed, though others with as "
                "many spikes were: their rewards follow from the model's structure, its prior, and the fact that the "
                "circuit avoided them."
            )


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]


def _range(first: int, last: int, most: int) -> str:
    if last == most and first < most:
        return f"{first} or more spikes"
    if first == 0 and last > 0:
        return f"{last} or fewer spikes"
    if first == last:
        return f"{first} spike{'s' * (first != 1)}"
    return f"{first} to {last} spikes"


def _least_learned(learned: xr.Dataset, parameters: list[str]) -> Iterator[str]:
    widths = learned["reward_per_count"].sel(statistic="relative_width")
    for x, row in enumerate(widths.transpose("stimulus", "spike_count").values):
        spikes = int(row.argmax())
        yield (
            f"Under {_stimuli(widths, [x])}, the reward of patterns with {_range(spikes, spikes, -1)} was learned "
            f"least: its 90 % interval is {row[spikes]:.2g} times as wide as before the data."
        )
    for name in parameters:
        width = learned[name].sel(statistic="relative_width").values
        wide = int((width >= MIN_RELATIVE_WIDTH).sum())
        if wide:
            entries = (
                f"{wide} of the {width.size} entries of parameter {name}" if width.size > 1 else f"parameter {name}"
            )
            how_wide = f"90 % intervals at least {MIN_RELATIVE_WIDTH} as wide as before"
            yield f"Next to nothing was learned about {entries}: {how_wide}."


def _assumed(fit: Fit, weights: xr.DataArray) -> Iterator[str]:
    if weights.sizes["stimulus"] > 1:
        yield (
            "The reward is known up to a function of the stimulus alone, which no neuron can influence. No "
            "recording of this kind can show whether one stimulus is better for the circuit than another."
        )
    else:
        yield "The reward is known up to its overall level, which no recording of this kind determines."
    source = fit.baseline_kind
    baseline = "given" if source == "given" else f"from mean responses: {source}"
    yield (
        f"The stimulus's transitions T, the baseline p ({baseline}) and the optimality of answers were assumed, not "
        "inferred. Another T or p shifts the reward. The coding cost is the unit of the reward: only their ratio "
        "is known."
    )
    if steps := sorted(set(fit.recordings["updates_per_bin"].values.tolist()) - {0}):
        yield f"The number of updates per bin, {', '.join(map(str, steps))}, was assumed; others change the reward."
    yield from dict.fromkeys(filter(None, map(fit.system.blind_to, fit.observed)))


def _stimuli(labelled: xr.DataArray, which: list[int] | np.ndarray) -> str:
    """Names of stimuli in words."""
    return f"stimulus {' and '.join(str(labelled['stimulus'].values[x]) for x in which)}"
