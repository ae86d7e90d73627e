"""Print the table of docs/howto/spike_counts.md on motor cortex: counts as they are, against counts made binary.

87 units that steer a cursor, by the direction of their target (the recording is not part of this repository). Models
are fitted to 70 % of the stretches of 48 steps, and score the others: the log probability that a unit exceeds its
median count, which all of them predict, and that of the count itself. Standard errors are those between stretches.
"""

import argparse
import warnings
from pathlib import Path

import jax
import numpy as np
from scipy.stats import binom, nbinom, poisson

import bayes_irl as bi
from bayes_irl.inference.fit import Fit

NUM_DIRECTIONS, STRETCH = 8, 48
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "m1_bci_two_decoders.npz"
LARGEST = 100  # counts that are summed over
LEAST_DISPERSION = 1e-4  # of units that vary less than Poisson counts


def main() -> None:
    """Fit three models, and print how well they predict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args()
    if not given.data.exists():
        print(f"{given.data} is not there: nothing to do.")
        return
    warnings.simplefilter("ignore", bi.DataWarning)
    jax.config.update("jax_enable_x64", True)
    train, test = load(given.data)
    middle = np.median(train.counts, axis=0)
    above = test.counts > middle
    fano, dispersion = spread(train)
    quartiles = ", ".join(f"{each:.2f}" for each in np.quantile(fano, [0.25, 0.5, 0.75]))
    print(f"{train.num_bins} steps to fit, {test.num_bins} to score; mean count {train.counts.mean():.2f}")
    print(f"variance over mean, given the direction: quartiles {quartiles}; above 1 in {(fano > 1).sum()} units")
    try:
        fit(bi.NegativeBinomial(), train)
    except bi.InputError as error:
        print(f"NegativeBinomial() is refused: {error}")
    largest = int(max(train.counts.max(), test.counts.max()))
    fits = {
        "median-binarised": fit(bi.Bernoulli(), binarised(train, middle)),
        "Poisson": fit(bi.Poisson(), train),
        f"binomial, at most {largest}": fit(bi.Binomial(largest), train),
        "negative binomial": fit(bi.NegativeBinomial(1 / np.maximum(dispersion, LEAST_DISPERSION)), train),
    }
    chance, of_counts, right = {}, {}, {}
    for name, tree in fits.items():
        probability = distribution(tree)[test.stimulus]  # [step, unit, count]
        answers = above if name == "median-binarised" else test.counts
        right[name] = decoded(distribution(tree), answers.astype(int)) == test.stimulus
        if name == "median-binarised":
            chance[name] = probability[..., 1]
        else:
            chance[name] = (probability * (np.arange(LARGEST + 1) > middle[:, None])).sum(axis=2)
            of_counts[name] = np.log(
                np.take_along_axis(probability, test.counts[..., None].astype(int), axis=2)[..., 0]
            )
    outcomes = {name: np.log(np.where(above, each, 1 - each)) for name, each in chance.items()}
    assert test.trial is not None
    titles = (
        "model",
        "above its median, nats",
        "over median-binarised",
        "count, nats",
        "over Poisson",
        "direction decoded",
    )
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for name, each in outcomes.items():
        count = of_counts.get(name)
        row = [told(each, test.trial), told(each - outcomes["median-binarised"], test.trial)]
        row += ["", ""] if count is None else [told(count, test.trial), told(count - of_counts["Poisson"], test.trial)]
        hits, base = (right[each][:, None].astype(float) for each in (name, "median-binarised"))
        row += [told(hits, test.trial), told(hits - base, test.trial)]
        print(f"| {name} | {' | '.join(row)} |")
    for name, tree in fits.items():
        print(f"{name}: {bi.verdict(tree)}")


def load(path: Path) -> tuple[bi.CountRecording, bi.CountRecording]:
    """Block 1 without frozen steps, in stretches: those to fit, and those to score."""
    archive = np.load(path)
    moving = ~archive["frozen1"].astype(bool)
    angle, counts = archive["angle1"][moving], archive["counts1"][moving]
    direction = np.round(angle / (2 * np.pi / NUM_DIRECTIONS)).astype(int) % NUM_DIRECTIONS
    stretch = np.arange(len(direction)) // STRETCH
    recording = bi.CountRecording.from_arrays(counts, direction, trial=stretch, bin_width=0.045)
    return recording.split(0.7, seed=0)


def spread(recording: bi.CountRecording) -> tuple[np.ndarray, np.ndarray]:
    """Variance over mean of each unit, given the direction; and φ of variance μ + φ μ², by moments."""
    number = np.bincount(recording.stimulus)[:, None]
    parts = [recording.counts[recording.stimulus == x].astype(float) for x in range(NUM_DIRECTIONS)]
    mean, variance = (
        np.stack([part.mean(axis=0) for part in parts]),
        np.stack([part.var(axis=0, ddof=1) for part in parts]),
    )
    excess = (number * (variance - mean)).sum(axis=0)
    return 1 + excess / (number * mean).sum(axis=0), excess / (number * mean**2).sum(axis=0)


def binarised(recording: bi.CountRecording, middle: np.ndarray) -> bi.Recording:
    """Whether each unit exceeds its median."""
    return bi.Recording.from_arrays(
        recording.counts > middle, recording.stimulus, trial=recording.trial, num_stimuli=NUM_DIRECTIONS
    )


def fit(responses: object, recording: bi.Recording | bi.CountRecording) -> object:
    """Independent tuning, of units that answer the present direction."""
    population = bi.Population(recording.num_neurons, bi.Stimulus(np.eye(NUM_DIRECTIONS)), responses=responses)
    return bi.infer("independent_tuning", population, recording, method=bi.Sandwich(100), key=0)


def distribution(tree: object) -> np.ndarray:
    """P(count | direction) of every unit, by SciPy, from the fields of the mode."""
    found = Fit(tree)
    system, baseline, fields = found.system, np.asarray(found.baseline), tree["reward_at_mode"]["fields"].values
    counts = np.arange(LARGEST + 1)
    if isinstance(system.responses, bi.Bernoulli):
        spike = baseline * np.exp(fields) / (1 - baseline + baseline * np.exp(fields))
        return np.stack([1 - spike, spike], axis=2)
    if isinstance(system.responses, bi.Poisson):
        return poisson.pmf(counts, (baseline * np.exp(fields))[..., None])
    if isinstance(system.responses, bi.Binomial):
        most = system.responses.largest
        odds = baseline / (most - baseline) * np.exp(fields)
        return binom.pmf(counts, most, (odds / (1 + odds))[..., None])
    size = 1 / np.asarray(system.responses.dispersion)
    odds = baseline / (baseline + size) * np.exp(fields)
    return nbinom.pmf(counts, size[:, None], 1 - odds[..., None])


def decoded(probability: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """The direction under which the answers of all units in a step are most probable, if units are independent."""
    logs = np.log(np.maximum(probability, 1e-12))
    units = np.arange(answers.shape[1])
    return np.argmax([[one[units, step].sum() for step in answers] for one in logs], axis=0)


def told(each: np.ndarray, stretch: np.ndarray) -> str:
    """The mean per unit and step, and its standard error between stretches."""
    labels = np.unique(stretch, return_inverse=True)[1]
    sums, number = np.bincount(labels, each.mean(axis=1)), np.bincount(labels)
    mean, size = each.mean(), len(number)
    error = np.sqrt(size / (size - 1) * np.square(sums - number * mean).sum()) / number.sum()
    return f"{mean:+.4f} ± {error:.4f}"


if __name__ == "__main__":
    main()
