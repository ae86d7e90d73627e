"""Make ArviZ trees of fits."""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import arviz_base as azb
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, PRNGKeyArray

from bayes_irl._threads import map_threads
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.gate import as_dataset, judge
from bayes_irl.inference.model_verdict import ModelVerdict
from bayes_irl.inference.notes import NOTES
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.thinning import evenly
from bayes_irl.systems import Check, Observations
from bayes_irl.systems.base import Inferred

MAX_EXPLAINED = 1000  # draws whose reward and log probabilities are kept
NUM_REPLICATED = 100  # draws whose replicated observations are kept
NUM_PRIOR = 500
MAX_PRIOR_NUMBERS = 5_000_000  # in all draws from the prior: models of more have none
IN_NATS = (
    "nats per update (coding cost = 1)",
    "for each stimulus the mean over patterns, weighted by how often they were observed, is zero",
)


def build_tree(posterior: Posterior, draws: Draws, key: PRNGKeyArray, progress: Progress) -> xr.DataTree:
    """Assemble all results of a fit.

    Groups: `posterior` (latent variables and the model's summaries, every draw), `sample_stats`, `reward` (the reward,
    the solver's residual, and `price` where p is drawn with the reward; thinned draws), `reward_at_mode`, `log_prior`
    (per latent site), `log_likelihood` (per row of counts), `observations` (log probability of every distinct
    observation, with its count), `posterior_predictive`, `prior`, `observed_data`, `constant_data`, `system` (the
    system of every recording, with p and recorded means), groups of the system and the method, `model_checks` (for each
    check of the model the outcome, its size, and the size that it would have detected) and `gate`. Systems without a
    likelihood lack the groups that depend on it.

    Args:
        posterior: What was fitted.
        draws: What the method returned.
        key: A JAX random key.
        progress: Shows bars.
    """
    replicate_key, prior_key, own_key = jax.random.split(key, 3)
    system, observations = posterior.system, posterior.observations
    axes = system.axes()
    dims = {name: list(own) for name, own in (dict(axes.dims) | dict(posterior.model.dims)).items()}

    def dataset(variables: dict, chains: np.ndarray, steps: np.ndarray, own: dict | None = None) -> xr.Dataset:
        known = {name: each for name, each in (dims | (own or {})).items() if name in variables}
        used = {axis for each in known.values() for axis in each}
        coords = {name: labels for name, labels in axes.coords.items() if name in used}
        return azb.dict_to_dataset(
            variables, dims=known, coords=coords | {"chain": chains, "draw": steps}, sample_dims=["chain", "draw"]
        )

    num_chains, num_draws, _ = draws.positions.shape
    chains, every = np.arange(num_chains), np.arange(num_draws)
    kept = evenly(num_draws, max(1, MAX_EXPLAINED // num_chains))
    summaries = dataset(_summaries(posterior, draws.positions), chains, every)
    account = _explain(posterior, draws.positions[:, kept], progress)
    of_rewards = {name: list(own) for name, own in axes.rewards.items()}
    rewards = dataset(account["reward"], chains, kept, of_rewards)
    at_mode = jax.tree.map(lambda leaf: np.asarray(leaf)[None, None], posterior.explain(jnp.asarray(draws.point)))
    locate = None if draws.mode is None else draws.mode.locate
    own = Inferred(
        posterior.reward_of,
        draws.point,
        locate,
        _flat(draws.positions),
        own_key,
        account["log_probs"],
        account["reward"],
    )
    residual = float(rewards["solver_residual"].max(skipna=False)) if "solver_residual" in rewards else None
    model = ModelVerdict.of(system.misfits(observations, own))
    groups = {
        "posterior": summaries,
        "sample_stats": dataset(dict(draws.stats), chains, every),
        "reward": rewards,
        "reward_at_mode": dataset(at_mode["reward"], np.arange(1), np.arange(1), of_rewards).isel(
            chain=0, draw=0, drop=True, missing_dims="ignore"
        ),
        "log_prior": dataset(account["log_prior"], chains, kept, {name: [] for name in account["log_prior"]}),
        **_prior(posterior, prior_key, dataset),
        **_likelihood(observations, account, chains, kept, replicate_key, dataset),
        "constant_data": _constants(observations, axes.dims.get("reward", ())),
        "system": _systems(observations),
        **system.groups(observations, own),
        **draws.groups,
        "model_checks": model.as_dataset(),
        "gate": as_dataset(judge(summaries, residual, (*draws.checks, *system.judge(observations, own))), model),
    }
    tree = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})
    tree.attrs.update(_attributes(posterior, draws))
    return tree


