"""Weights between units: which are there, and which signs they may have."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

GAMMA_SHAPE = 4.0
EXCITATORY_SHARE = 0.8


class Connections(eqx.Module):
    """Trained weights from row to column. Absent ones stay absent; under Dale's law signs stay, too.

    Attributes:
        weights: As trained; under Dale's law their magnitudes count.
        present: Which connections there are.
        excitatory: Which units excite all their targets; the others inhibit theirs. None: signs are free.
    """

    weights: Float[Array, "num_units num_targets"]
    present: Bool[Array, "num_units num_targets"]
    excitatory: Bool[Array, " num_units"] | None = None

    @property
    def effective(self) -> Float[Array, "num_units num_targets"]:
        """The weights that the network runs with."""
        if self.excitatory is None:
            return jnp.where(self.present, self.weights, 0)
        signs = jnp.where(self.excitatory, 1, -1).astype(self.weights.dtype)
        return jnp.where(self.present, signs[:, None] * jnp.abs(self.weights), 0)


def draw_connections(
    key: PRNGKeyArray,
    num_units: int,
    in_degree: int,
    spectral_radius: float,
    excitatory: Bool[np.ndarray, "..."] | None,
) -> Connections:
    """Draw connections: `in_degree` inputs a unit, |weights| ~ Gamma(4), random signs, scaled to a spectral radius.

    Under Dale's law a unit's sign is given, and the rarer kind's weights are stronger, so that both kinds weigh alike.

    Args:
        key: A JAX random key.
        num_units: How many units.
        in_degree: How many units each one hears.
        spectral_radius: Largest modulus of an eigenvalue of the effective weights.
        excitatory: [num_units], which units excite; None: signs are random.
    """
    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    order = rng.random((num_units, num_units)).argsort(axis=0)
    present = order < in_degree
    weights = rng.gamma(GAMMA_SHAPE, size=present.shape)
    if excitatory is None:
        weights = weights * rng.choice([-1, 1], size=present.shape)
        signed = weights
    else:
        weights[~excitatory] *= excitatory.sum() / max((~excitatory).sum(), 1)
        signed = weights * np.where(excitatory, 1, -1)[:, None]
    radius = np.abs(np.linalg.eigvals(signed * present)).max()
    scaled = jnp.asarray(weights * spectral_radius / radius, jnp.float32)
    return Connections(scaled, jnp.asarray(present), None if excitatory is None else jnp.asarray(excitatory))
