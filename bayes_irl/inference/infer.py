"""From a recording to a posterior over the reward."""

import os
import time
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from bayes_irl._checks import DataWarning
from bayes_irl.generative import Model
from bayes_irl.inference.baseline_error import with_baseline_error
from bayes_irl.inference.checkpoint import open_checkpoint
from bayes_irl.inference.door import checked
from bayes_irl.inference.fingerprint import fingerprint
from bayes_irl.inference.forecast import say_how_long
from bayes_irl.inference.mappings import let_go
from bayes_irl.inference.mode import find_mode
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.tree import build_tree
from bayes_irl.systems import Observations
from bayes_irl.systems.base import observe


def infer(
    model: Any,
    system: Any,
    recording: Any,
    baseline: Any = "neuron",
    method: Any = None,
    *,
    key: Any,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> xr.DataTree:
    """Infer which reward makes the recorded answers optimal.

    p(reward | recording) ∝ p(reward) Π p(observation | the answers that maximise E[r] − λ · coding cost), with λ = 1.
    The reward is identified up to a function of the stimulus alone, which no neuron can influence; it is reported
    with the mean over patterns, weighted by how often they were observed, at zero for each stimulus.

    Args:
        model: The claim about the system, from `load_model`; its name or path; or a function with a docstring.
        system: The recorded circuit; its stimulus moves per update (see `Stimulus.per_update` for binned data). Or
            `circuit.coupled()`, whose neurons only add up their inputs; a maze; the trials' `Offers` or `Evidence`; or
            a `Population` of neurons that are too many to enumerate, with a model of its value, for instance
            "large_population".
        recording: A `Recording` (updates stay updates; bins become thinned snapshots), or the result of its
            `updates()`, `snapshots()` or `transitions(update_rate)`; in a maze a `Trajectory`. Lists of systems and
            recordings, in the same order, are fitted together with one reward, for instance before and after a change.
            For offers: the choice in each trial (1 for A, 0 for B; NaN or −1 for none). For evidence: `Answers`, or
            their choices. For a population: a `Recording` or a `PackedRecording`, of which all bins are used; if its
            responses are counts, a `CountRecording`.
        baseline: p: each neuron's observed mean response (`"neuron"`; in a maze the observed mean distribution of
            moves), the population's (`"population"`), each neuron's with the effect of its own last response
            (`"history"`, for refractory and bursting neurons: a circuit's updates or transitions), or numbers. Another
            p shifts the reward. For trials the model states the default answers; leave `baseline` out.
        method: An instance, or its name. `Nuts()` by default; `Laplace()` and `Svi()` are faster, and the gate fails if
            they are not accurate enough. For a population `Sandwich()`. For a coupled circuit use `Laplace()`; if it
            fails its gate, `Nuts(target_accept=0.99)`.
        key: A JAX random key; a whole number is its seed.
        checkpoint: A folder in which the fit stores finished blocks of work. After an interrupt or a crash, the same
            call continues from there and returns the same draws. Delete the folder after saving the result.
        progress: Whether to show progress bars and, if the fit takes more than a minute, a forecast of its time; by
            default in terminals and notebooks.

    Returns:
        An ArviZ tree (see `inference.tree.build_tree` for its groups); look at `passed(tree)` and `verdict(tree)`
        before anything else.

    Raises:
        InputError: If model, system and recording do not fit each other; if the checkpoint is in use, belongs to
            another fit, is damaged, or cannot be written.

    Source:
        Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.

    >>> posterior = infer(model, circuit, recording, 0.4, bi.Laplace(120), key=key)
    >>> bi.passed(posterior)
    True
    """
    began, bars = time.perf_counter(), Progress(progress)
    asked = checked(model, system, recording, method, key, checkpoint)
    let_go()
    observations = observe(asked.system, asked.recording, baseline)
    warn_of_single_precision()
    draw_key, tree_key = jax.random.split(asked.key)
    signature = {} if asked.folder is None else fingerprint(asked.model, observations, asked.method, asked.key)
    with open_checkpoint(asked.folder, signature) as kept:
        posterior = settled(asked.model, observations, bars)
        say_how_long(posterior, asked.method, bars, kept)
        draws = asked.method.run(posterior, draw_key, bars, kept)
    tree = build_tree(posterior, draws, tree_key, bars)
    tree.attrs["key"] = " ".join(map(str, jax.random.key_data(asked.key).tolist()))
    tree.attrs["inference_seconds"] = time.perf_counter() - began
    return tree


def settled(model: Model, observations: Observations, bars: Progress) -> Posterior:
    """The posterior, after its system has prepared the observations, with the error of a p that they gave."""
    prepared = observations.system.settle(observations, lambda about: _Climb(model, about, bars))
    return with_baseline_error(Posterior(model, *prepared))


class _Climb:
    """A posterior whose mode can be looked for: what systems see that expand their likelihood about an optimum."""

    def __init__(self, model: Model, observations: Observations, bars: Progress):
        self.posterior, self.bars = Posterior(model, observations), bars

    def potential_at(self, position: np.ndarray) -> float:
        """Minus log density."""
        return float(self.posterior.value_and_grad(jnp.asarray(position))[0])

    def mode_from(self, start: np.ndarray | None) -> tuple[np.ndarray, float]:
        """The mode and minus log density there."""
        if start is not None:
            self.posterior.start = start
        mode = find_mode(self.posterior, self.bars)
        return mode.position, mode.potential

    def reward_of(self, position: np.ndarray) -> Any:
        """The reward at a position."""
        return self.posterior.reward_of(position)


def warn_of_single_precision() -> None:
    """Say so if JAX computes in single precision."""
    if jnp.zeros(()).dtype != jnp.float64:
        warnings.warn(
            "JAX computes in float32, so optimal answers are solved only to about 1e-5; the gate reports the accuracy "
            'reached. For float64: jax.config.update("jax_enable_x64", True), before anything else.',
            DataWarning,
            stacklevel=3,
        )
