"""From a recording of pairwise-coupled neurons to a posterior over the reward, by first-order optimality."""

import dataclasses
import time
from functools import partial
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike, Reward
from bayes_irl.generative import Model
from bayes_irl.inference.infer import Method, warn_of_single_precision
from bayes_irl.inference.laplace import Laplace
from bayes_irl.inference.logistic import CouplingFit, fit_couplings
from bayes_irl.inference.mode import Mode, find_mode
from bayes_irl.inference.optimality import check_optimality
from bayes_irl.inference.progress import Progress
from bayes_irl.inference.target import Flat, Target
from bayes_irl.inference.tree import build
from bayes_irl.recordings import Recording, Updates
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.coupled.ascent import frozen_in, settle
from bayes_irl.systems.coupled.couplings import unpack
from bayes_irl.systems.coupled.nearby import NearbyOptimum, expand
from bayes_irl.systems.session import Data, as_data

MAX_ROUNDS = 12
MAX_HALVINGS = 6
SETTLED = 0.05  # nats by which the posterior rises in a round that counts as the last
NUM_DRAWN = 1000  # draws of the couplings themselves that are kept
RIDGE = 1e-6  # nats per update and squared log-odds, added to the metric of the first round


def infer_from_couplings(
    model: Model,
    circuit: Circuit,
    recording: Recording | Updates,
    baseline: Literal["neuron", "population"] | ArrayLike = "neuron",
    method: Method | None = None,
    *,
    key: PRNGKeyArray,
    progress: bool = False,
) -> xr.DataTree:
    """Infer which reward makes the recorded couplings the best ones.

    Among answers π_i(1 | σ, x) = sigmoid(Σ_j J_ij σ_j + h_i(x)), the couplings θ = (J, h) are optimal where the
    gradient of L vanishes, with λ = 1:

        Σ_{σ,x} r(σ, x) ∂ρ(σ, x)/∂θ = ∂C/∂θ,

    linear in the reward. A recording knows θ only so well: the answers are Binomial under θ*(r), the optimum for the
    reward as it moves away from the best one found, by a Newton step. Its couplings' uncertainty is thereby carried
    through in full; where the couplings say nothing, the prior stays.

    *What cannot be known.* There are as many equations as there are couplings and fields that differ: of exchangeable
    neurons only num_stimuli + 1, so that most of their reward stays unknown however long the recording.

    Args:
        model: the claim about the reward, from `load_model`; any will do.
        circuit: the recorded circuit, with nothing cut.
        recording: single updates.
        baseline: p, as in `infer`. It is held while the couplings move.
        method: `Laplace()` by default. Where it fails its gate, `Nuts(target_accept=0.99)`: near rewards for which the
            optimum is no maximum any more it runs off, the posterior falls steeply, and longer steps diverge.
        key: a JAX random key.
        progress: whether to show progress bars.

    Returns:
        The tree that `infer` returns, with `couplings` (draws of J and h from the recording alone, whatever the
        reward) and `optimal_couplings` (at the posterior mode of the reward). Its gate also tells whether the couplings
        are a maximum of L for the inferred reward, and whether *any* reward of this model makes them one: a likelihood
        ratio of free against optimal couplings, χ² with as many degrees of freedom as are left over.

    Raises:
        InputError: where model, circuit and recording do not fit each other; for anything but updates; for a circuit
            frozen in one pattern, whose couplings tell nothing; where no maximum of L was found near the couplings.

    Source:
        Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.
    """
    if not isinstance(model, Model):
        raise InputError.of("model", 'a model, such as load_model("spike_count")', repr(model))
    began = time.perf_counter()
    data = as_data(circuit, recording, baseline)
    counts = data.sessions[0].counts
    if not isinstance(counts, Updates):
        raise InputError.of("recording", "single updates", type(counts).__name__.lower(), "Couplings need them.")
    if frozen := frozen_in(circuit, counts.occupancy_counts):
        raise InputError.of(
            "recording",
            "a circuit that moves between patterns",
            f"one that is {frozen}",
            "Its couplings were hardly ever put to use: they tell nothing about the reward.",
        )
    warn_of_single_precision()
    bars, fit = Progress(progress), fit_couplings(circuit, counts)
    target, mode, moved = _settle_on_optimum(model, circuit, data, fit, bars)
    draw_key, tree_key, coupling_key = jax.random.split(key, 3)
    draws = (Laplace() if method is None else method).run(target, mode, draw_key, bars)
    checks = check_optimality(target, mode, draws, fit, moved, SETTLED)
    tree = build(target, dataclasses.replace(draws, checks=(*draws.checks, *checks)), tree_key, bars)
    _add_couplings(tree, circuit, fit, target, mode, coupling_key)
    tree.attrs["answers"] = "pairwise couplings"
    tree.attrs["inference_seconds"] = time.perf_counter() - began
    return tree


