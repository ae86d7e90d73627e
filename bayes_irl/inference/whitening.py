"""Coordinates in which a posterior looks round: a linear map L with L Lᵀ ≈ H⁻¹, H the Hessian at the mode."""

import equinox as eqx
from jaxtyping import Array, Float

Vector = Float[Array, " num_dimensions"]


class Dense(eqx.Module):
    """The whole of L, as a matrix `[num_dimensions, num_dimensions]`."""

    factor: Float[Array, "num_dimensions num_dimensions"]

    def __call__(self, whitened: Vector) -> Vector:
        """L z."""
        return self.factor @ whitened


class Leading(eqx.Module):
    """L = S (I + V diag(g) Vᵀ): the prior's own widths, corrected in the few directions that the data say most about.

    With V the leading eigenvectors of S H S and g = eigenvalue^(−½) − 1, L Lᵀ = H⁻¹ up to the eigenvalues left out,
    which are taken to be 1 (the prior's). Source: Bui-Thanh, Ghattas, Martin & Stadler 2013, doi:10.1137/12089586X.

    Attributes:
        width: The diagonal of S `[num_dimensions]`.
        directions: V `[num_dimensions, num_directions]`, orthonormal.
        gain: g `[num_directions]`.
    """

    width: Vector
    directions: Float[Array, "num_dimensions num_directions"]
    gain: Float[Array, " num_directions"]

    def __call__(self, whitened: Vector) -> Vector:
        """L z."""
        return self.width * (whitened + self.directions @ (self.gain * (self.directions.T @ whitened)))


Whitening = Dense | Leading
