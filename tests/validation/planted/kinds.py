"""What can be wrong with a model: each kind planted in a recording of known truth, with the fit that does not know."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from walks import as_spikes, coupled_chances, spike_chances, stimuli, walk

import bayes_irl as bi

NUM = 5
UPDATES, BINS, K = 100_000, 20_000, 5
T_UPDATE = np.array([[0.98, 0.02], [0.03, 0.97]])
T_BIN = np.array([[0.96, 0.04], [0.06, 0.94]])
WIDTH = 0.01  # s
RATE = K / (NUM * WIDTH)  # Hz per neuron: K updates in a bin
BASELINE = np.array([0.3, 0.35, 0.4, 0.45, 0.5])


@dataclass(frozen=True)
class Asked:
    """What `infer` is asked: a model, a system, what was recorded and a baseline."""

    model: str
    circuit: bi.Circuit
    recording: Any
    baseline: Any = "neuron"


@cache
def truth(bins: bool, seed: int) -> bi.Network:
    """An optimal circuit with a reward of pairs, that of its fits by `pairwise`."""
    rng = np.random.default_rng(1000 + seed)
    stimulus = bi.Stimulus.per_update(T_BIN, K) if bins else bi.Stimulus(T_UPDATE)
    circuit = bi.Circuit(NUM, stimulus)
    weights, fields = rng.normal(0, 0.35, NUM * (NUM - 1) // 2), rng.normal(0, 0.35, (2, NUM))
    reward = bi.rewards.pairwise(circuit, jnp.asarray(weights), jnp.asarray(fields))
    return bi.optimize(circuit, reward, 1.0, BASELINE)


def held(length: int, rng: np.random.Generator, transition: np.ndarray = T_BIN, k: int = K) -> np.ndarray:
    """The stimulus of each update, held through bins."""
    return np.repeat(stimuli(transition, length, rng), k)


def updates(chances: Any, rng: np.random.Generator, length: int = UPDATES, **planted: Any) -> bi.Recording:
    """A recording of single updates."""
    shown = stimuli(planted.pop("transition", T_UPDATE), length, rng)
    states, neurons = walk(chances, shown, rng, **planted)
    num = chances[0].shape[-1]
    return bi.Recording.from_arrays(as_spikes(states, num), shown, neuron=neurons, num_stimuli=2)


def bins(
    chances: Any,
    rng: np.random.Generator,
    length: int = BINS,
    k: int = K,
    trial_bins: int | None = None,
    **planted: Any,
) -> bi.Recording:
    """A recording in bins through which the stimulus is held; with trials that start silent, if so long."""
    transition = planted.pop("transition", T_BIN)
    shown, trial = held(length, rng, transition, k), None
    if trial_bins:
        trial = np.arange(length) // trial_bins
        restart = np.zeros(length * k, bool)
        restart[:: trial_bins * k] = True
        planted["restart"] = restart
    states, _ = walk(chances, shown, rng, **planted)
    num = chances[0].shape[-1]
    return bi.Recording.from_arrays(
        as_spikes(states[k - 1 :: k], num), shown[k - 1 :: k], num_stimuli=2, bin_width=WIDTH, trial=trial
    )


def asymmetric(seed: int) -> np.ndarray:
    """Chances of neurons whose couplings no reward explains: normal, no symmetry."""
    rng = np.random.default_rng(2000 + seed)
    couplings = rng.normal(0, 0.8, (NUM, NUM))
    return coupled_chances(couplings, rng.normal(-0.5, 0.5, (2, NUM)))


def unequal_costs(seed: int) -> np.ndarray:
    """Chances of neurons with coding costs between 0.5 and 2 for one value of pairs."""
    rng = np.random.default_rng(3000 + seed)
    symmetric = np.triu(rng.normal(0, 0.8, (NUM, NUM)), 1)
    costs = np.array([0.5, 0.75, 1.0, 1.5, 2.0])[:, None]
    return coupled_chances((symmetric + symmetric.T) / costs, rng.normal(-0.5, 0.5, (2, NUM)))


def hub(seed: int) -> np.ndarray:
    """Chances of six neurons, the last of which is coupled to all others by 1.5 nats, either way."""
    rng = np.random.default_rng(4000 + seed)
    couplings = np.triu(rng.normal(0, 0.35, (NUM + 1, NUM + 1)), 1)
    couplings[:NUM, NUM] = 1.5 * np.sign(rng.normal(size=NUM))
    couplings = couplings + couplings.T
    return coupled_chances(couplings, rng.normal(-0.5, 0.3, (2, NUM + 1)) - couplings[NUM] / 2)


def missed(recording: bi.Recording, share: float, rng: np.random.Generator) -> bi.Recording:
    """Every spike is missed with this probability."""
    return _other_spikes(recording, recording.spikes * (rng.random(recording.spikes.shape) >= share))


def reassigned(recording: bi.Recording, share: float, rng: np.random.Generator) -> bi.Recording:
    """Every spike of a neuron is taken for one of the next neuron with this probability."""
    wrong = recording.spikes * (rng.random(recording.spikes.shape) < share)
    spikes = np.maximum(recording.spikes - wrong, np.roll(wrong, 1, axis=1))
    return _other_spikes(recording, spikes)


def _other_spikes(recording: bi.Recording, spikes: np.ndarray) -> bi.Recording:
    return bi.Recording.from_arrays(
        spikes, recording.stimulus, num_stimuli=2, bin_width=WIDTH, trial=recording.trial, neuron=recording.neuron
    )


def twice(recording: bi.Recording, times: int = 2) -> bi.Recording:
    """The recording, repeated."""
    neuron = None if recording.neuron is None else np.tile(recording.neuron, times)
    return bi.Recording.from_arrays(
        np.tile(recording.spikes, (times, 1)),
        np.tile(recording.stimulus, times),
        num_stimuli=2,
        bin_width=WIDTH,
        neuron=neuron,
    )


def without_neuron(recording: bi.Recording) -> bi.Recording:
    """The last neuron was not recorded: neither its spikes nor its updates."""
    if recording.neuron is None:
        return recording.select(np.arange(recording.num_neurons - 1))
    kept = recording.neuron < recording.num_neurons - 1
    return bi.Recording.from_arrays(
        recording.spikes[kept, :-1], recording.stimulus[kept], neuron=recording.neuron[kept], num_stimuli=2
    )


Plant = Callable[[int, np.random.Generator], Asked]


def _circuit(bins_: bool, num: int = NUM) -> bi.Circuit:
    return bi.Circuit(num, bi.Stimulus.per_update(T_BIN, K) if bins_ else bi.Stimulus(T_UPDATE))


def _snapshots(recording: bi.Recording) -> Asked:
    return Asked("pairwise", _circuit(True, recording.num_neurons), recording.snapshots())


def _transitions(recording: bi.Recording, rate: float = RATE) -> Asked:
    return Asked("pairwise", _circuit(True, recording.num_neurons), recording.transitions(rate))


def _updates(recording: bi.Recording) -> Asked:
    return Asked("pairwise", _circuit(False, recording.num_neurons), recording)


def _good(bins_: bool, seed: int) -> np.ndarray:
    return spike_chances(truth(bins_, seed))


def _wrong_k(seed: int, rng: np.random.Generator) -> Asked:
    """Bins of 5 updates, taken to be of 15."""
    k = 3 * K
    circuit = bi.Circuit(NUM, bi.Stimulus.per_update(T_BIN, k))
    return Asked("pairwise", circuit, bins(_good(True, seed), rng).transitions(3 * RATE))


def _slow_bins(seed: int, rng: np.random.Generator) -> Asked:
    """Snapshots, with T that leaves its states five times as often as the stimulus does."""
    return _snapshots(bins(_good(True, seed), rng, transition=np.eye(2) + (T_BIN - np.eye(2)) / 5))


def _halves(bins_: bool, seed: int) -> list[np.ndarray]:
    """Two rewards, one for each half of the recording."""
    return [_good(bins_, seed), _good(bins_, seed + 500)]


def _shuffled(seed: int, rng: np.random.Generator) -> Asked:
    recording = bins(_good(True, seed), rng)
    order = rng.permutation(recording.num_bins)
    return _transitions(bi.Recording.from_arrays(recording.spikes[order], recording.stimulus[order], bin_width=WIDTH))


def _joined(seed: int, rng: np.random.Generator) -> Asked:
    """Trials of 25 bins that start silent, taken for one unbroken recording."""
    recording = bins(_good(True, seed), rng, trial_bins=25)
    return _transitions(bi.Recording.from_arrays(recording.spikes, recording.stimulus, bin_width=WIDTH))


def _price_of_wrong_baseline(seed: int, rng: np.random.Generator) -> Asked:
    """p = 0.5 where it is 0.3 to 0.5: the reward takes a price per spike instead, and all answers stay as they are."""
    return Asked("pairwise", _circuit(False), updates(_good(False, seed), rng), 0.5)


def _wrong_reward(seed: int, rng: np.random.Generator) -> Asked:
    """A reward of pairs, fitted by one that depends on the number of spikes."""
    return Asked("spike_count", _circuit(False), updates(_good(False, seed), rng))


WRONG: dict[str, Plant] = {
    "no reward exists, snapshots": lambda seed, rng: _snapshots(bins(asymmetric(seed), rng)),
    "no reward exists, updates": lambda seed, rng: _updates(updates(asymmetric(seed), rng)),
    "refractory, snapshots": lambda seed, rng: _snapshots(bins(_good(True, seed), rng, refractory=2 * K)),
    "refractory, transitions": lambda seed, rng: _transitions(bins(_good(True, seed), rng, refractory=2 * K)),
    "refractory, updates": lambda seed, rng: _updates(updates(_good(False, seed), rng, refractory=2 * K)),
    "10 % of spikes missed, snapshots": lambda seed, rng: _snapshots(missed(bins(_good(True, seed), rng), 0.1, rng)),
    "10 % of spikes taken for another neuron's, snapshots": lambda seed, rng: _snapshots(
        reassigned(bins(_good(True, seed), rng), 0.1, rng)
    ),
    "baseline plugged in wrongly, updates": _price_of_wrong_baseline,
    "one of 6 neurons not recorded, updates": lambda seed, rng: _updates(without_neuron(updates(hub(seed), rng))),
    "one of 6 neurons not recorded, snapshots": lambda seed, rng: _snapshots(without_neuron(bins(hub(seed), rng))),
    "T five times wrong, updates": lambda seed, rng: _updates(
        updates(_good(False, seed), rng, transition=np.eye(2) + (T_UPDATE - np.eye(2)) / 5)
    ),
    "k three times wrong, transitions": _wrong_k,
    "reward changes halfway, updates": lambda seed, rng: _updates(updates(_halves(False, seed), rng)),
    "bins shuffled, transitions": _shuffled,
    "trials joined, transitions": _joined,
    "wrong reward model, updates": _wrong_reward,
    "recording twice, updates": lambda seed, rng: _updates(twice(updates(_good(False, seed), rng, UPDATES // 2))),
}
MORE: dict[str, Plant] = {
    "unequal coding costs, updates": lambda seed, rng: _updates(updates(unequal_costs(seed), rng)),
    "T five times wrong, snapshots": _slow_bins,
    "reward changes halfway, snapshots": lambda seed, rng: _snapshots(bins(_halves(True, seed), rng)),
    "recording eight times, snapshots": lambda seed, rng: _snapshots(twice(bins(_good(True, seed), rng, BINS // 8), 8)),
}
RIGHT: dict[str, Plant] = {
    "updates": lambda seed, rng: _updates(updates(_good(False, seed), rng)),
    "transitions": lambda seed, rng: _transitions(bins(_good(True, seed), rng)),
    "snapshots": lambda seed, rng: _snapshots(bins(_good(True, seed), rng)),
    "transitions of trials that start silent": lambda seed, rng: _transitions(
        bins(_good(True, seed), rng, trial_bins=50)
    ),
}
