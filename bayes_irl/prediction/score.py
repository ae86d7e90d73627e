"""How well a prediction foretold a held-out recording."""

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.special import logsumexp

from bayes_irl._checks import count
from bayes_irl._threads import map_threads
from bayes_irl.prediction.recorded import recorded_baseline, recorded_world, thin
from bayes_irl.solvers.world import World
from bayes_irl.systems.likelihood import log_outcomes
from bayes_irl.systems.respond import respond
from bayes_irl.systems.session import Recorded, Session, counts_of, observe


def score(
    posterior: xr.DataTree,
    circuit: World,
    recording: Recorded,
    *,
    refit: xr.DataTree | None = None,
    num_draws: int = 200,
) -> xr.Dataset:
    """Score predictions by their log predictive density of a recording of the changed circuit, which no fit has seen.

    For observations y_j made c_j times, Σ_j c_j log (1/S) Σ_s p(y_j | draw s), in nats. p stays where it was observed.

    Args:
        posterior: the fit to the circuit before its change.
        circuit: the changed circuit (or maze).
        recording: the held-out recording of the changed circuit.
        refit: a fit to another recording of the changed circuit: what could be known from there.
        num_draws: posterior draws to use.

    Returns:
        A dataset over `prediction` ("adapted", "nothing changes" and, if given, "re-fitted"): `log_density` (nats, in
        all), `per_observation`, and its difference from "nothing changes" with the standard error of that difference,
        as if observations were independent: for bins that depend on each other it is too small.

    Raises:
        InputError: if circuit and recording do not fit.
    """
    count("num_draws", num_draws)
    session = observe(circuit, counts_of(recording), recorded_baseline(posterior))
    before = recorded_world(posterior)
    scores = {
        "adapted": _log_density(posterior, circuit, session, num_draws),
        "nothing changes": _log_density(posterior, before, session, num_draws),
    }
    if refit is not None:
        scores["re-fitted"] = _log_density(refit, circuit, session, num_draws)
    times = session.table[session.table > 0]
    gains = {name: values - scores["nothing changes"] for name, values in scores.items()}
    total = {name: float(times @ values) for name, values in scores.items()}
    return xr.Dataset(
        {
            "log_density": ("prediction", list(total.values())),
            "per_observation": ("prediction", [value / times.sum() for value in total.values()]),
            "gain": ("prediction", [float(times @ gain) for gain in gains.values()]),
            "gain_se": ("prediction", [_standard_error(gain, times) for gain in gains.values()]),
        },
        coords={"prediction": list(scores)},
        attrs={"units": "nats", "num_observations": int(times.sum()), "reference": "nothing changes"},
    )


def _log_density(tree: xr.DataTree, circuit: World, session: Session, num_draws: int) -> Float[np.ndarray, " distinct"]:
    """Log posterior mean of the probability of every distinct observation."""
    baseline = recorded_baseline(tree)

    def one(reward: np.ndarray) -> np.ndarray:
        network = respond(circuit, jnp.asarray(reward), baseline)
        return np.asarray(log_outcomes(session, network.policy, network.occupancy))[session.table > 0]

    each = np.stack(map_threads(one, thin(tree["reward"].to_dataset()["reward"], num_draws).values))
    return logsumexp(each, axis=0) - np.log(len(each))


def _standard_error(gain: Float[np.ndarray, " distinct"], times: np.ndarray) -> float:
    total = times.sum()
    mean = (times @ gain) / total
    return float(np.sqrt(times @ (gain - mean) ** 2))
