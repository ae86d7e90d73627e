"""Draw the responses of a population, update by update, in parallel trials."""

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import InputError, count
from bayes_irl.recordings import CountRecording, Recording
from bayes_irl.systems.population.chains import proceed, stationary_chains
from bayes_irl.systems.population.population_network import PopulationNetwork

NUM_TRIALS = 100  # default, if each trial then has at least this many bins


def draw_trials(
    network: PopulationNetwork,
    key: PRNGKeyArray,
    num_updates: int,
    updates_per_bin: int | None,
    held: bool,
    bin_width: float,
    num_trials: int | None,
) -> Recording | CountRecording:
    """Record independent runs as trials of equal length. Each starts close to stationarity.

    Every run begins with a pattern drawn from the baseline and a stimulus drawn from its long-run shares. Recording
    starts after 50 updates per neuron.
    """
    steps = 1 if updates_per_bin is None else updates_per_bin
    total = count("num_updates // updates_per_bin", num_updates // steps)
    number = max(1, min(NUM_TRIALS, total // NUM_TRIALS)) if num_trials is None else count("num_trials", num_trials)
    if number > total:
        raise InputError.of("num_trials", f"at most {total}, one bin (or update) in each", number)
    start_key, run_key = jax.random.split(key)
    spacing, together = (1, steps) if held else (steps, 1)
    chains = stationary_chains(network, start_key, number, held=together)
    _, visits = proceed(network, chains, run_key, total // number, spacing, together)
    length = total // number

    def in_order(array: jax.Array) -> np.ndarray:
        """Concatenate the trials."""
        return np.swapaxes(np.asarray(array), 0, 1).reshape(number * length, *array.shape[2:])

    kind = CountRecording if network.population.responses.counted else Recording
    return kind.from_arrays(
        in_order(visits.patterns),
        in_order(visits.stimuli),
        trial=np.repeat(np.arange(number), length),
        neuron=in_order(visits.neurons) if updates_per_bin is None else None,
        bin_width=None if updates_per_bin is None else bin_width,
        num_stimuli=network.population.num_stimuli,
    )