def assemble(
    posterior: xr.Dataset, draws: Draws, checks: tuple[Check, ...], groups: Mapping[str, xr.Dataset]
) -> xr.DataTree:
    """A tree of draws that are no model's: `posterior`, `sample_stats`, groups of their own, and `gate`."""
    stats = azb.dict_to_dataset(dict(draws.stats), sample_dims=["chain", "draw"])
    gate = as_dataset(judge(posterior, None, (*draws.checks, *checks)))
    tree = xr.DataTree.from_dict(
        {"/posterior": posterior, "/sample_stats": stats, "/gate": gate}
        | {f"/{name}": group for name, group in groups.items()}
    )
    tree.attrs.update(_settings(draws) | _versions())
    return tree


def _flat(positions: np.ndarray) -> np.ndarray:
    return positions.reshape(-1, positions.shape[-1])


def _summaries(posterior: Posterior, positions: np.ndarray) -> dict[str, np.ndarray]:
    each = map_threads(posterior.summaries, _flat(positions))
    return {
        name: np.stack([np.asarray(draw[name]) for draw in each]).reshape(*positions.shape[:2], *each[0][name].shape)
        for name in each[0]
    }


def _explain(posterior: Posterior, positions: np.ndarray, progress: Progress) -> dict[str, dict[str, np.ndarray]]:
    flat = _flat(positions)
    with progress.stage("predicting", total=len(flat)) as tick:

        def one(draw: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
            result = jax.tree.map(np.asarray, posterior.explain(jnp.asarray(draw)))
            tick(1)
            return result

        each = map_threads(one, flat)
    return jax.tree.map(lambda *values: np.stack(values).reshape(*positions.shape[:2], *values[0].shape), *each)


def _prior(posterior: Posterior, key: Array, dataset: Any) -> dict[str, xr.Dataset]:
    """Draws from the prior, unless they would be too many numbers. Fits by scores have none: no check needs them."""
    if posterior.system.by_scores or posterior.num_dimensions * NUM_PRIOR > MAX_PRIOR_NUMBERS:
        return {}
    drawn = {name: values[None] for name, values in posterior.prior(key, NUM_PRIOR).items()}
    return {"prior": dataset(drawn, np.arange(1), np.arange(NUM_PRIOR))}


def _likelihood(
    observations: Observations,
    account: dict[str, dict[str, np.ndarray]],
    chains: np.ndarray,
    kept: np.ndarray,
    key: Array,
    dataset: Any,
) -> dict[str, xr.Dataset]:
    """Everything that follows from log probabilities of outcomes; nothing where there are none."""
    log_probs = account["log_probs"]
    if not log_probs:
        return {}
    few = slice(None, None, max(1, len(chains) * len(kept) // NUM_REPLICATED))
    rows = {site: [f"{site}_row"] for site in log_probs}
    outcomes = {site: [f"{site}_row", f"{site}_outcome"] for site in log_probs}
    tables = {
        observations.site(number): session.table
        for number, session in enumerate(observations.sessions)
        if session.table is not None
    }
    replicated = _replicate(tables, log_probs, few, key)
    return {
        "log_likelihood": _noted("log_likelihood", dataset(account["log_likelihood"], chains, kept, rows)),
        "observations": _observations(tables, log_probs, chains, kept),
        "posterior_predictive": dataset(replicated, chains, kept[few], outcomes),
        "observed_data": _noted(
            "observed_data", xr.Dataset({site: (outcomes[site], table) for site, table in tables.items()})
        ),
    }


def _noted(group: str, tables: xr.Dataset) -> xr.Dataset:
    """A group with the variable that stops ArviZ's functions for single observations, before any other."""
    draws = {axis: tables.sizes[axis] for axis in ("chain", "draw") if axis in tables.sizes}
    neutral = 0.0 if draws else 0.5  # adds nothing to log likelihoods; looks like no binary outcome
    note = xr.Dataset({NOTES[group]: (tuple(draws), np.full(tuple(draws.values()), neutral))})
    return note.assign(tables.data_vars)


def _replicate(
    tables: dict[str, np.ndarray], log_probs: dict[str, np.ndarray], few: slice, key: Array
) -> dict[str, np.ndarray]:
    """Draw, for a few posterior draws, observations like those that were made: NaN where a draw was not solved."""
    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    replicated = {}
    for site, table in tables.items():
        probs = np.exp(log_probs[site][:, few])
        total = probs.sum(axis=-1, keepdims=True)
        solved = np.isfinite(total) & (total > 0)
        probs = np.where(solved, probs, 1.0)
        drawn = rng.multinomial(table.sum(axis=1), probs / probs.sum(axis=-1, keepdims=True))
        replicated[site] = drawn if solved.all() else np.where(solved, drawn, np.nan)
    return replicated


def _observations(
    tables: dict[str, np.ndarray], log_probs: dict[str, np.ndarray], chains: np.ndarray, kept: np.ndarray
) -> xr.Dataset:
    """Log probability of every distinct observation, with how often it was made."""
    seen = {site: np.nonzero(table) for site, table in tables.items()}
    log_prob = np.concatenate([log_probs[site][:, :, *index] for site, index in seen.items()], axis=2)
    return xr.Dataset(
        {
            "log_prob": (("chain", "draw", "observation"), log_prob),
            "count": ("observation", np.concatenate([tables[site][index] for site, index in seen.items()])),
            "site": ("observation", np.concatenate([np.full(len(index[0]), site) for site, index in seen.items()])),
            "row": ("observation", np.concatenate([index[0] for index in seen.values()])),
            "outcome": ("observation", np.concatenate([index[1] for index in seen.values()])),
        },
        coords={"chain": chains, "draw": kept},
    )


def _constants(observations: Observations, states: Any) -> xr.Dataset:
    """What each row of counts belongs to, and the weights of the gauge."""
    weights = {} if observations.weights is None else {"weights": (tuple(states), np.asarray(observations.weights))}
    for number, session in enumerate(observations.sessions):
        site = observations.site(number)
        for name, (dims, values) in session.columns().items():
            renamed = tuple(dim.replace(f"{session.site}_row", f"{site}_row") for dim in dims)
            weights[f"{site}_{name}"] = (renamed, values)
    return xr.Dataset(weights)


def _systems(observations: Observations) -> xr.Dataset:
    """The system of every recording, with p and recorded means."""
    each = [
        session.system.store().merge(session.store(), combine_attrs="override") for session in observations.sessions
    ]
    joined = xr.concat(each, "recording", data_vars="all", coords="minimal", compat="override", join="override")
    return joined.assign_attrs(each[0].attrs)


def _attributes(posterior: Posterior, draws: Draws) -> dict[str, object]:
    model, observations, system = posterior.model, posterior.observations, posterior.system
    units, gauge, default = system.own_gauge or (*IN_NATS, "")
    return {
        "model": model.name,
        "claim": model.claim,
        "docstring": model.docstring,
        "parameters": ", ".join(posterior.parameters),
        "units": units,
        "gauge": gauge,
        "baseline": default or observations.baseline,
        "data_hash": observations.data_hash,
        "observed": ", ".join(session.kind for session in observations.sessions),
        **_settings(draws),
        **draws.attrs,
        **_versions(),
    }


def _settings(draws: Draws) -> dict[str, object]:
    return {f"method_{name}" if name != "method" else name: value for name, value in draws.settings.items()}


def _versions() -> dict[str, str]:
    return {f"{name}_version": version(name) for name in ("bayes_irl", "numpyro", "jax", "arviz-base")}
