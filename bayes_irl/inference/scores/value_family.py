"""A model of a population's value function, as functions of one vector."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float
from numpyro import handlers
from numpyro.distributions.transforms import biject_to
from numpyro.infer.util import constrain_fn, log_density

from bayes_irl._checks import InputError
from bayes_irl.generative import Model
from bayes_irl.systems import Observations
from bayes_irl.systems.population.features import FeatureValue
from bayes_irl.systems.population.observed import ObservedPopulation

BATCH_SIZE = 64  # directions

Flat = Float[Array | np.ndarray, " num_dimensions"]
Named = Mapping[str, Array]


class ValueFamily:
    """Prior, value function and reward of a model, at latent variables that the value depends on, and at spreads.

    Latent variables that the value does not depend on once all others are known are *spreads*: a recording speaks about
    them through the others alone.

    Args:
        model: The generative model, of a `Population`.
        observations: What was recorded.

    Raises:
        InputError: If the model file fails, or says nothing about a value.
    """

    def __init__(self, model: Model, observations: Observations):
        self.model, self.observations = model, observations
        (observed,) = observations.sessions
        assert isinstance(observed, ObservedPopulation)
        self.data = observed
        sites = self._first_trace()
        if "value" not in sites:
            raise InputError.of(
                "model",
                "one of a population, which ends in generative.answer_in_family",
                model.name,
                "For a model of this kind take a Circuit, of at most 20 neurons.",
            )
        latent = {name: site for name, site in sites.items() if site["type"] == "sample"}
        self._supports = {name: site["fn"].support for name, site in latent.items()}
        start = {name: biject_to(self._supports[name]).inv(site["value"]) for name, site in latent.items()}
        mattering = self._slopes(start)
        self.spreads = tuple(name for name in start if not bool(mattering[name].any()))
        rest = {name: jnp.zeros_like(value) for name, value in start.items() if name not in self.spreads}
        zeros, self._unravel = ravel_pytree(rest)
        self.num_dimensions: int = zeros.size
        self.start_spreads: Named = {name: self._near_a_nat(name, latent[name]["value"]) for name in self.spreads}

    def _near_a_nat(self, name: str, drawn: Array) -> Array:
        """1/√n, where what all neurons add to one is of the order of a nat; or a draw, where it cannot be that."""
        wanted, support = jnp.full_like(drawn, self.data.population.num_neurons**-0.5), self._supports[name]
        return biject_to(support).inv(wanted if bool(jnp.all(support(wanted))) else drawn)

    def _first_trace(self) -> dict:
        seeded = handlers.seed(self.model.function, jax.random.key(0))
        try:
            return handlers.trace(seeded).get_trace(self.data.population)
        except InputError:
            raise
        except Exception as error:
            raise InputError(
                f"model: {self.model.name} fails for a Population: {type(error).__name__}: {error}. It needs a model "
                "of its value, for instance large_population; models of rewards are for a Circuit."
            ) from error

    @partial(jax.jit, static_argnums=0)
    def _slopes(self, point: Named) -> Named:
        """How a random sum of the value's numbers changes with each latent variable: not at all with spreads."""

        def summed(point: Named) -> Array:
            numbers = ravel_pytree(self._value(point))[0]
            return jax.random.normal(jax.random.key(1), numbers.shape) @ numbers

        return jax.grad(summed)(dict(point))

    def _value(self, unconstrained: Named, site: str = "value") -> Any:
        args = self.data.population, self.observations
        constrained = constrain_fn(self.model.function, args, {}, dict(unconstrained))
        substituted = handlers.substitute(handlers.seed(self.model.function, jax.random.key(0)), constrained)
        return handlers.trace(substituted).get_trace(*args)[site]["value"]

    def named(self, flat: Flat, spreads: Named) -> Named:
        """Latent variables by name, unconstrained."""
        return self._unravel(jnp.asarray(flat)) | dict(spreads)

    def constrained(self, flat: Flat, spreads: Named) -> Named:
        """Latent variables by name."""
        return constrain_fn(self.model.function, (self.data.population, None), {}, dict(self.named(flat, spreads)))

    @partial(jax.jit, static_argnums=0)
    def value(self, flat: Flat, spreads: Named) -> FeatureValue:
        """The value function."""
        return self._value(self.named(flat, spreads))

    @partial(jax.jit, static_argnums=0)
    def reward(self, flat: Flat, spreads: Named) -> Float[Array, " num_patterns"]:
        """The implied reward at recorded patterns, under the stimuli that they were recorded under."""
        return self._value(self.named(flat, spreads), "reward")

    @partial(jax.jit, static_argnums=0)
    def log_prior(self, flat: Flat, spreads: Named) -> Float[Array, ""]:
        """Log prior density of all latent variables, where they are."""
        constrained = self.constrained(flat, spreads)
        return log_density(self.model.function, (self.data.population, None), {}, dict(constrained))[0]

    @partial(jax.jit, static_argnums=0)
    def mean_log_prior(self, flats: Float[Array, "num_draws num_dimensions"], spreads: Named) -> tuple[Array, Named]:
        """Mean of the log prior over draws, with its gradient in the spreads."""
        return jax.value_and_grad(lambda at: jax.vmap(lambda flat: self.log_prior(flat, at))(flats).mean())(
            dict(spreads)
        )

    @partial(jax.jit, static_argnums=0)
    def prior_score(self, flat: Flat, spreads: Named) -> Flat:
        """Gradient of the log prior."""
        return jax.grad(self.log_prior)(flat, spreads)

    @partial(jax.jit, static_argnums=0)
    def prior_curvature(self, flat: Flat, spreads: Named, direction: Flat) -> Flat:
        """Minus the Hessian of the log prior, times a direction."""
        return -jax.jvp(lambda point: self.prior_score(point, spreads), (flat,), (direction,))[1]

    @partial(jax.jit, static_argnums=0)
    def prior_matrix(self, flat: Flat, spreads: Named) -> Float[Array, "num_dimensions num_dimensions"]:
        """Minus the Hessian of the log prior."""
        found = jax.lax.map(partial(self.prior_curvature, flat, spreads), jnp.eye(flat.size), batch_size=BATCH_SIZE)
        return (found + found.T) / 2

    @partial(jax.jit, static_argnums=0)
    def prior_scores(self, spreads: Named, keys: Array) -> Float[Array, "num_draws num_dimensions"]:
        """Gradients of the log prior at draws from it: their covariance is its curvature."""
        return jax.lax.map(lambda key: self.prior_score(self.from_prior(spreads, key), spreads), keys)

    @partial(jax.jit, static_argnums=0)
    def from_prior(self, spreads: Named, key: Array) -> Flat:
        """Draw the other latent variables from their prior, given spreads."""
        given = {name: biject_to(self._supports[name])(value) for name, value in spreads.items()}
        drawn = handlers.substitute(handlers.seed(self.model.function, key), given)
        sites = handlers.trace(drawn).get_trace(self.data.population)
        free = {
            name: biject_to(site["fn"].support).inv(site["value"])
            for name, site in sites.items()
            if site["type"] == "sample" and name not in self.spreads
        }
        return ravel_pytree(free)[0]

    @partial(jax.jit, static_argnums=0)
    def push(self, flat: Flat, spreads: Named, direction: Flat) -> FeatureValue:
        """How the value moves in a direction."""
        return jax.jvp(lambda point: self.value(point, spreads), (flat,), (direction,))[1]

    @partial(jax.jit, static_argnums=0)
    def jacobian(self, flat: Flat, spreads: Named) -> FeatureValue:
        """How the value moves with each latent variable, along a first axis."""
        return jax.lax.map(partial(self.push, flat, spreads), jnp.eye(flat.size), batch_size=BATCH_SIZE)

    @partial(jax.jit, static_argnums=0)
    def pull(self, flat: Flat, spreads: Named, gradient: FeatureValue) -> Flat:
        """A gradient in the latent variables, from one in the value's numbers."""
        value, back = jax.vjp(lambda point: self.value(point, spreads), flat)
        return back(jax.tree.map(lambda leaf, like: leaf.astype(like.dtype), gradient, value))[0]
