"""Stochastic variational inference with a multivariate Normal."""

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array
from numpyro import handlers
from numpyro.infer import SVI, Trace_ELBO, init_to_value
from numpyro.infer.autoguide import AutoMultivariateNormal
from numpyro.optim import ClippedAdam

from bayes_irl._checks import count, positive
from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint
from bayes_irl.inference.density import Density
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.methods.importance import importance, one_mode_check, pareto_check
from bayes_irl.inference.methods.stepping import BLOCK, in_blocks
from bayes_irl.inference.mode import kept_mode
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.whitened import Whitened
from bayes_irl.systems import Check


@dataclass(frozen=True)
class Svi:
    """The multivariate Normal nearest to the posterior in KL(q ‖ posterior), by stochastic gradients.

    It starts at the mode, in coordinates whitened by the curvature. Its spread is not corrected. k̂ measures the error,
    but only where the Normal has draws: it does not see longer tails of the posterior.

    Attributes:
        num_draws: Draws from the fitted Normal.
        num_steps: Gradient steps.
        step_size: Of Adam; it falls to a tenth over the run.
        num_particles: Draws that estimate each gradient.
    """

    by_scores: ClassVar[bool] = False

    num_draws: int = 1000
    num_steps: int = 2000
    step_size: float = 0.02
    num_particles: int = 4

    def __post_init__(self) -> None:
        """Refuse sizes that are none."""
        for name in ("num_draws", "num_steps"):
            count(name, getattr(self, name), least=100)
        count("num_particles", self.num_particles)
        positive("step_size", self.step_size)

    def num_gradients(self) -> int:
        """Return about how many gradients the draws take."""
        return self.num_steps * self.num_particles + 2 * self.num_draws  # the latter for weights and predictions

    def run(self, target: Density, key: Array, progress: Progress, checkpoint: Checkpoint = NOWHERE) -> Draws:
        """Fit the Normal and draw from it."""
        mode = kept_mode(target, progress, checkpoint)
        around, fixed = Whitened.of(target, mode), replace(self, num_draws=100)
        fit_key, draw_key = jax.random.split(key)
        state = _start(fixed, around, mode.potential, fit_key)
        advance = partial(_advance, fixed, around, mode.potential)
        losses: list[np.ndarray] = []
        with progress.stage("fitting", total=self.num_steps) as tick:
            for after, loss in in_blocks(advance, state, self.num_steps, "svi", checkpoint):
                state = after
                tick(min(BLOCK, self.num_steps - BLOCK * len(losses)))
                losses.append(loss)
        drawn = _draw(self, around, mode.potential, state, draw_key)
        whitened, log_proposal = map(np.asarray, drawn)
        positions = mode.locate_all(whitened)
        _, shape, known = importance(target, positions, log_proposal)
        checks = (_settled(np.concatenate(losses)), *one_mode_check(mode), *known, pareto_check(shape, "variational"))
        return Draws(positions[None], {}, checks, mode.position, {"method": "Svi", **asdict(self)}, mode)


def _prepared(method: Svi, around: Whitened, offset: Array) -> tuple[SVI, AutoMultivariateNormal]:
    """The variational problem; the guide learns what it has to guide when it is first initialised."""
    size, potential = len(around.position), around.potential()

    def posterior() -> None:
        whitened = numpyro.sample("whitened", dist.ImproperUniform(dist.constraints.real, (), (size,)))
        with handlers.block():  # the sites within are the posterior's own
            density = offset - potential(whitened)
        numpyro.factor("posterior", density)

    guide = AutoMultivariateNormal(
        posterior, init_loc_fn=init_to_value(values={"whitened": jnp.zeros(size)}), init_scale=1.0
    )
    rates = ClippedAdam(lambda step: method.step_size * 0.1 ** (step / method.num_steps), clip_norm=10.0 * size**0.5)
    return SVI(posterior, guide, rates, Trace_ELBO(method.num_particles, vectorize_particles=False)), guide


@partial(jax.jit, static_argnums=0)
def _start(method: Svi, around: Whitened, offset: Array, key: Array) -> Any:
    return _prepared(method, around, offset)[0].init(key)


@partial(jax.jit, static_argnums=0)
def _advance(method: Svi, around: Whitened, offset: Array, state: Any) -> tuple[Any, Array]:
    """`BLOCK` steps: compiled once for all posteriors of one structure."""
    svi, _ = _prepared(method, around, offset)
    svi.init(state.rng_key)
    return jax.lax.scan(lambda now, _: svi.update(now), state, length=BLOCK)


@partial(jax.jit, static_argnums=0)
def _draw(method: Svi, around: Whitened, offset: Array, state: Any, key: Array) -> tuple[Array, Array]:
    """Draws from the fitted Normal, and their log density."""
    svi, guide = _prepared(method, around, offset)
    svi.init(state.rng_key)
    normal = guide.get_posterior(svi.get_params(state))
    whitened = normal.sample(key, (method.num_draws,))
    return whitened, normal.log_prob(whitened)


def _settled(losses: np.ndarray) -> Check:
    """Whether the ELBO still rises over the last two fifths of the run, against its noise."""
    fifth = len(losses) // 5
    before, after = losses[-2 * fifth : -fifth], losses[-fifth:]
    noise = np.sqrt((before.var() + after.var()) / fifth)
    gain = float(before.mean() - after.mean())
    return Check.at_most(
        "rise of the ELBO (nats)",
        gain,
        max(0.1, 3 * noise),
        "The variational objective has settled.",
        f"The variational objective still rose by {gain:.2g} nats: raise num_steps.",
    )
