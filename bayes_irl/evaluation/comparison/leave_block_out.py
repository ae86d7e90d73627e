"""Leaving out whole stretches of time, where successive bins depend on each other."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray
from scipy.special import logsumexp

from bayes_irl._checks import DataWarning, InputError, count
from bayes_irl._keys import as_key
from bayes_irl._types import ArrayLike
from bayes_irl.generative import Model
from bayes_irl.inference.fit import Fit
from bayes_irl.inference.infer import infer
from bayes_irl.inference.methods.method import Method
from bayes_irl.recordings import Recording
from bayes_irl.systems import Capability, System
from bayes_irl.systems.base import BaselineKind
from bayes_irl.systems.forward import check_system


def counts_of(recording: Recording) -> Any:
    """Reduce a stretch as `infer` does."""
    return recording.counts()


def leave_block_out(
    model: Model | str | Any,
    system: System,
    recording: Any,
    reduce: Callable[[Recording], Any] = counts_of,
    baseline: BaselineKind | ArrayLike = "neuron",
    method: Method | str | None = None,
    *,
    key: PRNGKeyArray | int,
    num_blocks: int = 5,
    progress: bool = False,
) -> xr.Dataset:
    """Predict each stretch of a recording from all the others.

    The recording is cut into blocks of equal length. A fit to all other bins predicts its joint density:

        elpd_b = log (1/S) Σ_s Π_{j in block b} p(y_j | draw s),   draws without block b

    Bins before and after a block are never treated as successive. Use this function if successive bins depend on each
    other: leave-one-out is then too optimistic for every claim, because the fit has seen the neighbouring bins.

    Args:
        model: The claim, from `load_model`.
        system: The recorded circuit.
        recording: The recording, in time's order.
        reduce: A function that reduces a stretch to counts, for instance `lambda bins: bins.transitions(100.0)`; by
            default as in `infer`.
        baseline: p, estimated from the bins that were not left out.
        method: `Nuts()` by default.
        key: A JAX random key.
        num_blocks: How many blocks, and fits.
        progress: Whether to show progress bars.

    Returns:
        Per `block`: `elpd` in nats, `num_observations`, its `first_bin`, and the gate's `passed` and `verdict` on the
        fit without it. See `compare_blocks` for several claims.

    Raises:
        InputError: For fewer than two blocks, a system that does not support it, or if a fit without a block is not
            possible.

    Source:
        Bürkner, Gabry & Vehtari 2020, doi:10.1080/00949655.2020.1783262; Roberts et al. 2017, doi:10.1111/ecog.02881.

    >>> blocks = leave_block_out(model, circuit, recording, method=bi.Laplace(100), key=key, num_blocks=2)
    >>> blocks["first_bin"].values.tolist()
    [0, 2000]
    """
    check_system("system", system).require(Capability.LEAVE_BLOCK_OUT)
    if not isinstance(recording, Recording):
        raise InputError.of("recording", "a Recording", type(recording).__name__)
    edges = np.linspace(0, recording.num_bins, count("num_blocks", num_blocks, least=2) + 1).round().astype(int)
    rows = []
    for first, end, one in zip(edges, edges[1:], jax.random.split(as_key(key), num_blocks), strict=False):
        rest, block = split_off(recording, int(first), int(end))
        fit = Fit(infer(model, system, reduce(rest), baseline, method, key=one, progress=progress))
        elpd, size = _joint_density(fit, _quietly(reduce, block))
        rows.append((elpd, size, int(first), fit.passed, fit.verdict))
    elpds, sizes, firsts, passed, verdicts = zip(*rows, strict=True)
    return xr.Dataset(
        {
            "elpd": ("block", list(elpds), {"units": "nats"}),
            "num_observations": ("block", list(sizes)),
            "first_bin": ("block", list(firsts)),
            "passed": ("block", list(passed)),
            "verdict": ("block", list(verdicts)),
        },
        attrs={"model": str(fit.tree.attrs["model"])},
    )


def compare_blocks(claims: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Compare claims by how well they predict blocks.

    Args:
        claims: The result of `leave_block_out`, by the name of the claim; all with the same blocks.

    Returns:
        Per `claim`, the best one first: `elpd` in all, `difference` from the best one, and `difference_se`, from how
        differences vary between blocks: √B times their standard deviation.

    Raises:
        InputError: For fewer than two claims, or other blocks.

    >>> blocks = xr.Dataset(
    ...     {"elpd": ("block", [-10.0, -12.0]), "num_observations": ("block", [5, 5]), "first_bin": ("block", [0, 5])}
    ... )
    >>> claims = {"count": blocks, "pairs": blocks.assign(elpd=blocks["elpd"] - 1)}
    >>> compare_blocks(claims)["difference"].values.tolist()
    [0.0, -2.0]
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


def _quietly(reduce: Callable[[Recording], Any], block: Recording) -> Any:
    """Reduce a block: a neuron that is silent in it is no reason for a warning, since nothing is fitted to it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return reduce(block)


def _joint_density(fit: Fit, counts: Any) -> tuple[float, int]:
    """Log posterior mean of the probability of all observations together, and how many they are."""
    observed = fit.system.observe(counts, np.asarray(fit.baseline))
    made = observed.table > 0

    def one(optimum: Any) -> float:
        log_prob = np.asarray(observed.log_outcomes(optimum.policy, lambda: optimum.recorded_occupancy))
        return float(observed.table[made] @ log_prob[made])

    each = np.array(fit.each_optimum(one))
    return float(logsumexp(each) - np.log(len(each))), int(observed.table.sum())
