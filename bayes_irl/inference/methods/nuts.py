"""The no-U-turn sampler, from the mode, in whitened coordinates."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, replace
from functools import partial
from threading import Event
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpyro.infer import NUTS as Kernel
from numpyro.infer.util import ParamInfo

from bayes_irl._checks import InputError, count
from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint
from bayes_irl.inference.density import Density
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.methods.importance import one_mode_check
from bayes_irl.inference.methods.stepping import BLOCK, in_blocks
from bayes_irl.inference.mode import kept_mode
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.whitened import Whitened, slope
from bayes_irl.inference.whitening import Whitening
from bayes_irl.systems import Check

USUAL_STEPS = 15  # of a trajectory: 7 where the posterior is nearly Normal, 50 where it is not
MAX_TREE_DEPTH = 20  # a million steps for one draw; beyond 30 they could not even be counted


@dataclass(frozen=True)
class Nuts:
    """Hamiltonian Monte Carlo with the no-U-turn rule (Hoffman & Gelman 2014), chains in parallel.

    Attributes:
        num_chains: Independent chains; convergence is judged by comparing them.
        num_draws: Kept draws per chain.
        num_warmup: Adaptation steps per chain. Few are needed, because the coordinates are whitened.
        target_accept: Mean acceptance that the step size is adapted to.
        max_tree_depth: A trajectory takes at most 2 ** this many steps.
    """

    by_scores: ClassVar[bool] = False

    num_chains: int = 4
    num_draws: int = 1000
    num_warmup: int = 300
    target_accept: float = 0.9
    max_tree_depth: int = 10

    def __post_init__(self) -> None:
        """Refuse sizes that are none."""
        for name in ("num_chains", "num_draws", "max_tree_depth"):
            count(name, getattr(self, name))
        count("num_warmup", self.num_warmup, least=20)
        if not 0 < self.target_accept < 1:
            raise InputError.of("target_accept", "a probability strictly between 0 and 1", self.target_accept)
        if self.max_tree_depth > MAX_TREE_DEPTH:
            raise InputError.of("max_tree_depth", f"at most {MAX_TREE_DEPTH}", self.max_tree_depth)

    def num_gradients(self) -> int:
        """Return about how many gradients the draws take."""
        return self.num_chains * (self.num_warmup + self.num_draws) * USUAL_STEPS

    def run(self, target: Density, key: Array, progress: Progress, checkpoint: Checkpoint = NOWHERE) -> Draws:
        """Draw from the posterior, starting at its mode."""
        mode = kept_mode(target, progress, checkpoint)
        around, kernel = Whitened.of(target, mode), replace(self, num_chains=1, num_draws=1)
        centres = np.concatenate([np.zeros((1, target.num_dimensions)), mode.rivals])  # chains begin at every mode
        states = [
            _start(kernel, around, each, centres[number % len(centres)])
            for number, each in enumerate(jax.random.split(key, self.num_chains))
        ]
        _advance.lower(kernel, around, states[0]).compile()  # before chains ask for it, each on a thread of its own
        advance = partial(_advance, kernel, around)
        blocks = [
            in_blocks(advance, state, self.num_warmup + self.num_draws, f"chain_{number}", checkpoint)
            for number, state in enumerate(states)
        ]
        stop = Event()
        total = self.num_chains * (self.num_warmup + self.num_draws)
        with progress.stage("sampling", total=total) as tick, ThreadPoolExecutor(self.num_chains) as pool:
            chains = [pool.submit(self._chain, each, tick, stop) for each in blocks]
            try:
                for each in wait(chains, return_when=FIRST_EXCEPTION).done:
                    each.result()
            finally:
                stop.set()  # an interrupt, or what failed in one chain, ends the others at their next block
            results = [each.result() for each in chains]
        stacked = {name: np.stack([result[name] for result in results]) for name in results[0]}
        positions = mode.locate_all(stacked.pop("z"))
        checks = (*self._checks(stacked), *one_mode_check(mode, self.num_chains))
        return Draws(positions, stacked, checks, mode.position, {"method": "Nuts", **asdict(self)}, mode)

    def _chain(self, blocks: Iterator, tick: Callable, stop: Event) -> dict[str, np.ndarray]:
        wanted = self.num_warmup + self.num_draws
        done: list[dict[str, np.ndarray]] = []
        for _, block in blocks:
            tick(min(BLOCK, wanted - BLOCK * len(done)))
            done.append(block)
            if stop.is_set():
                raise InterruptedError("sampling was stopped")
        last = slice(self.num_warmup, wanted)
        return {name: np.concatenate([block[name] for block in done])[last] for name in done[0]}

    def _checks(self, stats: dict[str, np.ndarray]) -> tuple[Check, ...]:
        deepest = 2**self.max_tree_depth - 1
        return (
            Check.at_most(
                "divergences",
                stats["diverging"].sum(),
                0,
                "No trajectory diverged.",
                f"{int(stats['diverging'].sum())} trajectories diverged: parts of the posterior may be missing. "
                "Raise target_accept, or use tighter priors.",
            ),
            Check.at_most(
                "longest trajectories",
                (stats["n_steps"] >= deepest).mean(),
                0.01,
                "Trajectories turned before they reached their longest.",
                "Many trajectories were cut off at their longest: sampling is slow, not wrong. Raise max_tree_depth.",
            ),
        )


def _start(method: Nuts, around: Whitened, key: Array, centre: np.ndarray) -> Any:
    """The state of a chain that starts at a draw from the Normal with the mode's curvature, about a mode."""
    kernel_key, whitened, flat = _drawn(around.position, around.whitening, key, jnp.asarray(centre))
    value, gradient = around.value_and_grad(flat)  # as compiled for the mode
    return _state(method, kernel_key, whitened, value, slope(around.whitening, gradient))


@jax.jit
def _drawn(position: Array, whitening: Whitening, key: Array, centre: Array) -> tuple[Array, Array, Array]:
    start_key, kernel_key = jax.random.split(key)
    whitened = centre + jax.random.normal(start_key, position.shape)
    return kernel_key, whitened, position + whitening(whitened)


@partial(jax.jit, static_argnums=0)
def _state(method: Nuts, key: Array, whitened: Array, value: Array, gradient: Array) -> Any:
    return _kernel(method, None).init(key, method.num_warmup, ParamInfo(whitened, value, gradient), (), {})


@partial(jax.jit, static_argnums=0)
def _advance(method: Nuts, around: Whitened, state: Any) -> tuple[Any, dict[str, Array]]:
    """`BLOCK` steps of a chain: compiled once for all posteriors of one structure."""
    kernel = _kernel(method, around.potential())
    kernel.init(state.rng_key, method.num_warmup, ParamInfo(state.z, state.potential_energy, state.z_grad), (), {})

    def step(state: Any, _: None) -> tuple[Any, dict[str, Array]]:
        state = kernel.sample(state, (), {})
        return state, {
            "z": state.z,
            "diverging": state.diverging,
            "acceptance_rate": state.accept_prob,
            "n_steps": state.num_steps,
            "energy": state.energy,
            "lp": -state.potential_energy,
            "step_size": state.adapt_state.step_size,
        }

    return jax.lax.scan(step, state, length=BLOCK)


def _kernel(method: Nuts, potential: Callable | None) -> Kernel:
    return Kernel(
        potential_fn=potential or (lambda whitened: 0.0 * whitened.sum()),
        target_accept_prob=method.target_accept,
        max_tree_depth=method.max_tree_depth,
    )
