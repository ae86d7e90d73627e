"""The sessions of a population, as answers whose log-odds are linear in the parameters of a model of its value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, UInt8

from bayes_irl._checks import InputError
from bayes_irl.generative import as_model
from bayes_irl.inference.drift.logistic_rows import Calibrated, LogisticRows, Rows
from bayes_irl.inference.drift.walking_value import First, Implied, WalkingValue, walking_value
from bayes_irl.inference.scores.scored_bins import ScoredBins, look
from bayes_irl.inference.scores.value_family import Named, ValueFamily
from bayes_irl.systems import Circuit, Observations, Population
from bayes_irl.systems.base import check_kind
from bayes_irl.systems.population.features import FeatureValue, as_variables, implied_reward, values
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.population import VALUE_AXES
from bayes_irl.systems.population.precision import single

MOST_PATTERNS = 200  # recorded patterns at which rewards are reported
MIN_CURVATURE = 1.0  # per squared nat, of a parameter that the recording determines
WEAK_WIDTH = 2.0  # nats, of the prior of a session by itself
MOST_STEPS, LONGEST_STEP, SETTLED = 20, 2.0, 1e-3  # of its parameters, in nats
IN_NATS = "nats per update (coding cost = 1)"


@walking_value.register
def _(system: Population, recording: Any, model: Any, baseline: Any) -> WalkingValue:
    return _walking(system, recording, model, baseline)


@walking_value.register
def _(system: Circuit, recording: Any, model: Any, baseline: Any) -> WalkingValue:
    many = Population(system.num_neurons, system.stimulus, system.silenced, system.forced, system.unit_ids)
    return _walking(many, recording, model, baseline)


def _walking(population: Population, recording: Any, model: Any, baseline: Any) -> WalkingValue:
    """The sessions, with one p for all of them, and the model's prior."""
    observed = _observe(population, recording, baseline)
    claim = as_model("independent_tuning" if model is None else model)
    family = ValueFamily(claim, Observations((observed[0],), None, "given"))
    moved = _linear(family)
    places = {
        name: np.asarray(at, int) for name, at in family.named(np.arange(float(family.num_dimensions)), {}).items()
    }
    rows = [_rows(each, moved) for each in observed]
    sessions, tempers = (rows, {}) if observed[0].updates else _calibrated(family, observed, rows, places)
    spreads, unravel = ravel_pytree(dict(family.start_spreads))
    mine = observed[0].system
    stored = [mine.store().merge(each.store(), combine_attrs="override") for each in observed]
    return WalkingValue(
        sessions=sessions,
        places=places,
        dims={name: claim.dims.get(name, [f"{name}_{k}" for k in range(at.ndim)]) for name, at in places.items()},
        coords=mine.axes().coords,
        spreads=np.asarray(spreads, float),
        first=lambda flat: _first(family, unravel(jnp.asarray(flat))),
        implied=partial(_implied, family, observed),
        labels=None,
        system=xr.concat(stored, "recording", combine_attrs="override"),
        attrs={"model": claim.name, "claim": claim.claim, "observed": observed[0].kind, "units": IN_NATS}
        | {"baseline": baseline if isinstance(baseline, str) else "given"}
        | {f"temper_{name}": temper for name, temper in tempers.items()},
    )


def _first(family: ValueFamily, spreads: Named) -> First:
    """The model's prior, which is Normal given its spreads."""
    precision = np.asarray(family.prior_matrix(np.zeros(family.num_dimensions), spreads), float)
    mean = np.linalg.solve(precision, np.asarray(family.prior_score(np.zeros(len(precision)), spreads), float))
    log_constant = 0.5 * (np.linalg.slogdet(precision)[1] - len(mean) * np.log(2 * np.pi))
    return First(mean, precision, float(family.log_prior(mean, spreads)) - float(log_constant))


