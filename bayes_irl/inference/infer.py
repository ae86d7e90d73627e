"""From a recording to a posterior over the reward."""

import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import xarray as xr
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import DataWarning, InputError
from bayes_irl._types import ArrayLike
from bayes_irl.generative import Model, as_population_data
from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint, open_checkpoint
from bayes_irl.inference.density import Density
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.fingerprint import fingerprint
from bayes_irl.inference.mappings import let_go
from bayes_irl.inference.mode import Mode, blank, find_mode
from bayes_irl.inference.nuts import Nuts
from bayes_irl.inference.population import infer_population
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.sandwich import Sandwich
from bayes_irl.inference.target import Target
from bayes_irl.inference.tree import build
from bayes_irl.recordings import Answers, PackedRecording
from bayes_irl.solvers.world import World
from bayes_irl.systems.behaviour import Behaviour
from bayes_irl.systems.evidence.answer_table import as_answered
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.offers.offer_table import Chosen, as_chosen
from bayes_irl.systems.population.population import Population
from bayes_irl.systems.session import Data, Recorded, as_data


@runtime_checkable
class Method(Protocol):
    """A way to draw from a posterior whose mode is known."""

    def run(
        self, target: Density, mode: Mode, key: PRNGKeyArray, progress: Progress, checkpoint: Checkpoint = NOWHERE
    ) -> Draws:
        """Draw unconstrained latent vectors, with statistics and checks; keep in the checkpoint what takes long."""
        ...


def infer(
    model: Model,
    circuit: World | Sequence[World | Population] | Behaviour | Population,
    recording: Recorded | PackedRecording | Sequence[Recorded] | Answers | ArrayLike,
    baseline: Literal["neuron", "population"] | ArrayLike = "neuron",
    method: Method | Sandwich | None = None,
    *,
    key: PRNGKeyArray,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> xr.DataTree:
    """Infer which reward makes the recorded answers optimal.

    p(reward | recording) ∝ p(reward) Π p(observation | the answers that maximise E[r] − λ · coding cost), with λ = 1.
    The reward is identified up to a function of the stimulus alone, which no neuron can influence; it is reported
    with the mean over patterns, weighted by how often they were observed, at zero for each stimulus.

    Args:
        model: the claim about the circuit, from `load_model`.
        circuit: the recorded circuit; its stimulus moves per update (see `Stimulus.per_update` for binned data). Or a
            maze; or what was offered or shown in trials: `Offers`, `Evidence`; or a `Population`, of neurons too many
            to enumerate, with a model of its value such as "large_population".
        recording: a `Recording` (updates are taken as such, bins as thinned snapshots), or what its `updates()`,
            `snapshots()` or `transitions(update_rate)` return; in a maze a `Trajectory`. Lists of circuits and
            recordings, in the same order, are fitted together: one reward, before and after a change. For offers: on
            which trials A was chosen (1, 0; NaN or −1 where nothing was). For evidence: `Answers`, or their choices.
            For a population a `Recording` or a `PackedRecording`, all of whose bins are used.
        baseline: p: each neuron's observed mean response (`"neuron"`; in a maze the observed mean distribution of
            moves), the population's (`"population"`), or numbers. Another p shifts the reward. Not for trials, where
            the model says what is done by default.
        method: `Nuts()` by default; `Laplace()` and `Svi()` are faster and say when they are not good enough. For a
            population `Sandwich()`.
        key: a JAX random key.
        checkpoint: a folder in which this fit keeps what is done, block by block. What is already there is not done
            again: after an interrupt, a crash or a kill the same call goes on, to the very same draws. Delete the
            folder once the result is saved.
        progress: whether to show progress bars.

    Returns:
        An ArviZ tree (see `inference.tree.build` for its groups, and `inference.population_tree` for those of a
        population); look at `verdict(tree)` before anything else.

    Raises:
        InputError: where model, circuit and recording do not fit each other; where the checkpoint is in use, belongs to
            another fit, is damaged, or cannot be written.

    Source:
        Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.
    """
    if not isinstance(model, Model):
        raise InputError.of("model", 'a model, such as load_model("spike_count")', repr(model))
    let_go()
    if isinstance(circuit, Population):
        return _infer_population(model, circuit, recording, baseline, method, key, checkpoint, progress)
    if isinstance(circuit, Sequence) and any(isinstance(each, Population) for each in circuit):
        raise InputError.of("circuit", "one Population, with one recording", "a list", "Fit each, and compare.")
    if isinstance(method, Sandwich):
        raise InputError.of("method", "Nuts, Laplace or Svi, unless for a Population", "Sandwich")
    began = time.perf_counter()
    data = _reduce(circuit, recording, baseline)
    warn_of_single_precision()
    target = Target(model, data.sessions[0].world, data)
    bars, chosen = Progress(progress), Nuts() if method is None else method
    draw_key, tree_key = jax.random.split(key)
    folder = None if checkpoint is None else Path(checkpoint)
    with open_checkpoint(folder, {} if folder is None else fingerprint(model, data, chosen, key)) as kept:
        mode = kept.keep("mode", blank(target.num_dimensions), lambda: find_mode(target, bars))
        draws = chosen.run(target, mode, draw_key, bars, kept)
    tree = build(target, draws, tree_key, bars)
    tree.attrs["key"] = " ".join(map(str, jax.random.key_data(key).tolist()))
    tree.attrs["inference_seconds"] = time.perf_counter() - began
    return tree


def _infer_population(model, population, recording, baseline, method, key, checkpoint, progress) -> xr.DataTree:
    """Check what only a population cannot have, and infer its value."""
    if not isinstance(method, Sandwich | None):
        raise InputError.of(
            "method",
            "Sandwich(), for a population",
            type(method).__name__,
            "Snapshots are explained by an objective that is no likelihood: other methods would be too sure.",
        )
    if checkpoint is not None:
        raise InputError.of("checkpoint", "none, for a population", str(checkpoint), "Its fit takes minutes at most.")
    data = as_population_data(population, recording, baseline)
    return infer_population(model, data, method or Sandwich(), key, Progress(progress))


def _reduce(
    circuit: World | Sequence[World | Population] | Behaviour,
    recording: Recorded | PackedRecording | Sequence[Recorded] | Answers | ArrayLike,
    baseline: Literal["neuron", "population"] | ArrayLike,
) -> Data | Chosen:
    """Check what was recorded against the world it is from, and count it."""
    if not isinstance(circuit, Behaviour):
        return as_data(circuit, recording, baseline)  # type: ignore[arg-type]  # checked there
    if not (isinstance(baseline, str) and baseline == "neuron"):
        raise InputError.of("baseline", "none, for choices", baseline, "Biases and defaults are in the model.")
    return as_answered(circuit, recording) if isinstance(circuit, Evidence) else as_chosen(circuit, recording)


def warn_of_single_precision() -> None:
    """Say so if JAX computes in single precision."""
    if jnp.zeros(()).dtype != jnp.float64:
        warnings.warn(
            "JAX computes in float32, in which optimal answers are solved to about 1e-5 only; the gate will say what "
            'was reached. For float64: jax.config.update("jax_enable_x64", True), before anything else.',
            DataWarning,
            stacklevel=3,
        )
