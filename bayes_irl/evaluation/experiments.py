"""Find the experiment that best distinguishes claims."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray
from scipy.special import logsumexp

from bayes_irl._checks import InputError
from bayes_irl._keys import as_key
from bayes_irl.inference.fit import Fit
from bayes_irl.inference.gate import MAX_RESIDUAL
from bayes_irl.systems import Capability
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.stimulus import Stimulus

NUM_DRAWS = 100  # of each claim; fewer where they would be more than MOST_NUMBERS numbers
LEAST_DRAWS, MOST_NUMBERS = 20, 50_000_000
SIZES = (10, 100, 1000, 10_000)  # snapshots in a recording
NUM_SIMULATED = 1000  # recordings of each claim, the same number from each draw
MAX_TIE = 2.0  # standard errors of a difference in bits
SWITCHING = 4.0  # times as often, or as rarely
UNCHANGED = "nothing changed"

Predicted = Float[np.ndarray, "num_claims num_draws num_states"]


def tell_apart(
    posteriors: Mapping[str, xr.DataTree],
    *,
    key: PRNGKeyArray | int,
    experiments: Mapping[str, Circuit] | None = None,
) -> xr.Dataset:
    """Rank experiments by their expected information about which of several claims is right.

    Each claim predicts, for each draw s of its reward, the answers of the changed circuit: ρ_ks(σ, x), the probability
    of a snapshot y = (σ, x). All K claims are equally probable a priori (not weighted by how well they explain the
    recording). The expected information gain is the mutual information between claim and outcome. For one snapshot it
    is exact:

        I = H( 1/K Σ_k q_k ) − 1/K Σ_k H(q_k),    q_k = (1/S) Σ_s ρ_ks

    For a recording of N independent snapshots it is simulated, with q_k(y_1 … y_N) = (1/S) Σ_s Π_n ρ_ks(y_n):
    recordings simulated from one draw are scored by the other draws, so that no claim has the advantage of its own
    draw. A recording is never reported to give less information than one snapshot. N is the power of ten from 10 to
    10,000 at which the unchanged circuit gives about half of the information that can be known: with much smaller N no
    experiment gives information, with much larger N all give everything.

    Args:
        posteriors: Trees that `infer` returned, by the name of the claim; all of one circuit.
        key: A JAX random key or its seed, for the simulated recordings.
        experiments: Changed circuits by name. By default each neuron silenced, each forced to spike, and a stimulus
            that changes 4 times as often, or as rarely; and always "nothing changed", that is, more of the same
            recording.

    Returns:
        For each `experiment`, the most informative first: `bits` of a recording, at most log2 K, with its standard
        error `se`; `bits_snapshot`, exact; `tied`, whether it equals the first within two standard errors of their
        difference (both are simulated with the same random numbers); per `claim` the gate's `passed` and `verdict` on
        its fit, and per `draw` also `tuning_curve` E[σ_i | x] and `num_spikes` P(Σ_i σ_i = c | x). Attributes:
        `num_snapshots` N; `sentence`, the outcome in words, with fits that failed their gate; `left_out`, experiments
        whose circuits could not be solved.

    Raises:
        InputError: For fewer than two claims, claims about different circuits, or about other systems than circuits.

    Source:
        Lindley 1956, doi:10.1214/aoms/1177728069. Nested simulation: Rainforth et al. 2024, doi:10.1214/23-STS915.

    >>> found = tell_apart({"count": posterior, "pairs": other}, key=key)
    >>> found["experiment"].values[:3].tolist()
    ['silence neuron 0', 'stimulus changes 4 × more often', 'silence neuron 1']
    """
    fits = {name: Fit(tree).require(Capability.TELL_APART) for name, tree in posteriors.items()}
    circuit = _shared_circuit(list(fits.values()))
    changed = {UNCHANGED: circuit} | dict(default_experiments(circuit) if experiments is None else experiments)
    num_states = circuit.num_stimuli * circuit.num_patterns
    there_are = min(fit.reward_draws().sizes["sample"] for fit in fits.values())
    fitting = int(np.clip(MOST_NUMBERS // (len(fits) * len(changed) * num_states), LEAST_DRAWS, NUM_DRAWS))
    num_draws = min(there_are, fitting)

    def read(optimum: Any) -> tuple[np.ndarray, bool]:
        return np.ravel(optimum.recorded_occupancy), circuit.is_solved(optimum, MAX_RESIDUAL)

    solved = {
        name: [fit.each_optimum(read, each, num_draws) for fit in fits.values()] for name, each in changed.items()
    }
    left_out = [name for name, claims in solved.items() if not all(good for _, good in itertools.chain(*claims))]
    kept = [name for name in changed if name not in left_out]
    if not kept:
        raise InputError.of("posteriors", "circuits that can be solved", "none", "Use float64.")
    share = {name: np.array([[visits for visits, _ in claim] for claim in solved[name]]) for name in kept}
    seed = np.asarray(jax.random.bits(as_key(key), (4,)))
    size = _telling_size(share[kept[0]], seed)
    gains = {name: gains_of_recordings(each, size, seed) for name, each in share.items()}
    once = {name: information(each.mean(axis=1)) for name, each in share.items()}
    bits = {name: max(once[name], _mean(each)) for name, each in gains.items()}
    order = sorted(kept, key=lambda name: -bits[name])
    behind = {name: _standard_error(gains[order[0]] - gains[name]) for name in order}
    axes = ("experiment", "claim", "draw", "stimulus")
    visits = np.stack([share[name].reshape(*share[name].shape[:2], circuit.num_stimuli, -1) for name in order])
    visits /= visits.sum(axis=-1, keepdims=True)
    found = xr.Dataset(
        {
            "bits": ("experiment", [bits[name] for name in order]),
            "se": ("experiment", [_standard_error(gains[name]) for name in order]),
            "bits_snapshot": ("experiment", [once[name] for name in order]),
            "tied": ("experiment", [bits[order[0]] - bits[name] <= MAX_TIE * behind[name] for name in order]),
            "passed": ("claim", [fit.passed for fit in fits.values()]),
            "verdict": ("claim", [fit.verdict for fit in fits.values()]),
            "tuning_curve": ((*axes, "neuron"), visits @ circuit.patterns),
            "num_spikes": ((*axes, "spike_count"), visits @ np.eye(circuit.num_neurons + 1)[circuit.spike_count]),
        },
        coords={"experiment": order, "claim": list(fits), "stimulus": list(circuit.stimulus_labels)},
    )
    sentence = " ".join([*_failures(fits), _sentence(found, size)])
    return found.assign_attrs(sentence=sentence, left_out=", ".join(left_out), num_snapshots=size)


def default_experiments(circuit: Circuit) -> dict[str, Circuit]:
    """Every free neuron silenced or forced to spike, and a stimulus that changes more or less often."""
    free = np.flatnonzero(circuit.free).tolist()
    changed = {f"silence neuron {i}": circuit.silence(i) for i in free if len(free) > 1}
    changed |= {f"force neuron {i} to spike": circuit.force(i) for i in free if len(free) > 1}
    if circuit.num_stimuli > 1:
        away = np.asarray(circuit.transition) - np.eye(circuit.num_stimuli)
        most = 1 / max(1e-12, -np.diag(away).min())  # leaving with certainty is as often as can be
        for factor, words in ((min(SWITCHING, most), "more often"), (1 / SWITCHING, "less often")):
            stimulus = Stimulus(np.eye(len(away)) + factor * away)
            changed[f"stimulus changes {max(factor, 1 / factor):.2g} × {words}"] = circuit.with_stimulus(stimulus)
    return changed


def information(shares: Float[np.ndarray, "num_claims num_outcomes"]) -> float:
    """Mutual information, in bits, between equally probable claims and an outcome that each of them predicts."""
    mixture = shares.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log2(shares / mixture), 0.0)
    return float(max(0.0, terms.sum(axis=1).mean()))


def information_of_recording(shares: Predicted, num_snapshots: int, seed: np.ndarray) -> tuple[float, float]:
    """The same for a recording of independent snapshots, by simulation, and its standard error."""
    gains = gains_of_recordings(shares, num_snapshots, seed)
    return _mean(gains), _standard_error(gains)


def gains_of_recordings(
    shares: Predicted, num_snapshots: int, seed: np.ndarray
) -> Float[np.ndarray, "num_claims num_draws"]:
    """Information about the claim, in bits, from recordings that each draw of each claim makes, on average.

    Recordings are scored by all draws except the one that made them. The draw of the same number is left out of the
    other claims too, so that all claims have equally many. Experiments share their random numbers, so that their
    differences are less noisy than each of them.
    """
    rng, (num_claims, num_draws, num_states) = np.random.default_rng(seed), shares.shape
    log_judges = np.log(np.maximum(shares, 1e-300)).reshape(-1, num_states).T
    makers = shares / shares.sum(axis=2, keepdims=True)
    repeats = max(1, NUM_SIMULATED // num_draws)
    maker = np.repeat(np.arange(num_draws), repeats)
    gains = np.empty((num_claims, num_draws))
    for k, claim in enumerate(makers):
        counts = rng.multinomial(num_snapshots, claim[maker])
        log_prob = (counts @ log_judges).reshape(len(maker), num_claims, num_draws)
        log_prob[np.arange(len(maker)), :, maker] = -np.inf
        evidence = logsumexp(log_prob, axis=2)
        each = evidence[:, k] - logsumexp(evidence, axis=1) + np.log(num_claims)
        gains[k] = each.reshape(num_draws, repeats).mean(axis=1) / np.log(2)
    return gains


def _mean(gains: Float[np.ndarray, "num_claims num_draws"]) -> float:
    return float(max(0.0, gains.mean()))


def _standard_error(gains: Float[np.ndarray, "num_claims num_draws"]) -> float:
    """Of the mean: draws are independent, claims are all there are."""
    num_claims, num_draws = gains.shape
    return float(np.sqrt((gains.var(axis=1, ddof=1) / num_draws).sum()) / num_claims)


def _telling_size(unchanged: Predicted, seed: np.ndarray) -> int:
    """The size of a recording that gives about half of the information that can be known."""
    half = np.log2(len(unchanged)) / 2
    return min(SIZES, key=lambda size: abs(information_of_recording(unchanged, size, seed)[0] - half))


def _shared_circuit(fits: Sequence[Fit]) -> Circuit:
    """The circuit that all claims are about."""
    if len(fits) < 2:
        raise InputError.of("posteriors", "at least two claims", len(fits))
    circuits: list[Any] = [fit.system for fit in fits]
    sizes = [(each.num_neurons, each.num_stimuli) for each in circuits]
    if len(set(sizes)) > 1:
        raise InputError.of("posteriors", "claims about one circuit", f"numbers of neurons and stimuli {sizes}")
    return circuits[0]


def _sentence(found: xr.Dataset, size: int) -> str:
    """The outcome in words."""
    ceiling = np.log2(found.sizes["claim"])
    best, same = found.isel(experiment=0), found.sel(experiment=UNCHANGED)
    worth = f"{size:,} independent snapshots are expected to be worth {float(best['bits']):.2g}"
    if same["tied"]:
        return (
            f"No change distinguishes these claims better than more of the same recording: {worth} of at most "
            f"{ceiling:.2g} bits."
        )
    names = [str(name) for name in found["experiment"].values[found["tied"].values]]
    told = (
        f"The most telling experiment: {names[0]}."
        if len(names) == 1
        else f"The most informative experiments, which this simulation cannot rank: {'; '.join(names)}."
    )
    return f"{told} {worth} of at most {ceiling:.2g} bits, against {float(same['bits']):.2g} without a change."


def _failures(fits: Mapping[str, Fit]) -> list[str]:
    """What is to be known before any number, where a fit failed."""
    failed = [f"“{name}”" for name, fit in fits.items() if not fit.passed]
    if not failed:
        return []
    return [f"Read the verdicts first: {', '.join(failed)} failed the gate, and their predictions may be wrong."]
