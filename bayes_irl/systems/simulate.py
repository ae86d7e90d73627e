"""Recordings of networks and walkers whose answers are known."""

from typing import overload

from jaxtyping import PRNGKeyArray

from bayes_irl._checks import InputError, count
from bayes_irl.recordings import Recording, Trajectory
from bayes_irl.systems.circuit.network import Network
from bayes_irl.systems.circuit.responses import draw_bins, draw_under, draw_updates
from bayes_irl.systems.maze.walk import draw_walk
from bayes_irl.systems.maze.walker import Walker
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.trials import draw_trials


@overload
def simulate(
    network: Network,
    num_updates: int,
    key: PRNGKeyArray,
    updates_per_bin: int | None = None,
    bin_width: float = 0.01,
) -> Recording: ...
@overload
def simulate(
    network: PopulationNetwork,
    num_updates: int,
    key: PRNGKeyArray,
    updates_per_bin: int | None = None,
    bin_width: float = 0.01,
    num_trials: int | None = None,
) -> Recording: ...
@overload
def simulate(network: Walker, num_updates: int, key: PRNGKeyArray) -> Trajectory: ...
def simulate(
    network: Network | PopulationNetwork | Walker,
    num_updates: int,
    key: PRNGKeyArray,
    updates_per_bin: int | None = None,
    bin_width: float = 0.01,
    num_trials: int | None = None,
) -> Recording | Trajectory:
    """Draw the responses of a network, or the moves of a walker, from its stationary distribution on.

    A population too large to enumerate is drawn as trials that run side by side, each from near stationarity: after 50
    updates per neuron from a random start.

    Args:
        network: from `optimize`; or a population with a value.
        num_updates: how many updates of single neurons, or moves.
        key: a JAX random key.
        updates_per_bin: None to record every update; k to record bins of k updates, through which the stimulus is
            held: it moves k steps at once between bins. A bin's pattern is the one at its end.
        bin_width: of bins, in seconds.
        num_trials: of a population: into how many trials of equal length the updates are divided; what is left over is
            not recorded. By default 100, or fewer where they would have less than 100 bins.

    Returns:
        A recording of updates, or of `num_updates // updates_per_bin` bins; in a maze the trajectory.

    Raises:
        InputError: if a number is not positive, or an argument is not of this kind of network.

    >>> import jax, bayes_irl as bi
    >>> circuit = bi.Circuit(2, bi.Stimulus.constant())
    >>> network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target=1), coding_cost=1.0)
    >>> bi.simulate(network, num_updates=100, key=jax.random.key(0)).spikes.shape
    (100, 2)
    """
    total = count("num_updates", num_updates)
    if isinstance(network, PopulationNetwork):
        held = None if updates_per_bin is None else count("updates_per_bin", updates_per_bin)
        return draw_trials(network, key, total, held, bin_width, num_trials)
    if num_trials is not None:
        raise InputError.of("num_trials", "none: only populations are drawn in trials", num_trials)
    if isinstance(network, Walker):
        if updates_per_bin is not None:
            raise InputError.of("updates_per_bin", "none: a walk is recorded move by move", updates_per_bin)
        return draw_walk(network, key, total)
    if updates_per_bin is None:
        return draw_updates(network, key, total)
    held = count("updates_per_bin", updates_per_bin)
    return draw_bins(network, key, count("num_updates // updates_per_bin", total // held), held, bin_width)


def simulate_under(network: Network, recording: Recording, key: PRNGKeyArray, updates_per_bin: int = 1) -> Recording:
    """Draw the responses of a network to the very stimuli of a recording, each held through its bin.

    Args:
        network: from `optimize`.
        recording: whose stimuli and trials they are; a trial begins where the one before has ended.
        key: a JAX random key.
        updates_per_bin: k, updates in each of its bins (1: each bin is an update).

    Returns:
        A recording in bins, of the same length. The first pattern is drawn from ρ(σ | x).
    """
    return draw_under(network, recording, key, count("updates_per_bin", updates_per_bin))
