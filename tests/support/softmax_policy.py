"""Softmax policies whose optimum is known to rounding error: contexts, actions, and too few parameters for them all.

    π(a | c) ∝ exp(φ_ca · θ),   J(θ) = mean over c of Σ_a π(a | c) [Σ_k w_k n_k(c, a) − β log π(a | c)]

Ten parameters set 24 log-odds, so that no choice of them makes J's gradient vanish in every single trial; it does so on
average where Newton's method ends. Shared by tests of what gradients say about w.
"""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.optimize import minimize

NUM_CONTEXTS, NUM_ACTIONS, NUM_PARAMETERS = 8, 4, 10
TRUTH = np.array([1.0, 0.7, -0.5, 1.0])  # the last is β, what a nat of entropy is worth
EVENTS = ["correct", "sure", "early", "entropy"]


@dataclass(frozen=True)
class SoftmaxPolicy:
    """A policy, and what its actions count as: `counts[event, context, action]`, `features[context, action, :]`."""

    counts: np.ndarray
    features: np.ndarray
    theta: np.ndarray

    @property
    def policy(self) -> np.ndarray:
        log_odds = self.features @ self.theta
        odds = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def per_action(self) -> np.ndarray:
        """Score times what each event gains over its mean in the context, `[event, context, action, parameter]`."""
        policy = self.policy
        values = np.concatenate([self.counts, -np.log(policy)[None]])
        gain = values - (policy * values).sum(axis=2, keepdims=True)
        score = self.features - np.einsum("ca,cap->cp", policy, self.features)[:, None]
        return gain[..., None] * score

    def gradients(self) -> np.ndarray:
        """Exact ∇ E[n_k], `[event, parameter]`."""
        return np.einsum("ca,kcap->kp", self.policy, self.per_action()) / NUM_CONTEXTS

    def expected(self) -> np.ndarray:
        values = np.concatenate([self.counts, -np.log(self.policy)[None]])
        return np.einsum("ca,kca->k", self.policy, values) / NUM_CONTEXTS

    def record(self, rng, num_blocks: int = 200, per_context: int = 10) -> xr.Dataset:
        """Score-function estimates from sampled actions, as `event_gradients` returns them."""
        each, blocks = self.per_action(), 0.0
        for context, odds in enumerate(self.policy):
            share = rng.multinomial(per_context, odds, size=num_blocks) / per_context / NUM_CONTEXTS
            blocks = blocks + np.einsum("ba,kap->bkp", share, each[:, context])
        return as_dataset(blocks, self.expected(), EVENTS)


def as_dataset(blocks: np.ndarray, counts: np.ndarray, events: list[str]) -> xr.Dataset:
    mean_count = np.broadcast_to(counts, blocks.shape[:2])
    variables = {"gradient": (("block", "event", "parameter"), blocks), "mean_count": (("block", "event"), mean_count)}
    return xr.Dataset(variables, {"event": events}, {"task": "softmax policy"})


def optimal(rng) -> SoftmaxPolicy:
    """Draw a problem and solve it."""
    counts = rng.integers(0, 3, size=(3, NUM_CONTEXTS, NUM_ACTIONS)).astype(float)
    features = rng.normal(size=(NUM_CONTEXTS, NUM_ACTIONS, NUM_PARAMETERS))

    def loss(theta):
        at = SoftmaxPolicy(counts, features, theta)
        return -TRUTH @ at.expected(), -TRUTH @ at.gradients()

    found = minimize(loss, np.zeros(NUM_PARAMETERS), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 1000})
    best = SoftmaxPolicy(counts, features, found.x)
    assert np.abs(TRUTH @ best.gradients()).max() < 1e-6
    return best
