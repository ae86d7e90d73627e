"""A rat's choices, trial by trial, as psytrack and we follow them: figures, not tests.

psytrack (Roy et al. 2021, doi:10.1016/j.neuron.2020.12.004) ships the rat W053 of Akrami et al. 2018. Its weights walk
from trial to trial, so that every trial is a session of ours. It needs `pip install psytrack` (2.0.2), and takes a
minute.
"""

import time
from pathlib import Path

import numpy as np
import psytrack

from bayes_irl.inference.drift.logistic_rows import LogisticRows, Rows
from bayes_irl.solvers.random_walk import Expansion, RandomWalk, find_path

WEIGHTS = {"bias": 1, "s1": 1, "s2": 1}  # in the alphabetical order that psytrack returns them in
FIRST_WIDTH, NUM_TRIALS = 2.0**4, 3000


def main() -> None:
    """Print evidences, scales and how far trajectories are apart."""
    stored = np.load(Path(psytrack.__file__).parent / "examples" / "sampleRatData.npz", allow_pickle=True)["D"].item()
    kept = psytrack.trim(stored, END=NUM_TRIALS)
    began = time.perf_counter()
    start = {"sigInit": FIRST_WIDTH, "sigma": [2.0**-4] * 3, "sigDay": [2.0**-4] * 3}
    found = psytrack.hyperOpt(kept, start, WEIGHTS, ["sigma", "sigDay"], hess_calc="weights")
    scales, theirs, path, details = found[0], float(found[1]), found[2], found[3]
    print(f"psytrack: {time.perf_counter() - began:.1f} s, log evidence {theirs:.3f}")
    print({name: np.round(scales[name], 5).tolist() for name in ("sigma", "sigDay")})
    steps = np.tile(np.asarray(scales["sigma"]) ** -2.0, (NUM_TRIALS - 1, 1))
    first_of_day = np.cumsum(kept["dayLength"]).astype(int)
    steps[first_of_day[first_of_day < NUM_TRIALS] - 1] = np.asarray(scales["sigDay"]) ** -2.0
    walk = RandomWalk(np.zeros(3), np.eye(3) / FIRST_WIDTH**2, steps)
    began = time.perf_counter()
    sessions = trials(kept)
    about, settled = find_path(sessions, walk, Expansion.of(sessions, np.zeros((NUM_TRIALS, 3))))
    mean, precision, gain = about.posterior(walk)
    ours = gain - NUM_TRIALS * np.log(2)  # theirs is no gain over chance
    print(f"ours:     {time.perf_counter() - began:.1f} s, log evidence {ours:.3f}, settled {settled}")
    apart, spread = np.abs(mean.T - path), np.asarray(details["W_std"])
    print(f"trajectories apart: {apart.max():.2e}, in standard deviations {(apart / spread).max():.2e}")
    print(f"standard deviations apart, relative: {np.abs(precision.deviations().T / spread - 1).max():.2e}")


def trials(kept: dict) -> list[LogisticRows]:
    """The log likelihood of each trial: log-odds of the right side, of bias and both sounds."""
    inputs = np.column_stack([np.ones(len(kept["y"])), kept["inputs"]["s1"][:, 0], kept["inputs"]["s2"][:, 0]])
    right, every = kept["y"] - kept["y"].min(), np.arange(3)
    return [
        LogisticRows(chose * row, [Rows(every, row[None].copy, np.zeros(1), np.ones(1))])
        for row, chose in zip(inputs, right.astype(float), strict=True)
    ]


if __name__ == "__main__":
    main()
