"""The forward problem for any system: its optimal answers, and recordings of them."""

import warnings
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import DataWarning, InputError, count
from bayes_irl._keys import as_key
from bayes_irl._types import ArrayLike
from bayes_irl.recordings import Answers, CountRecording, Recording, Trajectory
from bayes_irl.systems.base import BaselineKind, Capability, System
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.enumerated import EnumeratedCircuit
from bayes_irl.systems.circuit.network import Network, NeuronOptimum
from bayes_irl.systems.coupled.ascent import CoupledNetwork
from bayes_irl.systems.coupled.coupled_circuit import CoupledCircuit
from bayes_irl.systems.coupled.couplings import Couplings
from bayes_irl.systems.decisions.single_agent import SingleAgent
from bayes_irl.systems.decisions.walker import Walker
from bayes_irl.systems.evidence.decider import Decider
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.evidence.motives import Motives
from bayes_irl.systems.offers.chooser import Chooser
from bayes_irl.systems.offers.offers import Offers
from bayes_irl.systems.offers.valuation import Valuation
from bayes_irl.systems.population.population_network import PopulationNetwork

Baseline = BaselineKind | ArrayLike


@overload
def optimize(
    system: Circuit, reward: ArrayLike, coding_cost: float, baseline: Baseline = ..., start: ArrayLike | None = ...
) -> Network: ...
@overload
def optimize(
    system: CoupledCircuit,
    reward: ArrayLike,
    coding_cost: float,
    baseline: Baseline = ...,
    start: Couplings | Sequence[Couplings] | None = ...,
) -> CoupledNetwork: ...
@overload
def optimize(system: Offers, reward: Valuation, coding_cost: float) -> Chooser: ...
@overload
def optimize(system: Evidence, reward: Motives, coding_cost: float) -> Decider: ...
@overload
def optimize(
    system: SingleAgent, reward: ArrayLike, coding_cost: float, baseline: Baseline = ..., start: ArrayLike | None = ...
) -> Walker: ...
def optimize(
    system: Any,
    reward: Any,
    coding_cost: float,
    baseline: Baseline = "neuron",
    start: Any = None,
) -> Any:
    """Find the answers that maximise L = E[r] − λ (1/n) Σ_i E KL(π_i ‖ p_i).

    For fixed p the optimum is exact; then p ← mean responses, and again (a Blahut-Arimoto iteration: L never falls).
    The joint problem can have several optima: the best one from several starts is returned. `objectives` holds L from
    each start; `ended` says how the iteration ended and from which baseline it started.

    Args:
        system: A circuit, a `circuit.coupled()`, a maze, offers or evidence.
        reward: r `[num_stimuli, num_patterns]`, from `bayes_irl.rewards` or your own; of a maze `[1, num_places]`.
            Of offers a `Valuation`, of evidence `MotivesInTime` or `MotivesWhenAsked`.
        coding_cost: λ > 0, in the reward's unit. Of offers and evidence a factor of the reward's own temperature: 1.
        baseline: `"neuron"` (each neuron's own mean response; in a maze the mean distribution of moves),
            `"population"` (the neurons' common mean), `"history"` (of a circuit: each neuron's own mean response after
            its own last response), or given numbers, which are held: `[num_neurons]` (`[num_neurons, 2]` after the own
            last response 0 and 1; `[4]`).
        start: Baseline to begin from, if it adapts: a number or `[num_neurons]` (for `"population"`, their mean
            counts), in a maze `[4]`. By default 0.5, 0.1, 0.9, 0.02 and 0.98 for all neurons; in a maze equal
            probabilities, and each move preferred in turn. For a coupled circuit the initial couplings, one or several.

    Returns:
        The `Network`, the `CoupledNetwork`, or in a maze the `Walker`; look at `converged`, `ended` and `history`. For
        offers the `Chooser`, for evidence the `Decider`, with the probabilities of choices or answers. A solution that
        did not converge raises a `DataWarning`, and its `doubt` says what to do.

    Raises:
        InputError: For a reward of the wrong shape or not finite, λ ≤ 0, a baseline outside (0, 1), or a reward
            of another system.

    >>> import bayes_irl as bi
    >>> circuit = bi.Circuit(2, bi.Stimulus.constant())
    >>> network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target=1), coding_cost=1.0)
    >>> bool((network.history[1:] >= network.history[:-1] - 1e-9).all())
    True
    """
    check_system("system", system).require(Capability.OPTIMIZE)
    optimum = system.optimize(reward, coding_cost, baseline, start)
    if doubt := system.doubt(optimum):
        warnings.warn(doubt, DataWarning, stacklevel=2)
    return optimum


