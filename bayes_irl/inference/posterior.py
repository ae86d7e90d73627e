"""The posterior density of a model's latent variables, as one function of one vector."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float
from numpyro import handlers
from numpyro.distributions.transforms import biject_to
from numpyro.infer.util import constrain_fn, potential_energy

from bayes_irl._checks import InputError
from bayes_irl._threads import map_threads
from bayes_irl.generative import Model
from bayes_irl.inference.density import Flat
from bayes_irl.systems import Observations

NUM_TRIED = 60  # draws from the prior of which the most probable are starts


class Posterior:
    """A model with its data: the unnormalised posterior on unconstrained, concatenated latent variables.

    Args:
        model: the generative model.
        observations: what was recorded, of one system.
        start: where to look for the mode; by default from the middle of the prior, and from draws of it where the
            system says that there may be several modes.

    Raises:
        InputError: if the model file fails, or has nothing to infer.
    """

    def __init__(self, model: Model, observations: Observations, start: np.ndarray | None = None):
        self.model, self.observations, self.system = model, observations, observations.system
        middle = {name: biject_to(site["fn"].support).inv(site["value"]) for name, site in self._prior_trace().items()}
        if not middle:
            raise InputError.of("model", f"latent variables in {model.name}", "none", "Add numpyro.sample statements.")
        zeros, self._unravel = ravel_pytree(jax.tree.map(jnp.zeros_like, middle))
        self.start: np.ndarray = np.asarray(zeros if start is None else start)
        self.num_starts = self.system.num_starts if start is None else 1

    @property
    def num_dimensions(self) -> int:
        """Number of unconstrained latent numbers."""
        return self.start.size

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the latent variables, but for coordinates that only the sampler walks in."""
        return tuple(filter(_shown, self._unravel(jnp.asarray(self.start))))

    @cached_property
    def starts(self) -> Float[np.ndarray, "num_starts num_dimensions"]:
        """Where to begin to look for the mode."""
        if self.num_starts == 1:
            return self.start[None]
        drawn = self._from_prior(jax.random.split(jax.random.key(0), NUM_TRIED))
        tried = np.nan_to_num([float(value) for value, _ in map_threads(self.value_and_grad, drawn)], nan=np.inf)
        order = np.argsort(tried)
        return np.concatenate([self.start[None], drawn[order[: self.num_starts - 1]]])

    def potential(self, flat: Flat) -> Float[Array, ""]:
        """Minus log joint density, up to a constant."""
        return potential_energy(self.model.function, (self.system, self.observations), {}, self._unravel(flat))

    def prior_curvature(self, flat: Flat) -> Flat:
        """Diagonal of the Hessian of minus the log prior, in unconstrained coordinates."""
        unobserved = handlers.block(self.model.function, hide_fn=lambda site: site.get("is_observed", False))

        def prior(point: Flat) -> Float[Array, ""]:  # a model may choose its coordinates by the data
            return potential_energy(unobserved, (self.system, self.observations), {}, self._unravel(point))

        def entry(axis: Array) -> Float[Array, ""]:
            unit = jnp.zeros_like(flat).at[axis].set(1.0)
            return jax.jvp(jax.grad(prior), (flat,), (unit,))[1][axis]

        return jax.jit(lambda: jax.lax.map(entry, jnp.arange(flat.size), batch_size=64))()

    @cached_property
    def value_and_grad(self) -> Callable[[Flat], tuple[Array, Flat]]:
        """Compiled potential with its gradient."""
        return jax.jit(jax.value_and_grad(self.potential))

    @cached_property
    def summaries(self) -> Callable[[Flat], dict[str, Array]]:
        """Compiled map from a vector to latent variables and the model's own summaries of the reward, by site name."""
        return jax.jit(self._summaries)

    @cached_property
    def explain(self) -> Callable[[Flat], dict[str, dict[str, Array]]]:
        """Compiled account of one draw: reward and log prior; per observed site log likelihood and that of outcomes."""
        return jax.jit(self._explain)

    def reward_of(self, flat: Flat | np.ndarray) -> Any:
        """The reward of one draw, as its system has it."""
        variables = self.explain(jnp.asarray(flat))["reward"]
        return self.system.reward_from(variables)

    def prior(self, key: Array, num_draws: int) -> dict[str, np.ndarray]:
        """Draw latent and deterministic sites from the prior, `[num_draws, ...]`."""

        def draw(each: Array) -> dict[str, Array]:
            trace = handlers.trace(handlers.seed(self.model.function, each)).get_trace(self.system, None)
            return {name: site["value"] for name, site in trace.items() if _kept(site)}

        return jax.tree.map(np.asarray, jax.jit(jax.vmap(draw))(jax.random.split(key, num_draws)))

    def _from_prior(self, keys: Array) -> Float[np.ndarray, "num_draws num_dimensions"]:
        """Unconstrained latent numbers, drawn from the prior."""

        def draw(key: Array) -> Flat:
            trace = handlers.trace(handlers.seed(self.model.function, key)).get_trace(self.system, None)
            latent = {name: site for name, site in trace.items() if _is_latent(site)}
            return ravel_pytree(
                {name: biject_to(each["fn"].support).inv(each["value"]) for name, each in latent.items()}
            )[0]

        return np.asarray(jax.jit(jax.vmap(draw))(keys))

    def _constrain(self, flat: Flat) -> dict[str, Array]:
        return constrain_fn(self.model.function, (self.system, None), {}, self._unravel(flat))

    def _summaries(self, flat: Flat) -> dict[str, Array]:
        latents = self._constrain(flat)
        trace = handlers.trace(handlers.substitute(self.model.function, data=latents)).get_trace(
            self.system, self.observations
        )
        own = {name: site["value"] for name, site in trace.items() if site["type"] == "deterministic"}
        hidden = self.system.reward_sites
        return {name: value for name, value in (latents | own).items() if name not in hidden and _shown(name)}

    def _explain(self, flat: Flat) -> dict[str, dict[str, Array]]:
        conditioned = handlers.substitute(self.model.function, data=self._constrain(flat))
        trace = handlers.trace(conditioned).get_trace(self.system, self.observations)
        sampled = {name: site for name, site in trace.items() if site["type"] == "sample"}
        observed = {name: site for name, site in sampled.items() if site["is_observed"]}
        latent = {name: site for name, site in sampled.items() if not site["is_observed"]}
        return {
            "reward": self.system.reward_variables(
                {name: trace[name]["value"] for name in self.system.reward_sites if name in trace}
            ),
            "log_prior": {name: site["fn"].log_prob(site["value"]).sum() for name, site in latent.items()},
            "log_likelihood": {name: site["fn"].log_prob(site["value"]) for name, site in observed.items()},
            "log_probs": {name: site["fn"].log_probs for name, site in observed.items()},
        }

    def _prior_trace(self) -> Mapping[str, Any]:
        try:
            trace = handlers.trace(handlers.seed(self.model.function, jax.random.key(0))).get_trace(self.system, None)
        except InputError:
            raise
        except Exception as error:
            failure = f"model: {self.model.name} fails for {self.system}: {type(error).__name__}: {error}."
            raise InputError(f"{failure} {self.system.needs}".rstrip()) from error
        return {name: site for name, site in trace.items() if _is_latent(site)}


def _is_latent(site: Mapping[str, Any]) -> bool:
    return site["type"] == "sample" and not site["is_observed"]


def _shown(name: str) -> bool:
    """Sites whose names begin with an underscore are coordinates that the sampler walks in, and nobody's result."""
    return not name.startswith("_")


def _kept(site: Mapping[str, Any]) -> bool:
    if not _shown(site["name"]) or not isinstance(site["value"], jax.Array):  # a population's value is a tree
        return False
    return site["type"] == "deterministic" or (site["type"] == "sample" and not site["is_observed"])