def _settle_on_optimum(
    model: Model, circuit: Circuit, data: Data, fit: CouplingFit, bars: Progress
) -> tuple[Target, Mode, float]:
    """Climb the posterior of the reward, with its couplings always exactly optimal.

    The first round cannot trust the Hessian, since the fitted couplings are no optimum yet: it takes a natural gradient
    step instead. Then the mode around the present optimum is a proposal, and the way there is halved until
    the posterior, with the optimum solved for anew, is higher.

    Returns:
        The posterior around the last optimum, its mode, and how much higher that is said to be, in nats.

    Raises:
        InputError: if all that can be climbed to from the recorded couplings is a saddle.
    """
    baseline, reward_of = data.sessions[0].baseline, None
    here, position = jnp.asarray(fit.parameters), None
    nearby = _natural(expand(circuit, baseline, here), fit)
    for _ in range(MAX_ROUNDS):
        target = Target(model, circuit, eqx.tree_at(lambda d: d.coupled, data, nearby, is_leaf=lambda x: x is None))
        if position is not None:
            target.start = position
            if not np.isfinite(target.value_and_grad(jnp.asarray(position))[0]):
                raise InputError.of(
                    "recording",
                    "couplings near a maximum of L",
                    "couplings near a saddle at best, for the reward of this model that explains them most",
                    "Another reward, another baseline, or no optimum.",
                )
        mode = find_mode(target, bars)
        reward_of = reward_of or partial(_reward, target)  # the reward of a draw is the same in every round
        if position is None:
            position = mode.position
            here, _, _ = settle(circuit, reward_of(jnp.asarray(position)), baseline, here)
            nearby = expand(circuit, baseline, here)
            continue
        present = float(target.value_and_grad(jnp.asarray(position))[0])
        gain = present - mode.potential
        if gain < SETTLED:
            break
        for halvings in range(MAX_HALVINGS):
            trial = position + 0.5**halvings * (mode.position - position)
            reward = reward_of(jnp.asarray(trial))
            guess, _ = nearby.optimum(reward)
            there, _, _ = settle(circuit, reward, baseline, guess)
            error = fit.log_likelihood(np.asarray(there)) - fit.log_likelihood(np.asarray(guess))
            if float(target.value_and_grad(jnp.asarray(trial))[0]) - error < present:
                position, here = trial, there
                nearby = expand(circuit, baseline, here)
                break
        else:
            break
    return target, mode, gain


def _natural(nearby: NearbyOptimum, fit: CouplingFit) -> NearbyOptimum:
    """The same gradient, with the recording's Fisher information per update in place of minus the Hessian."""
    metric = fit.information(fit.parameters) / fit.num_updates.sum() + RIDGE * np.eye(len(fit.parameters))
    return dataclasses.replace(nearby, reward_bends=jnp.zeros_like(nearby.reward_bends), cost_bends=jnp.asarray(metric))


def _reward(target: Target, flat: Flat) -> Reward:
    return target.explain(flat)["reward"]["reward"]


def _add_couplings(
    tree: xr.DataTree, circuit: Circuit, fit: CouplingFit, target: Target, mode: Mode, key: Array
) -> None:
    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    drawn = jax.vmap(lambda flat: unpack(circuit, flat))(jnp.asarray(fit.draw(NUM_DRAWN, rng)))
    assert isinstance(target.data, Data)
    nearby = target.data.coupled
    assert nearby is not None
    optimal = unpack(circuit, nearby.optimum(_reward(target, jnp.asarray(mode.position)))[0])
    coords = {
        "neuron": np.arange(circuit.num_neurons),
        "seen": np.arange(circuit.num_neurons),
        "stimulus": list(circuit.stimulus_labels),
    }
    dims = {"weight": ("neuron", "seen"), "field": ("stimulus", "neuron")}
    units = {"units": "log-odds"}

    def dataset(weights: Float[Array, "..."], fields: Float[Array, "..."], *samples: str) -> xr.Dataset:
        arrays = {"weight": np.asarray(weights), "field": np.asarray(fields)}
        return xr.Dataset(
            {name: ((*samples, *dims[name]), each, units) for name, each in arrays.items()}, coords=coords
        )

    tree["couplings"] = xr.DataTree(dataset(drawn.weights[None], drawn.fields[None], "chain", "draw"))
    tree["optimal_couplings"] = xr.DataTree(dataset(optimal.weights, optimal.fields))