@overload
def simulate(optimum: Chooser, num_updates: int, key: PRNGKeyArray | int) -> np.ndarray: ...
@overload
def simulate(optimum: Decider, num_updates: int, key: PRNGKeyArray | int) -> Answers: ...
@overload
def simulate(optimum: Walker, num_updates: int, key: PRNGKeyArray | int) -> Trajectory: ...
@overload
def simulate(
    optimum: NeuronOptimum,
    num_updates: int,
    key: PRNGKeyArray | int,
    updates_per_bin: int | None = ...,
    bin_width: float = ...,
    num_trials: int | None = ...,
) -> Recording: ...
@overload
def simulate(
    optimum: PopulationNetwork,
    num_updates: int,
    key: PRNGKeyArray | int,
    updates_per_bin: int | None = ...,
    bin_width: float = ...,
    num_trials: int | None = ...,
) -> Any: ...
def simulate(
    optimum: Any,
    num_updates: int,
    key: PRNGKeyArray | int,
    updates_per_bin: int | None = None,
    bin_width: float = 0.01,
    num_trials: int | None = None,
) -> Recording | CountRecording | Trajectory | Answers | np.ndarray:
    """Draw responses, or the moves of a walker, starting from the stationary distribution.

    A population is simulated as parallel trials. Recording starts close to stationarity, after 50 updates per neuron
    from a random start.

    Args:
        optimum: The result of `optimize`; or a `PopulationNetwork`.
        num_updates: Number of updates of single neurons, or of moves; for offers and evidence the number of their
            trials.
        key: A JAX random key, or its seed.
        updates_per_bin: None: record the bins that the stimulus was made for (see `Stimulus.per_update`), or every
            update if it was made for none. k: record bins of k updates; a stimulus that was made for no bins is held
            through each bin and moves k steps at once between bins. A bin's pattern is the one at its end. To infer
            from such bins give the circuit `Stimulus.per_update(recording.transition(), k)`.
        bin_width: Width of bins, in seconds.
        num_trials: For a population, the number of trials of equal length into which updates are divided; a remainder
            is not recorded. By default 100, or fewer if they would have less than 100 bins.

    Returns:
        A recording of updates, or of `num_updates // updates_per_bin` bins; a `CountRecording` of a population whose
        responses are counts; in a maze the trajectory.
        For offers 1 (A) or 0 (B) for every trial; for evidence `Answers`. Pass them to `infer`.

    Raises:
        InputError: If a number is not positive, an argument does not apply to this kind of network, or
            `updates_per_bin` differs from that of the stimulus.

    >>> import jax, bayes_irl as bi
    >>> circuit = bi.Circuit(2, bi.Stimulus.constant())
    >>> network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target=1), coding_cost=1.0)
    >>> bi.simulate(network, num_updates=100, key=jax.random.key(0)).spikes.shape
    (100, 2)
    """
    total = count("num_updates", num_updates)
    system = check_system("optimum", getattr(optimum, "system", optimum))
    system.require(Capability.SIMULATE)
    return system.simulate(optimum, total, as_key(key), updates_per_bin, bin_width, num_trials)


def simulate_under(
    optimum: NeuronOptimum, recording: Recording, key: PRNGKeyArray | int, updates_per_bin: int = 1
) -> Recording:
    """Draw the responses of a network to the sequence of stimuli of a recording, each held through its bin.

    Args:
        optimum: The result of `optimize`.
        recording: The recording with the stimuli and trials; a trial starts with the last pattern of the one before.
        key: A JAX random key, or its seed.
        updates_per_bin: k, updates in each of its bins (1: each bin is an update).

    Returns:
        A recording in bins, of the same length. The first pattern is drawn from ρ(σ | x).
    """
    assert isinstance(optimum.system, EnumeratedCircuit)
    return optimum.system.simulate_under(optimum, recording, as_key(key), count("updates_per_bin", updates_per_bin))


def check_system(argument: str, value: Any) -> Any:
    """Return a system.

    Raises:
        InputError: For anything else.
    """
    if not isinstance(value, System):
        raise InputError.of(
            argument, "a system, such as Circuit, Population, Maze, Decisions, Offers or Evidence", repr(value)
        )
    return value