def _implied(
    family: ValueFamily,
    observed: Sequence[ObservedPopulation],
    draws: Float[np.ndarray, "num_draws num_sessions num_parameters"],
) -> Implied:
    """The value, and r = v − T B(v) at the patterns recorded most often, less its mean under each stimulus."""
    patterns, shown, times = _most_frequent(observed)
    given, baseline, columns = jnp.asarray(patterns, float), observed[0].baseline, np.arange(len(shown))

    @jax.jit
    @jax.vmap
    def of(parameters: Array) -> tuple[dict[str, Array], Array]:
        value = family.value(parameters, family.start_spreads)
        rewards = implied_reward(family.data.population, value, given, baseline)
        return as_variables(value), rewards[columns, shown]

    each = [jax.tree.map(np.asarray, of(jnp.asarray(draw))) for draw in draws]
    value, reward = jax.tree.map(lambda *leaves: np.stack(leaves), *each)
    for x in np.unique(shown):
        here = shown == x
        reward[..., here] -= np.average(reward[..., here], axis=-1, weights=times[here])[..., None]
    of_patterns = {
        "spikes": (("recorded_pattern", "neuron"), patterns),
        "shown": ("recorded_pattern", shown),
        "count": ("recorded_pattern", times),
    }
    return Implied(
        {"reward": (("session", "recorded_pattern"), reward)},
        {name: (("session", *VALUE_AXES[name]), numbers) for name, numbers in value.items()},
        {"patterns": xr.Dataset(of_patterns)},
    )


def _observe(population: Population, recording: Any, baseline: Any) -> list[ObservedPopulation]:
    """Observe every session with one p: by default each neuron's mean response over all sessions.

    Raises:
        InputError: If recordings are not a list, are of different neurons, or of different kinds.
    """
    if not isinstance(recording, list | tuple):
        expected = "a list of recordings, one per session, in the order in which they were made"
        raise InputError.of("recordings", expected, type(recording).__name__)
    names = [getattr(each, "unit_ids", None) for each in recording]
    if len({each for each in names if each is not None}) > 1:
        advice = "Keep the neurons that were recorded in every session: bi.pick_neurons."
        raise InputError.of("recordings", "the same neurons in every session", "different names", advice)
    named = population.named_after(recording[0])
    kind = baseline if isinstance(baseline, str) else "neuron"
    first = [named.observe(each, kind if kind == "population" else check_kind(kind, named)) for each in recording]
    if len({each.updates for each in first}) > 1:
        raise InputError.of("recordings", "updates in all sessions, or bins in all", "both")
    if named.responses.counted:
        advice = "Keep 0 and 1 by Recording.from_counts, and a Population without `responses`."
        raise InputError.of("system", "responses of 0 and 1, for a drift", "spike counts", advice)
    p = np.mean([np.asarray(each.baseline) for each in first], axis=0) if isinstance(baseline, str) else baseline
    return [named.observe(each, p) for each in recording]


def _linear(family: ValueFamily) -> FeatureValue:
    """How the value moves with each parameter.

    Raises:
        InputError: If the value is not linear in its parameters, has terms `with_count`, or the prior is not Normal.
    """
    zero, spreads = np.zeros(family.num_dimensions), family.start_spreads
    there = np.random.default_rng(0).normal(size=family.num_dimensions)
    moved, again = family.jacobian(zero, spreads), family.jacobian(there, spreads)
    still = family.value(zero, spreads)
    same = all(np.allclose(*pair) for pair in zip(jax.tree.leaves(moved), jax.tree.leaves(again), strict=True))
    if not same or any(np.asarray(leaf).any() for leaf in jax.tree.leaves(still)) or moved.with_count is not None:
        advice = "Use independent_tuning, large_population or pairs_by_stimulus, or one like them."
        expected = "a value linear in its parameters, of pairs, fields and the number of spikes"
        raise InputError.of("model", expected, family.model.name, advice)
    if not np.allclose(family.prior_matrix(zero, spreads), family.prior_matrix(there, spreads)):
        raise InputError.of("model", "a Normal prior of the value's parameters", family.model.name)
    return jax.tree.map(lambda leaf: np.asarray(leaf, float), moved)


