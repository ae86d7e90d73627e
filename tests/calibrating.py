"""Simulation-based calibration of one model on many data sets, compiled once.

What differs between data sets is only how often each outcome came up, so the posterior is written as a function of
that table. Mode, coordinates and kernel are those of `Nuts`.
"""

from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from numpyro import handlers
from numpyro.distributions.transforms import biject_to
from numpyro.infer import NUTS
from numpyro.infer.util import log_density

from bayes_irl._threads import map_threads
from bayes_irl.inference.mode import find_mode
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.target import Target

NUM_WARMUP = 200


class Calibration:
    """A model, what was shown to it, and a table of counts with every row that can come up.

    Args:
        model: as `load_model` returns it.
        world: a circuit, or what was offered or shown.
        data: any observations with these rows; their totals are those of every data set that is drawn.
        num_draws: per data set, all in one chain.
    """

    def __init__(self, model, world, data, num_draws=1000):
        self.num_draws = num_draws
        self.model, self.world, self.data = model, world, data
        (self.session,) = data.sessions
        self.target = Target(model, world, data)

    def truths(self, key, num_sets):
        """Draws of all latent variables from the prior, by name, `[num_sets, ...]`."""

        def one(key):
            trace = handlers.trace(handlers.seed(self.model.function, key)).get_trace(self.world, None)
            return {name: site["value"] for name, site in trace.items() if site["type"] == "sample"}

        return jax.jit(jax.vmap(one))(random.split(key, num_sets))

    def probabilities(self, truths):
        """P(outcome) in every row, per draw `[num_sets, num_rows, num_outcomes]`."""
        return np.exp(np.asarray(jax.jit(jax.vmap(lambda truth: self._joint(truth)[1]))(truths)))

    def answers(self, truths, rng):
        """Tables drawn from the model itself."""
        probs = self.probabilities(truths)
        return rng.multinomial(self.session.table.sum(axis=1), probs / probs.sum(axis=-1, keepdims=True))

    def draws(self, tables, key):
        """Posterior draws by name, `[num_sets, num_draws, ...]`, one chain a data set."""
        modes = [find_mode(Posterior(self, jnp.asarray(table)), Progress()) for table in tables]
        found = np.array([mode.found for mode in modes])
        assert found.mean() > 0.9, f"the mode was found for {found.mean():.2f} of data sets"
        sets = [
            (mode.position, mode.whitening.factor, jnp.asarray(table), each)
            for mode, table, each in zip(modes, tables, random.split(key, len(tables)), strict=True)
        ]
        done = map_threads(lambda one: jax.tree.map(np.asarray, self._chain(*one)), sets)
        return jax.tree.map(lambda *values: np.stack(values), *done)

    def ranks(self, truths, tables, key):
        """Where each latent number's truth ranks among its draws, from 0 to 1: by name, `[num_sets, ...]`."""
        draws = self.draws(tables, key)
        return {name: (draws[name] < np.asarray(truth)[:, None]).mean(axis=1) for name, truth in truths.items()}

    def potential(self, flat, table):
        """Minus log posterior density, up to a constant."""
        latents, volume = self._constrain(flat)
        log_prior, log_probs = self._joint(latents)
        return -(log_prior + volume + (table * jnp.where(table > 0, log_probs, 0.0)).sum())

    @cached_property
    def value_and_grad(self):
        return jax.jit(jax.value_and_grad(self.potential))

    def _joint(self, latents):
        """Log prior, and log probabilities of outcomes."""
        joint, trace = log_density(self.model.function, (self.world, self.data), {}, latents)
        site = trace[self.session.site]
        return joint - site["fn"].log_prob(site["value"]).sum(), site["fn"].log_probs

    @cached_property
    def _transforms(self):
        sites = self.target._prior_trace()
        return {name: biject_to(site["fn"].support) for name, site in sites.items()}

    def _constrain(self, flat):
        unconstrained = self.target._unravel(flat)
        latents = {name: self._transforms[name](value) for name, value in unconstrained.items()}
        volume = [
            self._transforms[name].log_abs_det_jacobian(value, latents[name]).sum()
            for name, value in unconstrained.items()
        ]
        return latents, sum(volume)

    @partial(jax.jit, static_argnums=0)
    def _chain(self, position, factor, table, key):
        kernel = NUTS(potential_fn=lambda z: self.potential(position + factor @ z, table), target_accept_prob=0.9)
        start_key, kernel_key = random.split(key)
        state = kernel.init(kernel_key, NUM_WARMUP, random.normal(start_key, position.shape), (), {})

        def step(state, _):
            state = kernel.sample(state, (), {})
            return state, self._constrain(position + factor @ state.z)[0]

        _, draws = jax.lax.scan(step, state, length=NUM_WARMUP + self.num_draws)
        return jax.tree.map(lambda values: values[NUM_WARMUP:], draws)


@dataclass(frozen=True)
class Posterior:
    """The posterior of one data set, as the search for a mode wants it."""

    calibration: Calibration
    table: jax.Array

    @property
    def start(self):
        return self.calibration.target.start

    @property
    def num_dimensions(self):
        return self.calibration.target.num_dimensions

    def potential(self, flat):
        return self.calibration.potential(flat, self.table)

    @property
    def value_and_grad(self):
        return lambda flat: self.calibration.value_and_grad(flat, self.table)

    def prior_curvature(self, flat):
        return self.calibration.target.prior_curvature(flat)
