"""From gradients of the events' expected counts to a posterior over the events' rewards."""

import time
import warnings
from collections.abc import Mapping

import arviz_base as azb
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from bayes_irl._checks import DataWarning, InputError, finite_array, one_of
from bayes_irl.inference.balance import Balance, Blocks, Cancellation
from bayes_irl.inference.infer import warn_of_single_precision
from bayes_irl.inference.methods.method import Method
from bayes_irl.inference.methods.nuts import Nuts
from bayes_irl.inference.mode import find_mode
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.tree import assemble
from bayes_irl.inference.worths import PRIOR_WIDTH, Worths
from bayes_irl.systems import Check

LEAST_BLOCKS = 40  # half of them estimate a covariance
MOST_LEFT = 0.05  # of gradients that should cancel
MAX_RELATIVE_WIDTH = 0.5  # of the prior's width: a weight known no better is said to be unknown


def infer_from_gradients(
    gradients: xr.Dataset,
    known: Mapping[str, float],
    method: Method | None = None,
    *,
    key: PRNGKeyArray,
    progress: bool = False,
) -> xr.DataTree:
    """Infer the rewards of events for a trained network, from the gradients of their expected counts.

    At an optimum of E[Σ_k w_k n_k], no small change of the parameters increases the reward:

        Σ_k w_k g_k = 0,      g_k = ∇ E[n_k],

    which fixes w up to scale if the gradients of all but one event are independent. Half of the blocks of trials
    estimate the directions of the gradients; the other half measures the sum along these directions, with an error that
    depends on w itself. So w has a likelihood (`inference.balance.Balance`). The prior is Normal(0, 10 times the
    largest known weight).

    *What cannot be known.* The scale of w, and its sign (gradients vanish at a minimum as well): one weight, at least,
    has to be known. An event that always or never happens has no gradient, so its weight comes from the prior. A rare
    event has a gradient that is shorter than the error of training (plus two standard errors), so its weight reflects
    that error. A warning and the gate name both kinds. If the gradients of all events point along one line, they fix
    only one combination of weights: you need as many independent gradients as unknown weights.

    *What is taken for granted.* The network is near an optimum, and only these events were rewarded. The gate's line
    "gradients that are left" tests this along directions in which no event's count changes. Along the other directions,
    a remaining gradient has the same effect as other weights. The intervals allow for a remaining gradient as large as
    the one found in the tested directions, in addition to the sampling error.

    Args:
        gradients: The result of `agents.event_gradients`.
        known: Known weights, for instance `{"correct": 1.0}`; all weights are in their unit. If you know how the
            network was trained, give "entropy" too: `Settings.entropy`.
        method: `Nuts()` by default.
        key: A JAX random key.
        progress: Whether to show progress bars.

    Returns:
        A tree with `posterior` (`weight[event]`, rewards per event, or per nat of "entropy"), `sample_stats`, `gate`
        (see `verdict`) and `constant_data` (`mean_count[event]`, a trial). The attribute `not_identified` names the
        events whose weights are not identified.

    Raises:
        InputError: If these are not gradients, or come from too few blocks; if known weights are of events that are not
            among them, or of all of them; or if no event with a known weight changes its frequency.

    Source:
        Hansen, Heaton & Yaron 1996, doi:10.1080/07350015.1996.10524656, for moments whose covariance depends on what
        is estimated.

    >>> tree = infer_from_gradients(gradients, {"correct": 1.0}, bi.Laplace(), key=key)
    >>> tree["posterior"]["weight"].dims
    ('chain', 'draw', 'event')
    """
    blocks, given = _checked(gradients, known)
    warn_of_single_precision()
    began, bars = time.perf_counter(), Progress(progress)
    events = [str(name) for name in gradients["event"].values]
    free = [number for number, name in enumerate(events) if name not in known]
    balance = Balance.of(blocks)
    target = Worths(balance, given, tuple(free), _least_squares(blocks, given, free)[None])
    mode = find_mode(target, bars)
    left = Cancellation.of(blocks, np.asarray(target.weights(jnp.asarray(mode.position))))
    target = Worths(balance.allowing(left), given, tuple(free), mode.position[None])
    draws = (Nuts() if method is None else method).run(target, key, bars)
    weights = np.broadcast_to(given, (*draws.positions.shape[:2], len(events))).copy()
    weights[..., free] = draws.positions
    posterior = azb.dict_to_dataset(
        {"weight": weights}, dims={"weight": ["event"]}, coords={"event": events}, sample_dims=["chain", "draw"]
    )
    vague = weights.std(axis=(0, 1)) > MAX_RELATIVE_WIDTH * float(target.prior_width)
    faint = _shares(balance, weights.mean(axis=(0, 1))) < max(left.left, 0.0) + 2 * left.error
    unknown = [events[number] for number in free if vague[number] or faint[number]]
    if unknown:
        _warn_of(unknown, gradients)
    tree = assemble(
        posterior,
        draws,
        (_cancel(left), _identified(unknown, len(free))),
        {"constant_data": gradients[["mean_count"]].mean("block")},
    )
    tree.attrs.update(gradients.attrs)
    tree.attrs["not_identified"] = ", ".join(unknown)
    tree.attrs["known"] = ", ".join(f"{name} = {worth:g}" for name, worth in known.items())
    tree.attrs["inference_seconds"] = time.perf_counter() - began
    return tree


