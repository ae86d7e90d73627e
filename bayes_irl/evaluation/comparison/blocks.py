"""Leaving out whole stretches of time, where successive bins depend on each other."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray
from scipy.special import logsumexp

from bayes_irl._checks import DataWarning, InputError, count
from bayes_irl._threads import map_threads
from bayes_irl._types import ArrayLike
from bayes_irl.generative import Model
from bayes_irl.inference.infer import Method, infer
from bayes_irl.recordings import Recording
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.likelihood import log_outcomes
from bayes_irl.systems.respond import respond
from bayes_irl.systems.session import Counts, counts_of, observe


def leave_block_out(
    model: Model,
    circuit: Circuit,
    recording: Recording,
    reduce: Callable[[Recording], Counts] = counts_of,
    baseline: Literal["neuron", "population"] | ArrayLike = "neuron",
    method: Method | None = None,
    *,
    key: PRNGKeyArray,
    num_blocks: int = 5,
    progress: bool = False,
) -> xr.Dataset:
    """Predict each stretch of a recording from all the others.

    The recording is cut into blocks of equal length. Each is foretold by a fit to all other bins, in its joint density:

        elpd_b = log (1/S) Σ_s Π_{j in block b} p(y_j | draw s),   draws without block b

    Bins on either side of a block are never taken to follow each other. Leave-one-out knows the bins next to the one it
    leaves out, and where those are alike it flatters every claim; a block knows them at its ends alone.

    Args:
        model: the claim, from `load_model`.
        circuit: the recorded circuit.
        recording: the recording, in time's order.
        reduce: what is to be explained of a stretch, for instance `lambda bins: bins.transitions(100.0)`; by default as
            in `infer`.
        baseline: p, plugged in from what was not left out.
        method: `Nuts()` by default.
        key: a JAX random key.
        num_blocks: how many blocks, and fits.
        progress: whether to show progress bars.

    Returns:
        Per `block`: `elpd` in nats, `num_observations`, its `first_bin`, and the gate's `verdict` on the fit without
        it. See `compare_blocks` for several claims.

    Raises:
        InputError: for fewer than two blocks, or where a fit without a block is not possible.

    Source:
        Bürkner, Gabry & Vehtari 2020, doi:10.1080/00949655.2020.1783262; Roberts et al. 2017, doi:10.1111/ecog.02881.

    >>> leave_block_out(model, circuit, recording, key=key)["elpd"]  # doctest: +SKIP
    """
    if not isinstance(recording, Recording):
        raise InputError.of("recording", "a Recording", type(recording).__name__)
    edges = np.linspace(0, recording.num_bins, count("num_blocks", num_blocks, least=2) + 1).round().astype(int)
    rows = []
    for first, end, one in zip(edges, edges[1:], jax.random.split(key, num_blocks), strict=False):
        rest, block = split_off(recording, int(first), int(end))
        tree = infer(model, circuit, reduce(rest), baseline, method, key=one, progress=progress)
        elpd, size = _joint_density(tree, circuit, _quietly(reduce, block))
        rows.append((elpd, size, int(first), str(tree["gate"].attrs["verdict"])))
    elpds, sizes, firsts, verdicts = zip(*rows, strict=True)
    return xr.Dataset(
        {
            "elpd": ("block", list(elpds), {"units": "nats"}),
            "num_observations": ("block", list(sizes)),
            "first_bin": ("block", list(firsts)),
            "verdict": ("block", list(verdicts)),
        },
        attrs={"model": model.name},
    )


def compare_blocks(claims: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Compare claims by the blocks that they foretold.

    Args:
        claims: what `leave_block_out` returned, by the name of the claim; all with the same blocks.

    Returns:
        Per `claim`, the best one first: `elpd` in all, `difference` from the best one, and `difference_se`, from how
        differences vary between blocks: √B times their standard deviation.

    Raises:
        InputError: for fewer than two claims, or other blocks.

    >>> compare_blocks({"count": blocks_of_one, "pairs": blocks_of_other})["difference"]  # doctest: +SKIP
    """
    if len(claims) < 2:
        raise InputError.of("claims", "at least two", len(claims))
    first, *others = claims.values()
    for name in ("num_observations", "first_bin"):
        if any(not np.array_equal(first[name], other[name]) for other in others):
            raise InputError.of("claims", "the same blocks of one recording", f"others ({name})")
    names = sorted(claims, key=lambda name: -float(claims[name]["elpd"].sum()))
    gaps = np.stack([claims[name]["elpd"].values - claims[names[0]]["elpd"].values for name in names])
    return xr.Dataset(
        {
            "elpd": ("claim", [float(claims[name]["elpd"].sum()) for name in names], {"units": "nats"}),
            "difference": ("claim", gaps.sum(axis=1), {"units": "nats"}),
            "difference_se": ("claim", np.sqrt(gaps.shape[1]) * gaps.std(axis=1, ddof=1)),
        },
        coords={"claim": names},
    )


def split_off(recording: Recording, first: int, end: int) -> tuple[Recording, Recording]:
    """Cut a stretch out of a recording: the rest, whose trials end there, and the stretch."""
    bins = np.arange(recording.num_bins)
    inside = (bins >= first) & (bins < end)
    trial = np.zeros(len(bins), int) if recording.trial is None else np.unique(recording.trial, return_inverse=True)[1]
    apart = replace(recording, trial=(2 * trial.ravel() + (bins >= end)).astype(np.int32))
    return apart.where(~inside), recording.where(inside)


def _quietly(reduce: Callable[[Recording], Counts], block: Recording) -> Counts:
    """Reduce a block: a neuron that is silent in it is no reason for a warning, since nothing is fitted to it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return reduce(block)


def _joint_density(tree: xr.DataTree, circuit: Circuit, counts: Counts) -> tuple[float, int]:
    """Log posterior mean of the probability of all observations together, and how many they are."""
    baseline = jnp.asarray(tree["circuit"].dataset["baseline"].values[0])
    session = observe(circuit, counts, baseline)
    rewards = tree["reward"].to_dataset()["reward"].stack(sample=("chain", "draw"))

    def one(reward: np.ndarray) -> float:
        network = respond(circuit, jnp.asarray(reward), baseline)
        log_prob = np.asarray(log_outcomes(session, network.policy, network.occupancy))
        return float(session.table[session.table > 0] @ log_prob[session.table > 0])

    each = np.array(map_threads(one, rewards.transpose("sample", "stimulus", "pattern").values))
    return float(logsumexp(each) - np.log(len(each))), int(session.table.sum())
