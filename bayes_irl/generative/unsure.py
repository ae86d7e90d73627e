"""A baseline that was read off a recording has errors, and they act as a price per spike."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Float

from bayes_irl.systems import Observations


def unsure_of_baseline(
    model: Callable[[Any, Observations | None], Any],
    missing: Float[np.ndarray, "num_neurons num_neurons"],
    system: Any,
    recording: Observations | None = None,
) -> None:
    """Let a model's answers depend on a price per spike that its rewards lack, in a NumPyro model.

    A reward r at the true baseline p has the answers of r + Σ_i g_i σ_i at the recorded one p̂, with
    g_i = (λ/n) (logit p_i − logit p̂_i). Where no reward of the model can be r + Σ_i g_i σ_i, g is drawn with it:

        n g = P z,   z ~ Normal(0, 1).

    The prior is wide: answers know p better than mean responses do (to 1/√2 of their error), and a prior as wide as
    that error would use the same spikes twice.

    z is the site `_price`; g is `price` `[num_neurons]`, in nats per spike.

    Args:
        model: The reward model of a circuit.
        missing: P, which projects prices on those that its rewards lack.
        system: The circuit.
        recording: What `infer` passes on to the model; `None` when only the prior is of interest.
    """
    drawn = numpyro.sample("_price", dist.Normal(0.0, 1.0).expand([len(missing)]).to_event(1))
    price = numpyro.deterministic("price", missing @ drawn / len(missing))
    model(system, None if recording is None else dataclasses.replace(recording, price=price))
