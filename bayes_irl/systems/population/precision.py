"""Single precision: averages over many states need no more, and its exponentials are ten times as fast."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

SINGLE = jnp.float32


def single[Tree](tree: Tree) -> Tree:
    """All but whole numbers in single precision."""

    def one(leaf: Any) -> Array:
        if not jnp.issubdtype(leaf.dtype, jnp.inexact):
            return leaf
        if isinstance(leaf, jax.core.Tracer):
            return leaf.astype(SINGLE)
        return jnp.asarray(np.asarray(leaf, SINGLE))  # nothing is compiled for it

    return jax.tree.map(one, tree)
