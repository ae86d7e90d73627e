"""Posterior predictive checks of counts: of patterns, or of moves."""

import jax
import xarray as xr
from jaxtyping import PRNGKeyArray

from bayes_irl._keys import as_key
from bayes_irl._threads import map_threads
from bayes_irl.evaluation.checks.replicas import beside_replicas
from bayes_irl.inference.fit import Fit
from bayes_irl.systems import Capability


def predictive(posterior: xr.DataTree, *, key: PRNGKeyArray | int) -> xr.Dataset:
    """Check whether recordings drawn from the posterior resemble the actual one.

    For 100 draws of the reward, simulate the optimal system for as long as it was recorded (at most 200,000 updates):
    single updates, or bins of k updates, starting from the stationary distribution, under a stimulus that moves by T;
    snapshots σ ~ ρ(σ | x), as many under each stimulus as recorded; or a walk of as many moves. Statistics of each
    recording of a circuit, coupled or not:

    - `mean_response` E[σ_i | x], per stimulus and neuron;
    - `correlation` of σ_i and σ_j given x: Σ_x N(x) cov(σ_i, σ_j | x), in units of its diagonal;
    - `num_spikes` P(Σ_i σ_i = c | x);
    - `changes` P(c neurons differ between two successive bins), of transitions only. P(0) = 1 − 1 / mean dwell time.

    Statistics of each walk through a maze:

    - `place_share`, share of time at each place that was visited in the recording;
    - `move_share`, share of each move at these places.

    The recorded statistics come from counts: of the whole recording for updates, transitions and moves; of the fitted
    snapshots for snapshots.

    Args:
        posterior: The tree that `infer` returned, for one recording of a circuit or a maze.
        key: A JAX random key, or its seed.

    Returns:
        Each statistic as recorded, and `…_replicated` with an axis `replica`; NaN under a stimulus, or at a place, not
        seen. Per `check`: `p_value`, the share of recordings (the actual one included) whose distance from the mean of
        the others is at least that of the actual one; `outside`, the share of entries beyond their replicas' 90 %
        equal-tailed interval; `sentence`, in words. Attributes: `verdict_of_fit`; `skipped`, what could not be checked,
        and why; `note`, on shorter replicas.

    Raises:
        InputError: If the fit's system does not support it, or several recordings were fitted together.

    Source:
        Gelman, Meng & Stern 1996, Statistica Sinica 6:733.

    >>> (predictive(posterior, key=key)["p_value"] > 0.05).to_series()
    check
    mean_response    True
    correlation      True
    num_spikes       True
    Name: p_value, dtype: bool
    """
    fit = Fit(posterior).require(Capability.PREDICTIVE, one_recording=True)
    (stored,) = fit.stored_recordings
    statistics = fit.system.statistics(stored)
    optima = fit.optima(num_draws=statistics.num_replicas)
    keys = jax.random.split(as_key(key), len(optima))
    replicas = map_threads(lambda drawn: statistics.replicate(*drawn), zip(optima, keys, strict=True))
    about = {
        "verdict_of_fit": fit.verdict,
        "kind": stored.kind,
        "note": statistics.note,
        "skipped": statistics.skipped,
    }
    return beside_replicas(statistics.recorded, replicas, statistics.meanings, about)
