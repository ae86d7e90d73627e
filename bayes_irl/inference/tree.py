"""Fits as ArviZ trees: the one place that makes them."""

from importlib.metadata import version

import arviz_base as azb
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array

from bayes_irl._threads import map_threads
from bayes_irl.generative.respond import site_name
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.gate import as_dataset, judge
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.stored import attributes, constants, coordinates, own_dims, stored_world
from bayes_irl.inference.target import Target
from bayes_irl.systems.offers.offer_table import Chosen
from bayes_irl.systems.session import Data

MOST_EXPLAINED = 1000  # draws whose reward and log probabilities are kept
NUM_REPLICATED = 100  # draws whose replicated observations are kept
NUM_PRIOR = 500


def build(target: Target, draws: Draws, key: Array, progress: Progress) -> xr.DataTree:
    """Assemble everything that is known about a fit.

    Groups: `posterior` (latent variables and the model's summaries, every draw), `sample_stats`, `reward` (the reward
    table and the solver's residual, thinned draws), `log_prior` (per latent site), `log_likelihood` (per row of
    counts), `observations` (log probability of every distinct observation, with its count), `posterior_predictive`,
    `prior`, `observed_data`, `constant_data`, `circuit` (T, p and lesions of every session; or `maze`, or `offers`)
    and `gate`.
    """
    replicate_key, prior_key = jax.random.split(key)
    coords = coordinates(target.circuit)
    dims = own_dims(target.circuit) | {name: list(axes) for name, axes in target.model.dims.items()}

    def dataset(variables: dict, chains: np.ndarray, steps: np.ndarray, own: dict | None = None) -> xr.Dataset:
        known = {name: axes for name, axes in (dims | (own or {})).items() if name in variables}
        return azb.dict_to_dataset(
            variables, dims=known, coords=coords | {"chain": chains, "draw": steps}, sample_dims=["chain", "draw"]
        )

    num_chains, num_draws, _ = draws.positions.shape
    chains, every = np.arange(num_chains), np.arange(num_draws)
    posterior = dataset(_summaries(target, draws.positions), chains, every)
    kept = np.unique(
        np.linspace(0, num_draws - 1, min(num_draws, max(1, MOST_EXPLAINED // num_chains))).round().astype(int)
    )
    account = _explain(target, draws.positions[:, kept], progress)
    few = slice(None, None, max(1, num_chains * len(kept) // NUM_REPLICATED))
    row_dims = {site: [f"{site}_row"] for site in account["log_likelihood"]}
    outcome_dims = {site: [f"{site}_row", f"{site}_outcome"] for site in account["log_probs"]}
    rewards = dataset(account["reward"], chains, kept)
    prior = {name: values[None] for name, values in target.prior(prior_key, NUM_PRIOR).items()}
    residual = float(rewards["solver_residual"].max()) if "solver_residual" in rewards else None
    checks = judge(posterior, residual, target.data, draws.checks)
    groups = {
        "posterior": posterior,
        "sample_stats": dataset(dict(draws.stats), chains, every),
        "reward": rewards,
        "log_prior": dataset(account["log_prior"], chains, kept, {name: [] for name in account["log_prior"]}),
        "log_likelihood": dataset(account["log_likelihood"], chains, kept, row_dims),
        "observations": _observations(target.data, account["log_probs"], chains, kept),
        "posterior_predictive": dataset(
            _replicate(target.data, account["log_probs"], few, replicate_key), chains, kept[few], outcome_dims
        ),
        "prior": dataset(prior, np.arange(1), np.arange(NUM_PRIOR)),
        "observed_data": _observed(target.data),
        "constant_data": constants(target.data),
        **stored_world(target.data),
        "gate": as_dataset(checks),
    }
    tree = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})
    tree.attrs.update(_attributes(target, draws))
    return tree


def data_hash(data: Data | Chosen) -> str:
    """One hash for all sessions: fits with equal hashes explain the same observations."""
    return "+".join(session.counts.data_hash for session in data.sessions)


def _summaries(target: Target, positions: np.ndarray) -> dict[str, np.ndarray]:
    flat = positions.reshape(-1, positions.shape[-1])
    each = map_threads(target.summaries, flat)
    return {
        name: np.stack([np.asarray(draw[name]) for draw in each]).reshape(*positions.shape[:2], *each[0][name].shape)
        for name in each[0]
    }


def _explain(target: Target, positions: np.ndarray, progress: Progress) -> dict[str, dict[str, np.ndarray]]:
    flat = positions.reshape(-1, positions.shape[-1])
    with progress.stage("explaining", total=len(flat)) as tick:

        def one(draw: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
            result = jax.tree.map(np.asarray, target.explain(jnp.asarray(draw)))
            tick(1)
            return result

        each = map_threads(one, flat)
    return jax.tree.map(lambda *values: np.stack(values).reshape(*positions.shape[:2], *values[0].shape), *each)


def _replicate(data: Data | Chosen, log_probs: dict[str, np.ndarray], few: slice, key: Array) -> dict[str, np.ndarray]:
    """Draw, for a few posterior draws, observations like those that were made: NaN where a draw was not solved."""
    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    replicated = {}
    for number, session in enumerate(data.sessions):
        site = site_name(session.site, number)
        probs = np.exp(log_probs[site][:, few])
        total = probs.sum(axis=-1, keepdims=True)
        solved = np.isfinite(total) & (total > 0)
        probs = np.where(solved, probs, 1.0)
        drawn = rng.multinomial(session.table.sum(axis=1), probs / probs.sum(axis=-1, keepdims=True))
        replicated[site] = drawn if solved.all() else np.where(solved, drawn, np.nan)
    return replicated


def _observations(
    data: Data | Chosen, log_probs: dict[str, np.ndarray], chains: np.ndarray, kept: np.ndarray
) -> xr.Dataset:
    """Log probability of every distinct observation, with how often it was made."""
    tables = {site_name(session.site, number): session.table for number, session in enumerate(data.sessions)}
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


def _observed(data: Data | Chosen) -> xr.Dataset:
    sites = {site_name(session.site, number): session.table for number, session in enumerate(data.sessions)}
    return xr.Dataset({site: ((f"{site}_row", f"{site}_outcome"), table) for site, table in sites.items()})


def _attributes(target: Target, draws: Draws) -> dict[str, object]:
    return {
        "model": target.model.name,
        "claim": target.model.claim,
        "docstring": target.model.docstring,
        "parameters": ", ".join(target.parameters),
        **attributes(target.data),
        "data_hash": data_hash(target.data),
        "observed": ", ".join(type(session.counts).__name__.lower() for session in target.data.sessions),
        **{f"method_{name}" if name != "method" else name: value for name, value in draws.settings.items()},
        **{f"{name}_version": version(name) for name in ("bayes_irl", "numpyro", "jax", "arviz-base")},
    }