def _rows(observed: ObservedPopulation, moved: FeatureValue) -> LogisticRows:
    """The objective of one session, as in `ScoredBins`: for updates the log likelihood."""
    recording, world = observed.counts, observed.population
    size = world.num_stimuli
    spikes, shown = recording.spikes(slice(None)), recording.stimulus
    share = np.asarray(world.stimulus_share)
    ahead = np.eye(size) if observed.updates else np.asarray(world.snapshot_transition)
    weight = np.ones(size) if observed.updates else share / share.sum() * len(shown) / recording.stimulus_counts
    odds = np.log(observed.baseline) - np.log1p(-np.asarray(observed.baseline))
    linear, rows = _of_values(observed, moved, weight, ahead), []
    for neuron in np.flatnonzero(world.free):
        mine = np.arange(len(shown)) if recording.neuron is None else np.flatnonzero(recording.neuron == neuron)
        bins, stimulus = np.nonzero(ahead[shown[mine]])
        counts = (weight[:, None] * ahead)[shown[mine][bins], stimulus]
        bins = mine[bins]
        contexts = _Contexts.of(moved, int(neuron), spikes, bins, stimulus)
        features = contexts.design()
        rows.append(
            Rows(
                contexts.columns,
                contexts.design,
                np.full(len(contexts.stimulus), odds[neuron]),
                np.bincount(contexts.of_row, counts, len(contexts.stimulus)),
            )
        )
        spiking = np.bincount(contexts.of_row, counts * spikes[bins, neuron], len(contexts.stimulus))
        linear[contexts.columns] += spiking @ features
    return LogisticRows(linear, rows)


def _of_values(
    observed: ObservedPopulation,
    moved: FeatureValue,
    weight: Float[np.ndarray, " num_stimuli"],
    ahead: Float[np.ndarray, "num_stimuli num_stimuli"],
) -> Float[np.ndarray, " num_parameters"]:
    """What the moving stimulus changes: n Σ_bins w(x) [v(σ, x) − Σ_x′ T[x, x′] v(σ, x′)] of each parameter."""
    recording = observed.counts
    if observed.updates:
        return np.zeros(len(moved.fields))
    patterns = jnp.asarray(recording.spikes(slice(None)), float)
    counts = jnp.asarray(weight[recording.stimulus][:, None] * (np.eye(len(weight)) - ahead)[recording.stimulus])
    like = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape[1:]), moved)
    slope = jax.grad(lambda value: (counts * values(value, patterns)).sum())(like)
    parts = [
        np.tensordot(leaf, np.asarray(each), each.ndim)
        for leaf, each in zip(jax.tree.leaves(moved), jax.tree.leaves(slope), strict=True)
    ]
    return observed.population.num_neurons * np.sum(parts, axis=0)


@dataclass(frozen=True)
class _Contexts:
    """Distinct contexts of one neuron: what its log-odds depend on.

    Attributes:
        moved: Derivatives of the value in the parameters that move this neuron's log-odds.
        neuron: The neuron.
        columns: Numbers of these parameters.
        others: Responses of the other neurons; its own is 0.
        stimulus: x′.
        number: Spikes of the others.
        of_row: The context of each row that was asked for.
    """

    moved: FeatureValue
    neuron: int
    columns: Int[np.ndarray, " num_columns"]
    others: UInt8[np.ndarray, "num_contexts num_neurons"]
    stimulus: Int[np.ndarray, " num_contexts"]
    number: Int[np.ndarray, " num_contexts"]
    of_row: Int[np.ndarray, " num_rows"]

    @classmethod
    def of(
        cls, moved: FeatureValue, neuron: int, spikes: np.ndarray, bins: np.ndarray, stimulus: np.ndarray
    ) -> "_Contexts":
        """Of bins, each under a stimulus."""
        steps = np.zeros((len(moved.fields), 1)) if moved.by_count is None else np.diff(moved.by_count, axis=2)
        by_pairs = moved.pairs[:, :, neuron].any(axis=(1, 2))
        by_count = steps.reshape(len(steps), -1).any(axis=1)
        columns = np.flatnonzero(by_pairs | by_count | moved.fields[:, :, neuron].any(axis=1))
        others = spikes[bins].astype(np.uint8)
        others[:, neuron] = 0
        number = others.sum(axis=1, dtype=np.int32)
        if not by_pairs.any():
            others = np.zeros_like(others)
        if not by_count.any():
            number = np.zeros_like(number)
        key = np.column_stack([np.packbits(others, axis=1), stimulus, number])
        _, first, of_row = np.unique(key, axis=0, return_index=True, return_inverse=True)
        some = jax.tree.map(lambda leaf: leaf[columns], moved)
        return cls(some, neuron, columns, others[first], stimulus[first], number[first], of_row.reshape(-1))

    def design(self) -> Float[np.ndarray, "num_contexts num_columns"]:
        """What a spike adds to the value, of each parameter: pairs with the others, its field, one more spike."""
        pairs = self.moved.pairs[:, :, self.neuron]
        found = self.moved.fields[:, self.stimulus, self.neuron].T.copy()
        if pairs.any():
            sets = self.stimulus if pairs.shape[1] > 1 else np.zeros_like(self.stimulus)
            for k in np.unique(sets):
                found[sets == k] += self.others[sets == k].astype(float) @ pairs[:, k].T
        if self.moved.by_count is not None:
            found += np.diff(self.moved.by_count, axis=2)[:, self.stimulus, self.number].T
        return np.asarray(found)


