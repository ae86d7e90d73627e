"""The reward of a large population as a sum of features with a meaning."""

from collections.abc import Callable, Mapping

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayes_irl._checks import InputError, finite_array
from bayes_irl.inference.fit import Fit
from bayes_irl.systems import Capability

LARGEST_CONDITION = 1e4
Features = Callable[[np.ndarray, np.ndarray], Mapping[str, np.ndarray]]


def reward_weights(posterior: xr.DataTree, features: Features, *, allow_failed: bool = False) -> xr.Dataset:
    """Regress the inferred reward on features, draw by draw, at the recorded patterns.

        r̂(σ, x) ≈ Σ_k w_k φ_k(σ, x) + b(x),      w = ⟨φ̃ φ̃ᵀ⟩⁻¹ ⟨φ̃ r̂⟩,

    where φ̃ are the features minus their mean under each stimulus, and averages are over recorded patterns, as often as
    they occur. So each draw of the reward gives one draw of the weights.

    *What cannot be known.* The model's value is a sum of features f, and a recording only determines ⟨f (r̂ − r)⟩. So
    the weights are determined if ⟨f φ̃ᵀ⟩ has full rank, and accurately if its condition number is low. If the true
    reward is outside the model's family, the regression does not correct for it. R² is the share of the inferred reward
    that the features explain.

    Args:
        posterior: The tree that `infer` returned for a `Population`.
        features: `features(spikes, stimulus)`, from patterns `[num_patterns, num_neurons]` of 0 and 1, and the stimulus
            of each as a whole number, to `{name: [num_patterns]}`.
        allow_failed: Whether to continue if the fit failed its gate.

    Returns:
        `weight[feature]` for each draw, in nats per update and unit of the feature; `r_squared` for each draw;
        `condition` and `rank` of ⟨f φ̃ᵀ⟩, features in units of their standard deviations. Attributes `passed_of_fit`
        (1 or 0) and `verdict_of_fit`.

    Raises:
        InputError: If this is no fit of a population; if its gate failed; if features are not as described, do not
            vary, or depend on each other so much that their weights are not identified.

    >>> both = lambda spikes, stimulus: {"count": spikes.sum(1), "all": spikes.prod(1)}
    >>> reward_weights(posterior, both)["weight"].dims
    ('chain', 'draw', 'feature')
    """
    fit = Fit(posterior).require(Capability.REWARD_WEIGHTS).require_passed(allow_failed)
    recorded = fit.group("patterns")
    spikes, shown = recorded["spikes"].values.astype(float), recorded["shown"].values
    named = dict(features(spikes, shown))
    columns = [finite_array(f"features[{name!r}]", column, (len(shown),)) for name, column in named.items()]
    if not columns:
        raise InputError.of("features", "at least one", "none")
    centred = np.stack([_centred(column, shown) for column in columns], axis=1)
    size = centred.std(axis=0)
    if still := [name for name, sd in zip(named, size, strict=True) if sd < 1e-12]:
        raise InputError.of(
            "features", "ones that vary under a stimulus", f"{still} constant", "No reward for them can be seen."
        )
    strengths = _seen_through(spikes, shown, centred / size)
    condition = strengths[0] / max(strengths[-1], 1e-300)
    rank = int((strengths > strengths[0] / LARGEST_CONDITION).sum())
    if rank < len(columns):
        raise InputError.of(
            "features",
            f"{len(columns)} whose weights the recording tells apart",
            f"a condition of {condition:.1g} (rank {rank})",
            f"Leave out some of {', '.join(named)}: they are nearly the same in the recorded patterns.",
        )
    draws = fit.posterior
    reward = draws["reward"].transpose("chain", "draw", "recorded_pattern").values
    weight = reward @ np.linalg.pinv(centred).T
    left = reward - weight @ centred.T
    explained = 1 - (left**2).mean(axis=-1) / np.maximum((reward**2).mean(axis=-1), 1e-300)
    return xr.Dataset(
        {
            "weight": (("chain", "draw", "feature"), weight, {"units": "nats per update"}),
            "r_squared": (("chain", "draw"), explained),
            "condition": condition,
            "rank": rank,
        },
        coords={
            "chain": draws["chain"],
            "draw": draws["draw"],
            "feature": list(named),
        },
        attrs={"passed_of_fit": int(fit.passed), "verdict_of_fit": fit.verdict},
    )


def _centred(column: Float[np.ndarray, " num_patterns"], shown: np.ndarray) -> Float[np.ndarray, " num_patterns"]:
    means = np.bincount(shown, column) / np.maximum(np.bincount(shown), 1)
    return column - means[shown]


def _seen_through(spikes: np.ndarray, shown: np.ndarray, features: np.ndarray) -> Float[np.ndarray, " num_features"]:
    """Singular values of ⟨f φᵀ⟩, largest first, from the inner products of the value's features f.

    Σ_{i<j} σ_i σ_j σ′_i σ′_j = ((σ·σ′)² − σ·σ′) / 2 for pairs; σ·σ′ and whether counts agree, under the same stimulus.
    """
    overlap = spikes @ spikes.T
    count = spikes.sum(axis=1)
    same = shown[:, None] == shown
    inner = (overlap**2 - overlap) / 2 + same * (overlap + (count[:, None] == count))
    gram = features.T @ inner @ features / len(features) ** 2
    return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0))
