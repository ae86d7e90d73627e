"""Checks of a population's recording that need no table of patterns."""

from dataclasses import replace

import jax
import numpy as np

from bayes_irl.misfit.dispersion import dispersion
from bayes_irl.misfit.drift import drift
from bayes_irl.misfit.finding import Finding, Findings
from bayes_irl.misfit.memory import memory
from bayes_irl.misfit.repeats import repeats
from bayes_irl.recordings import Recording
from bayes_irl.systems.base import Inferred
from bayes_irl.systems.population.count_variance import AnswerMoments
from bayes_irl.systems.population.observed import ObservedPopulation
from bayes_irl.systems.population.statistics import LEAST_TRIALS
from bayes_irl.systems.population.trial_labels import label_trials
from bayes_irl.systems.stimulus_checks import check_stimulus

MOST_NEURONS = 14  # with more, answers to the same pattern are hardly ever recorded twice
MEMORY_ADVICE = (
    f"Memory and drift were not checked: they compare answers to the same pattern, and more than {MOST_NEURONS} "
    "neurons hardly ever repeat a pattern. Fit a few neurons as a Circuit to check them."
)
ADVICE_ON_VARIANCE = {  # if counts vary more, and if they vary less
    "Poisson": ("Use responses=NegativeBinomial().", "Use responses=Binomial(most), with the largest possible count."),
    "Binomial": (
        "Use responses=Poisson(), or a larger largest count.",
        "Use a smaller largest count.",
    ),
    "NegativeBinomial": ("Use smaller sizes.", "Use larger sizes, or responses=Poisson()."),
}
MAX_VARIANCE_ERROR = 0.2  # of counts, relative: no interval of predictions covers it
MEMORY_OF_COUNTS = "Memory and drift were not checked: they are for responses of 0 and 1."
VARIANCE_WITH_PAIRS = "The variance of counts was not checked: with pairs it depends on the other neurons' counts."


def check_population(observed: ObservedPopulation, inferred: Inferred) -> Findings:
    """Check the stimulus and repeats; of a few neurons also memory and drift.

    Args:
        observed: The recording.
        inferred: The fit.
    """
    packed, population = observed.counts, observed.population
    rng = np.random.default_rng(np.asarray(jax.random.bits(inferred.key, (4,))))
    steps = 1 if observed.updates else population.stimulus.updates_per_bin
    transition = np.asarray(population.transition, float)
    found: list[Finding | None] = [
        check_stimulus(packed, transition, population.stimulus_labels, steps, lambda _: np.nan, rng),
        repeats(packed),
    ]
    if packed.counted:
        pairs = "pairs" in inferred.rewards and inferred.rewards["pairs"].any()
        found += [] if pairs else [_dispersion(observed, inferred, rng)]
        skipped = (MEMORY_OF_COUNTS, *[VARIANCE_WITH_PAIRS] * bool(pairs))
        return Findings(tuple(each for each in found if each is not None), skipped)
    if population.num_neurons > MOST_NEURONS:
        return Findings(tuple(each for each in found if each is not None), (MEMORY_ADVICE,))
    recording = Recording(
        packed.spikes(slice(None)), packed.stimulus, packed.num_stimuli, packed.trial, None, packed.neuron
    )
    found += [memory(recording, np.nan), drift(recording, np.nan)]
    return Findings(tuple(each for each in found if each is not None))


def _dispersion(observed: ObservedPopulation, inferred: Inferred, rng: np.random.Generator) -> Finding | None:
    """Whether counts vary as answers of the family do, which were given under the present stimulus or an earlier one.

    An error of the variance matters if it is above a fifth, which predicted counts then miss; or if it changes fields,
    which are log-odds of answers against those of the baseline, by more than their own 90 % intervals.
    """
    packed, responses = observed.counts, observed.population.responses
    answers = AnswerMoments.of(observed.population, packed)
    mean = np.maximum(answers.mean, 1e-9)
    recorded = answers.mixing @ answers.mean
    variance = answers.mixing @ (np.asarray(responses.variance(mean)) + mean**2) - recorded**2
    baseline, shares = np.asarray(observed.baseline), []
    for each in (np.asarray(responses.dispersion), answers.dispersion[0]):
        saturation = np.maximum(1 + each * np.stack([mean, np.broadcast_to(baseline, mean.shape)]), 1e-3)
        shares.append(-np.diff(np.log(saturation), axis=0)[0])
    moved = np.sqrt(np.square(shares[1] - shares[0]).mean())
    fields = inferred.rewards["fields"].reshape(-1, *mean.shape)
    known = 1.645 * np.sqrt(fields.var(axis=0).mean())
    advice = ADVICE_ON_VARIANCE[type(responses).__name__]
    slope = 1 + 2 * np.asarray(responses.dispersion) * recorded
    cluster = label_trials(packed, LEAST_TRIALS)[0]
    found = dispersion(packed, cluster, recorded, np.maximum(variance, 1e-9), slope, np.nan, advice, rng)
    return (
        None
        if found is None
        else replace(found, limit=min(MAX_VARIANCE_ERROR, float(found.size * known / max(moved, 1e-12))))
    )