def _calibrated(
    family: ValueFamily,
    observed: Sequence[ObservedPopulation],
    sessions: Sequence[LogisticRows],
    places: Mapping[str, Int[np.ndarray, "..."]],
) -> tuple[list[Calibrated], dict[str, float]]:
    """Sessions in bins, whose objective is no likelihood, made as curved as they are informative; and by how much.

    A temper is the curvature over the variance of scores between trials, at each session's best parameters: one for
    each named parameter, since the neurons of a bin tell more of single ones than of what they have in common.
    """
    centres = []
    curvature, variance = np.zeros(family.num_dimensions), np.zeros(family.num_dimensions)
    first = ScoredBins.of(observed[0])  # blocks of one size, so that one program serves all sessions
    for each, session in zip(observed, sessions, strict=True):
        flat, own = _best(session)
        pull = jax.tree_util.Partial(family.pull, *single((flat, family.start_spreads)))
        evidence = ScoredBins.of(each).in_blocks_of(first)
        scores = look(evidence, family.value(flat, family.start_spreads), pull).of_clusters.astype(float)
        variance += len(scores) / (len(scores) - 1) * (scores**2).sum(axis=0)
        curvature += own
        centres.append(flat)
    told = (curvature > MIN_CURVATURE) & (variance > 0)
    tempers, scale = {}, np.ones(family.num_dimensions)
    for name, at in places.items():
        known = at.reshape(-1)[told[at.reshape(-1)]]
        tempers[name] = float(np.median(curvature[known] / variance[known])) if known.size else 1.0
        scale[at.reshape(-1)] = np.sqrt(tempers[name])
    return [Calibrated(*each, scale) for each in zip(sessions, centres, strict=True)], tempers


def _best(session: LogisticRows) -> tuple[np.ndarray, Float[np.ndarray, " num_parameters"]]:
    """The parameters of one session, with a weak prior, and the diagonal of the curvature there."""
    flat, weak = np.zeros(len(session.linear)), np.eye(len(session.linear)) / WEAK_WIDTH**2
    for _ in range(MOST_STEPS):
        _, slope, curvature = session(flat)
        step = np.linalg.solve(curvature + weak, slope - weak @ flat)
        flat = flat + step * min(1.0, LONGEST_STEP / np.abs(step).max())
        if np.abs(step).max() < SETTLED:
            break
    return flat, np.diag(curvature)


def _most_frequent(observed: Sequence[ObservedPopulation]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Recorded patterns with their stimulus, the most frequent ones of all sessions, and how often they came up."""
    packed = np.concatenate([np.column_stack([each.counts.stimulus, each.counts.bits]) for each in observed])
    rows, times = np.unique(packed, axis=0, return_counts=True)
    kept = np.sort(np.argsort(-times, kind="stable")[:MOST_PATTERNS])
    bits = rows[kept, 1:].astype(np.uint8)
    patterns = np.unpackbits(bits, axis=1, count=observed[0].population.num_neurons)
    return patterns, rows[kept, 0], times[kept]
