"""Which errors of a recorded baseline a model's rewards cannot take up."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from bayes_irl.generative import Model, unsure
from bayes_irl.inference import joint
from bayes_irl.inference.posterior import Posterior

MOST_SLOPES = 4_000_000  # numbers in a matrix of slopes; a model with more has rewards of single neurons
ROUNDING = 1e-6  # relative to a price of 1: less than this off the model's rewards


def with_baseline_error(posterior: Posterior) -> Posterior:
    """The posterior, with a latent price per spike where the model's rewards cannot take up errors of p."""
    spikes = posterior.system.price_tables(posterior.observations)
    if spikes is None or posterior.num_dimensions * spikes[0].size > MOST_SLOPES:
        return posterior
    slopes = joint.reward_slopes(posterior.joint, jnp.asarray(posterior.start))
    if slopes is None:
        return posterior
    missing = missing_prices(np.asarray(slopes), spikes)
    if not missing.any():
        return posterior
    return Posterior(unsure_model(posterior.model, missing), posterior.observations)


def unsure_model(model: Model, missing: Float[np.ndarray, "num_neurons num_neurons"]) -> Model:
    """The same model with a latent price: another of the same model and prices is served by the same programs."""
    function = model.function
    return replace(
        model, function=lambda system, recording=None: unsure.unsure_of_baseline(function, missing, system, recording)
    )


def missing_prices(
    slopes: Float[np.ndarray, "num_stimuli num_patterns num_dimensions"],
    spikes: Float[np.ndarray, "num_neurons num_stimuli num_patterns"],
) -> Float[np.ndarray, "num_neurons num_neurons"]:
    """The projection P on prices g for which Σ_i g_i σ_i is no change of the model's reward, up to b(x).

    Args:
        slopes: How the reward moves with the model's latent variables, in the middle of their prior.
        spikes: What one more nat per spike of each neuron adds to the reward; NaN in states that cannot be.
    """
    possible = np.isfinite(spikes[0])
    b = np.eye(len(spikes[0]))[np.nonzero(possible)[0]]
    basis, sizes, _ = np.linalg.svd(np.concatenate([slopes[possible], b], axis=1), full_matrices=False)
    basis = basis[:, sizes > ROUNDING * sizes[0]]
    prices = spikes[:, possible].T
    _, left, directions = np.linalg.svd(prices - basis @ (basis.T @ prices), full_matrices=False)
    directions = directions[left > ROUNDING * np.sqrt(possible.sum())]
    return np.round(directions.T @ directions, 12)  # the same for every recording, so that programs serve them all
