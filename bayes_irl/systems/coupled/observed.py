"""How updates of a coupled circuit are observed: with their own couplings, and the optimum expanded about one."""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.systems.base import Climbable, Observations
from bayes_irl.systems.circuit.observed import ObservedUpdates
from bayes_irl.systems.coupled.ascent import settle
from bayes_irl.systems.coupled.logistic import CouplingFit
from bayes_irl.systems.coupled.nearby import NearbyOptimum, expand

MAX_ROUNDS = 12
MAX_HALVINGS = 6
SETTLED = 0.05  # nats by which the posterior rises in a round that counts as the last
NO_FIT = CouplingFit(np.zeros((0, 0)), np.zeros(0, int), np.zeros(0, int), np.zeros(0))
RIDGE = 1e-6  # nats per update and squared log-odds, added to the metric of the first round


class ObservedCouplings(ObservedUpdates):
    """Updates of neurons that can only add up what they see.

    Attributes:
        fit: The couplings that explain them best, whatever they are for.
        nearby: The optimum as a function of the reward, close to couplings that are one; None: not yet known.
        moved: Nats by which the posterior was said to rise about that optimum, when the search for it ended.
    """

    fit: CouplingFit = eqx.field(static=True, kw_only=True)
    nearby: NearbyOptimum | None = eqx.field(kw_only=True, default=None)
    moved: float = eqx.field(static=True, kw_only=True, default=np.inf)

    def padded(self) -> "ObservedCouplings":
        """Rows, counts and the expansion as arguments of a program."""
        return dataclasses.replace(super().padded(), fit=NO_FIT, moved=np.inf)

    @property
    def expansion(self) -> NearbyOptimum:
        """The expansion, which `settle_on_optimum` has found."""
        assert self.nearby is not None
        return self.nearby


def settle_on_optimum(
    observations: Observations, posterior: Callable[[Observations], Climbable]
) -> tuple[Observations, np.ndarray]:
    """Climb the posterior of the reward, with its couplings always exactly optimal.

    The first round cannot trust the Hessian, since the fitted couplings are no optimum yet: it takes a natural gradient
    step instead. Then the mode around the present optimum is a proposal, and the way there is halved until
    the posterior, with the optimum solved for anew, is higher.

    Args:
        observations: One recording, not yet expanded.
        posterior: Of the reward, given an expansion.

    Returns:
        The observations, expanded about the last optimum, and the posterior's mode there.

    Raises:
        InputError: If all that can be climbed to from the recorded couplings is a saddle.
    """
    (observed,) = observations.sessions
    assert isinstance(observed, ObservedCouplings)
    circuit, baseline, fit = observed.circuit, observed.baseline, observed.fit
    here, position = jnp.asarray(fit.parameters), None
    nearby = _natural(expand(circuit, baseline, here), fit)
    for _ in range(MAX_ROUNDS):
        around = _about(observations, nearby)
        target = posterior(around)
        if position is not None and not np.isfinite(target.potential_at(position)):
            raise InputError.of(
                "recording",
                "couplings near a maximum of L",
                "couplings near a saddle at best, for the reward of this model that explains them most",
                "Another reward, another baseline, or no optimum.",
            )
        mode, potential = target.mode_from(position)
        if position is None:
            position = mode
            here, _, _ = settle(circuit, target.reward_of(position), baseline, here)
            nearby = expand(circuit, baseline, here)
            continue
        present = target.potential_at(position)
        gain = present - potential
        if gain < SETTLED:
            break
        for halvings in range(MAX_HALVINGS):
            trial = position + 0.5**halvings * (mode - position)
            reward = target.reward_of(trial)
            guess, _ = nearby.optimum(reward)
            there, _, _ = settle(circuit, reward, baseline, guess)
            error = fit.log_likelihood(np.asarray(there)) - fit.log_likelihood(np.asarray(guess))
            if target.potential_at(trial) - error < present:
                position, nearby = trial, expand(circuit, baseline, there)
                break
        else:
            break
    (last,) = around.sessions
    assert isinstance(last, ObservedCouplings)
    return _about(around, last.expansion, float(gain)), mode


def _about(observations: Observations, nearby: NearbyOptimum, moved: float = np.inf) -> Observations:
    """The same observations, with the optimum expanded about couplings."""
    (observed,) = observations.sessions
    assert isinstance(observed, ObservedCouplings)
    return dataclasses.replace(observations, sessions=(dataclasses.replace(observed, nearby=nearby, moved=moved),))


def _natural(nearby: NearbyOptimum, fit: CouplingFit) -> NearbyOptimum:
    """The same gradient, with the recording's Fisher information per update in place of minus the Hessian."""
    metric = fit.information(fit.parameters) / fit.num_updates.sum() + RIDGE * np.eye(len(fit.parameters))
    return dataclasses.replace(nearby, reward_bends=jnp.zeros_like(nearby.reward_bends), cost_bends=jnp.asarray(metric))
