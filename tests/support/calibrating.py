"""Simulation-based calibration of one model on many data sets, compiled once.

What differs between data sets is only how often each outcome came up, so the posterior is written as a function of
that table. Mode, coordinates and kernel are those of `Nuts`.
"""

from dataclasses import dataclass
from functools import cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax import random
from numpyro import handlers
from numpyro.distributions.transforms import biject_to
from numpyro.infer import NUTS, SVI, Trace_ELBO, init_to_value
from numpyro.infer.autoguide import AutoNormal
from numpyro.infer.util import log_density
from numpyro.optim import ClippedAdam
from scipy.stats import kstest

from bayes_irl._threads import map_threads
from bayes_irl.inference.checkpoint import Checkpoint
from bayes_irl.inference.mode import Mode, find_mode
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress

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
        self.target = Posterior(model, data)

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

    def modes(self, tables):
        """The posterior mode of every data set."""
        modes = [find_mode(OneSet(self, jnp.asarray(table)), Progress()) for table in tables]
        found = np.array([mode.found for mode in modes])
        assert found.mean() > 0.9, f"the mode was found for {found.mean():.2f} of data sets"
        return modes

    def draws(self, tables, modes, key):
        """Posterior draws by name, `[num_sets, num_draws, ...]`, one chain a data set, by the kernel of `Nuts`."""
        sets = [
            (mode.position, mode.whitening.factor, jnp.asarray(table), each)
            for mode, table, each in zip(modes, tables, random.split(key, len(tables)), strict=True)
        ]
        return _stack(map_threads(lambda one: self._told(self._chain(*one)), sets))

    def draws_by(self, method, tables, modes, key):
        """The same by any method, and which of its fits pass its own checks."""
        sets = zip(modes, tables, random.split(key, len(tables)), strict=True)
        runs = [
            method.run(OneSet(self, jnp.asarray(table)), each, Progress(), Known(mode=mode))
            for mode, table, each in sets
        ]
        passed = [all(check.passed for check in run.checks) for run in runs]
        return _stack([self._told(run.positions.reshape(-1, self.target.num_dimensions)) for run in runs]), passed

    def draws_as_if_independent(self, tables, modes, key):
        """The same by the nearest Normal without correlations (`AutoNormal`), which bayes_irl does not offer."""
        sets = zip(modes, tables, random.split(key, len(tables)), strict=True)
        return _stack(
            [self._told(self._mean_field(mode.position, jnp.asarray(table), each)) for mode, table, each in sets]
        )

    def ranks(self, truths, draws):
        """Where the truth ranks among draws, from 0 to 1: by name, `[num_sets, ...]`."""
        told = self.told(truths)
        return {name: (draws[name] < np.asarray(truth)[:, None]).mean(axis=1) for name, truth in told.items()}

    def told(self, truths):
        """What a fit would tell if it were right: latent numbers and the reward, by name."""
        return jax.jit(jax.vmap(self._quantities))(truths)

    def potential(self, flat, table):
        """Minus log posterior density, up to a constant."""
        latents, volume = self._constrain(flat)
        log_prior, log_probs, _ = self._joint(latents)
        return -(log_prior + volume + (table * jnp.where(table > 0, log_probs, 0.0)).sum())

    @cached_property
    def value_and_grad(self):
        return jax.jit(jax.value_and_grad(self.potential))

    def _joint(self, latents):
        """Log prior, log probabilities of outcomes, and what a fit tells."""
        joint, trace = log_density(self.model.function, (self.world, self.data), {}, latents)
        site = trace[self.session.site]
        return joint - site["fn"].log_prob(site["value"]).sum(), site["fn"].log_probs, _told(latents, trace)

    def _quantities(self, latents):
        return self._joint(latents)[2]

    @partial(jax.jit, static_argnums=0)
    def _told(self, positions):
        return jax.lax.map(lambda flat: self._quantities(self._constrain(flat)[0]), positions, batch_size=100)

    @cached_property
    def _transforms(self):
        sites = handlers.trace(handlers.seed(self.model.function, random.key(0))).get_trace(self.world, None)
        return {name: biject_to(site["fn"].support) for name, site in sites.items() if site["type"] == "sample"}

    def _constrain(self, flat):
        unconstrained = self.target.joint.structure.unravel(flat)
        latents = {name: self._transforms[name](value) for name, value in unconstrained.items()}
        volume = [
            self._transforms[name].log_abs_det_jacobian(value, latents[name]).sum()
            for name, value in unconstrained.items()
        ]
        return latents, sum(volume)

    @partial(jax.jit, static_argnums=0)
    def _mean_field(self, position, table, key):
        def posterior():
            flat = numpyro.sample("flat", dist.ImproperUniform(dist.constraints.real, (), position.shape))
            with handlers.block():
                potential = self.potential(flat, table)
            numpyro.factor("posterior", -potential)

        guide = AutoNormal(posterior, init_loc_fn=init_to_value(values={"flat": position}))
        svi = SVI(posterior, guide, ClippedAdam(0.02), Trace_ELBO(2))
        fit_key, draw_key = random.split(key)
        state = jax.lax.scan(lambda state, _: svi.update(state), svi.init(fit_key), length=600)[0]
        fitted = svi.get_params(state)
        noise = random.normal(draw_key, (self.num_draws, *position.shape))
        return fitted["flat_auto_loc"][None] + fitted["flat_auto_scale"][None] * noise

    @partial(jax.jit, static_argnums=0)
    def _chain(self, position, factor, table, key):
        kernel = NUTS(potential_fn=lambda z: self.potential(position + factor @ z, table), target_accept_prob=0.9)
        start_key, kernel_key = random.split(key)
        state = kernel.init(kernel_key, NUM_WARMUP, random.normal(start_key, position.shape), (), {})

        def step(state, _):
            state = kernel.sample(state, (), {})
            return state, position + factor @ state.z

        return jax.lax.scan(step, state, length=NUM_WARMUP + self.num_draws)[1][NUM_WARMUP:]


@dataclass(frozen=True)
class OneSet:
    """The posterior of one data set, as the search for a mode wants it."""

    calibration: Calibration
    table: jax.Array

    @property
    def starts(self):
        return self.calibration.target.start[None]

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


@dataclass(frozen=True)
class Known(Checkpoint):
    """In place of a checkpoint: the mode was found before, the rest is done."""

    mode: Mode | None = None

    def keep(self, name, like, compute):
        return self.mode if name == "mode" else compute()


def _told(latents, trace):
    """Latent numbers, those that coordinates stand for, and the reward in the gauge of the data, if there is one."""
    stands_for = {name: trace[name]["infer"].get("parameters", (name,)) for name in latents}
    names = [each for name in latents for each in stands_for[name]] + ["reward"] * ("reward" in trace)
    return {name: trace[name]["value"] for name in names}


def _stack(draws):
    return jax.tree.map(lambda *values: np.stack([np.asarray(value) for value in values]), *draws)


def uniformity(ranks):
    """p-value of the ranks of several numbers `[num_sets, num_numbers]` being uniform: the least, for as many looks."""
    least = min(kstest(each, "uniform").pvalue for each in ranks.T)
    return min(1.0, ranks.shape[1] * least)


def coverage(ranks, level):
    """Share of equal-tailed intervals of this probability that hold the truth."""
    return (np.abs(ranks - 0.5) < level / 2).mean()
