"""The posterior density of a model's latent variables, as one function of one vector."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial
from jaxtyping import Array, Float
from numpyro import handlers
from numpyro.distributions.transforms import biject_to

from bayes_irl._checks import InputError
from bayes_irl._threads import map_threads
from bayes_irl.generative import Model
from bayes_irl.inference import joint
from bayes_irl.inference.density import Flat
from bayes_irl.systems import Observations

NUM_TRIED = 60  # draws from the prior of which the most probable are starts


class Posterior:
    """A model with its data: the unnormalised posterior on unconstrained, concatenated latent variables.

    Args:
        model: The generative model.
        observations: What was recorded, of one system.
        start: Where to look for the mode; by default from the middle of the prior, and from draws of it where the
            system says that there may be several modes.

    Raises:
        InputError: If the model file fails, or has nothing to infer.
    """

    def __init__(self, model: Model, observations: Observations, start: np.ndarray | None = None):
        self.model, self.observations, self.system = model, observations, observations.system
        shapes, self.parameters = self._latents()
        if not shapes:
            raise InputError.of("model", f"latent variables in {model.name}", "none", "Add numpyro.sample statements.")
        self.joint = joint.Joint.of(model, shapes, observations)
        zeros = np.zeros(joint.num_dimensions(shapes), jnp.result_type(float))
        self.start: np.ndarray = zeros if start is None else np.asarray(start)
        self.num_starts = self.system.num_starts if start is None else 1

    @property
    def num_dimensions(self) -> int:
        """Number of unconstrained latent numbers."""
        return self.start.size

    @cached_property
    def starts(self) -> Float[np.ndarray, "num_starts num_dimensions"]:
        """Where to begin to look for the mode."""
        if self.num_starts == 1:
            return self.start[None]
        drawn = joint.starts_from_prior(self.joint, jax.random.key(0), NUM_TRIED)
        tried = np.nan_to_num([float(value) for value, _ in map_threads(self.value_and_grad, drawn)], nan=np.inf)
        order = np.argsort(tried)
        return np.concatenate([self.start[None], np.asarray(drawn)[order[: self.num_starts - 1]]])

    def potential(self, flat: Flat) -> Float[Array, ""]:
        """Minus log joint density, up to a constant."""
        return joint.potential(self.joint, flat)

    def prior_curvature(self, flat: Flat) -> Flat:
        """Diagonal of the Hessian of minus the log prior, in unconstrained coordinates."""
        return joint.prior_curvature(self.joint, flat)

    @cached_property
    def value_and_grad(self) -> Callable[[Flat], tuple[Array, Flat]]:
        """Compiled potential with its gradient."""
        return Partial(joint.value_and_grad, self.joint)

    def summaries(self, flat: Flat | np.ndarray) -> dict[str, Array]:
        """Map a vector to latent variables and the model's own summaries of the reward, by site name."""
        return joint.summaries(self.joint, jnp.asarray(flat))

    def explain(self, flat: Flat | np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        """Account for one draw: reward and log prior; per observed site log likelihood and that of outcomes."""
        account = jax.tree.map(np.asarray, joint.explain(self.joint, jnp.asarray(flat)))
        for number, session in enumerate(self.observations.sessions):
            for each in (account["log_likelihood"], account["log_probs"]):
                if (site := self.observations.site(number)) in each and session.table is not None:
                    each[site] = each[site][: len(session.table)]  # rows beyond are there for the program's sake
        return account

    def reward_of(self, flat: Flat | np.ndarray) -> Any:
        """The reward of one draw, in the system's form; differentiable."""
        return self.system.reward_from(joint.explain(self.joint, jnp.asarray(flat))["reward"])

    def predictions(self, flat: Flat | np.ndarray) -> Array | None:
        """Answers that follow from one draw, for systems whose rewards may differ in names alone."""
        found: Array | None = self.system.nameless(self.reward_of(flat), self.observations.sessions[0].baseline)
        return found

    def prior(self, key: Array, num_draws: int) -> dict[str, np.ndarray]:
        """Draw latent and deterministic sites from the prior, `[num_draws, ...]`."""
        return jax.tree.map(np.asarray, joint.from_prior(self.joint, key, num_draws))

    def _latents(self) -> tuple[joint.Shapes, tuple[str, ...]]:
        """Shapes of unconstrained latent variables, by site; and names of parameters, which hidden sites give."""
        named: set[str] = set()

        def unconstrained() -> dict[str, Array]:
            seeded = handlers.seed(self.model.function, jax.random.key(0))
            sites = handlers.trace(seeded).get_trace(self.system, None)
            latent = {
                name: site for name, site in sites.items() if site["type"] == "sample" and not site["is_observed"]
            }
            for name, site in latent.items():
                named.update([name] if joint.shown(name) else site["infer"].get("parameters", ()))
            return {name: biject_to(site["fn"].support).inv(site["value"]) for name, site in latent.items()}

        try:
            return jax.eval_shape(unconstrained), tuple(sorted(named))
        except InputError:
            raise
        except Exception as error:
            system = str(self.system).splitlines()[0]
            failure = f"model: {self.model.name} fails for {system}: {type(error).__name__}: {error}."
            raise InputError(f"{failure} {self.system.needs}".rstrip()) from error