def _checked(gradients: xr.Dataset, known: Mapping[str, float]) -> tuple[Blocks, Float[np.ndarray, " num_events"]]:
    """Return gradients as an array, and the known weights, with 0 for those that are not."""
    if "gradient" not in gradients or gradients["gradient"].dims != ("block", "event", "parameter"):
        raise InputError.of("gradients", "what event_gradients returned", "a dataset without them")
    events = [str(name) for name in gradients["event"].values]
    blocks = finite_array("gradients", gradients["gradient"].values, (None, None, None))
    if len(blocks) < LEAST_BLOCKS:
        raise InputError.of("gradients", f"at least {LEAST_BLOCKS} blocks of trials", len(blocks))
    given = np.zeros(len(events))
    for name, worth in known.items():
        given[events.index(one_of("known", name, events))] = finite_array(f"known[{name!r}]", worth, ())
    if len(known) == len(events):
        raise InputError.of("known", "at least one weight that is not", "all of them")
    if not blocks[:, given != 0].any():
        raise InputError.of(
            "known",
            "a weight, not 0, of an event whose frequency can change",
            ", ".join(known) or "none",
            "Gradients fix weights up to their scale and sign.",
        )
    return blocks, given


def _least_squares(
    blocks: Blocks, given: Float[np.ndarray, " num_events"], free: list[int]
) -> Float[np.ndarray, " num_free"]:
    """Weights that cancel mean gradients best, in units of the known events' noise, within the prior's width.

    They are too small for the noise of their own events, and near enough to begin with.
    """
    variance = np.einsum("k,bkp->bp", given, blocks).var(axis=0, ddof=1) / len(blocks)
    mean = blocks.mean(axis=0) / np.sqrt(variance + variance.mean())
    precision = mean[free] @ mean[free].T + np.eye(len(free)) / (PRIOR_WIDTH * np.abs(given).max()) ** 2
    return np.linalg.solve(precision, -mean[free] @ (given @ mean))


def _shares(balance: Balance, weights: Float[np.ndarray, " num_events"]) -> Float[np.ndarray, " num_events"]:
    """What each event would leave if it were forgotten: w_k² |g_k|² / Σ_l w_l² |g_l|²."""
    squared = weights**2 * np.asarray(balance.lengths)
    return squared / squared.sum()


def _warn_of(unknown: list[str], gradients: xr.Dataset) -> None:
    counts = gradients["mean_count"].mean("block")
    named = ", ".join(f"{name} ({float(counts.sel(event=name)):.2g} a trial)" for name in unknown)
    warnings.warn(
        f"Weights of {named} are not identified: changing the network's parameters hardly changes how often these "
        "events happen. Their intervals reflect the prior, or training that had not converged: do not use them.",
        DataWarning,
        stacklevel=3,
    )


def _cancel(found: Cancellation) -> Check:
    amount = f"{found.left:.3f} ± {found.error:.3f} of the value for independent directions"
    return Check.at_most(
        "gradients that are left",
        found.left,
        MOST_LEFT,
        f"Weighted gradients cancel ({amount}).",
        f"Weighted gradients do not cancel ({amount}): training had not converged enough, or something else was "
        "rewarded as well. Train on at a lower learning rate: `train(start=agent)`.",
    )


def _identified(unknown: list[str], num_weights: int) -> Check:
    names = f"; not that of {', '.join(unknown)}" if unknown else ""
    return Check.at_least(
        "weights that the gradients fix",
        num_weights - len(unknown),
        1,
        f"The gradients fix {num_weights - len(unknown)} of {num_weights} weights{names}.",
        "The gradients fix no weight: intervals come from the prior.",
    )
