"""A whitened density, passed to compiled programs as an argument."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.tree_util import Partial
from jaxtyping import Array, Float

from bayes_irl.inference.density import Density, Flat
from bayes_irl.inference.mode import Mode
from bayes_irl.inference.whitening import Whitening


class Whitened(eqx.Module):
    """A density around its mode. Programs that take it as an argument are compiled once for all that are alike.

    Attributes:
        value_and_grad: Potential and gradient; a `Partial`, whose arguments are the data.
        position: The mode.
        whitening: L, from whitened coordinates to latent ones.
    """

    value_and_grad: Callable[[Flat], tuple[Array, Flat]]
    position: Flat
    whitening: Whitening

    @classmethod
    def of(cls, target: Density, mode: Mode) -> "Whitened":
        """Take a density around its mode; one of your own is compiled for itself alone, unless it is a `Partial`."""
        function = target.value_and_grad
        held = function if isinstance(function, Partial) else Partial(function)
        return cls(held, jnp.asarray(mode.position), mode.whitening)

    def potential(self) -> Callable[[Float[Array, " num_dimensions"]], Float[Array, ""]]:
        """The potential of whitened coordinates; its gradient comes with it, without being derived once more."""

        def both(whitened: Array) -> tuple[Array, Array]:
            value, gradient = self.value_and_grad(self.position + self.whitening(whitened))
            return value, slope(self.whitening, gradient)

        function = jax.custom_vjp(lambda whitened: both(whitened)[0])
        function.defvjp(both, lambda gradient, weight: (weight * gradient,))
        return function


@jax.jit
def slope(whitening: Whitening, gradient: Flat) -> Float[Array, " num_dimensions"]:
    """A gradient in whitened coordinates, Lᵀ g."""
    return jax.linear_transpose(whitening, gradient)(gradient)[0]
