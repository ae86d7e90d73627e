"""How hidden contexts follow each other."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float


def switching(system: Any, typical_dwell: float = 100.0) -> Float[Array, "num_contexts num_contexts"]:
    """Draw how hidden contexts follow each other, in a NumPyro model.

        log dwell_z ~ Normal(log typical_dwell, 1.5),   S[z, z] = 1 − 1 / (1 + dwell_z),
        S[z, z′] = (1 − S[z, z]) w_z(z′) for z′ ≠ z,   w_z ~ Dirichlet(1)

    A context lasts for 1 + dwell_z recorded steps on average: moves of an agent, bins of a circuit. w, the site
    `next_context`, is drawn where there are more than two contexts.

    Args:
        system: The system that the model receives, with `num_contexts`.
        typical_dwell: In recorded steps; the prior's standard deviation is a factor of 4.5.

    Returns:
        S `[num_contexts, num_contexts]`, the probability that context z′ follows z.

    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     switching(bi.SwitchingAgent(bi.Decisions([[1, 2], [2, 0], [0, 1]]), 2)).sum(axis=1).tolist()
    [1.0, 1.0]
    """
    num = system.num_contexts
    dwell = numpyro.sample("dwell", dist.LogNormal(np.log(typical_dwell), 1.5).expand([num]).to_event(1))
    if num == 2:
        others = jnp.ones((2, 1))
    else:
        others = numpyro.sample("next_context", dist.Dirichlet(jnp.ones((num, num - 1))).to_event(1))
    rows = jnp.arange(num)[:, None]
    columns = jnp.asarray([[other for other in range(num) if other != each] for each in range(num)])
    leaves = 1 / (1 + dwell)
    away = jnp.zeros((num, num)).at[rows, columns].set(others)
    return jnp.diag(1 - leaves) + leaves[:, None] * away
