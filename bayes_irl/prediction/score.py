"""Score predictions by a held-out recording."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayes_irl._checks import InputError, count
from bayes_irl.inference.fit import Fit
from bayes_irl.inference.standard_error import of_clusters, of_counts
from bayes_irl.systems import Capability, System
from bayes_irl.systems.scored import Scored

UNCHANGED = "nothing changes"


def score(
    posterior: xr.DataTree | Mapping[str, xr.DataTree],
    system: System,
    recording: Any,
    *,
    refit: xr.DataTree | None = None,
    num_draws: int = 200,
) -> xr.Dataset:
    """Score predictions by a held-out recording, with standard errors.

    If outcomes have probabilities, the score is the log predictive density: Σ_j c_j log (1/S) Σ_s p(y_j | draw s), in
    nats, where observation y_j was made c_j times. The bins of a population have no such probabilities. Its score is
    the gain of the point estimate over answers by the baseline p alone, in nats per update,

        snapshots:  Σ_x s_x ⟨v(σ, x) − Σ_x′ T[x, x′] B(v)(σ, x′)⟩_x,      updates:  ⟨log π_i(a | σ, x) − log p_i(a)⟩,

    where ⟨·⟩_x is the mean over bins with stimulus x and s_x the stimulus's long-run share. *In stationarity* the first
    is the expectation of the second. The first needs neither the order of bins nor independence between them. If a
    recording is not stationary under T, the first is only a score, and it grows without bounds if T moves faster per
    update than the neurons can follow. p stays at its observed value.

    Args:
        posterior: One fit, which is compared with "nothing changes"; or a dict of fits, by the name of their claim,
            which are compared with each other.
        system: The system of the held-out recording, changed or not.
        recording: The held-out recording.
        refit: Another fit, to a recording of the changed system: its score is a reference for the best possible one.
            Only with a single `posterior`.
        num_draws: Number of posterior draws to use.

    Returns:
        For each `claim` (with one fit: "adapted", "nothing changes" and, if given, "re-fitted"; with several: the best
        one first): `score`, the total in nats (of a population the gain, in nats per update); `per_observation`;
        `score_se`; `difference` from the reference and its standard error `difference_se`, which say whether claims
        differ; and `passed` and `verdict`, the gate's result for each fit. The reference is "nothing changes", or the
        best claim. For counts, the standard error treats observations as independent; it is too small for bins that
        depend on each other. For a population it is computed from sums over trials (or over 50 stretches of a record
        without trials), and `score_of_trial[claim, trial]` is each trial's part of the score.

    Raises:
        InputError: If systems and recording do not fit, or fits differ in T, p or lesions.

    >>> silenced = circuit.silence(2)
    >>> score(posterior, circuit, recording)["difference"].to_series()
    claim
    adapted            0.0
    nothing changes    0.0
    Name: difference, dtype: float64
    """
    count("num_draws", num_draws)
    claims, reference = _claims(posterior, system, refit)
    first = next(iter(claims.values()))[0]
    given = "neuron" if first.baseline is None else np.asarray(first.baseline)
    observed = system.named_after(recording).observe(recording, given)
    found = {
        name: fit.system.score(each, fit.rewards(num_draws), fit.as_fitted(), observed)
        for name, (fit, each) in claims.items()
    }
    total = {name: float(each.weights @ each.values) for name, each in found.items()}
    names = list(found) if reference else sorted(found, key=lambda name: -total[name])
    base = found[reference or names[0]]
    differences = {name: found[name].minus(base) for name in names}
    unit = {"units": base.units}
    table = xr.Dataset(
        {
            "score": ("claim", [total[name] for name in names], unit),
            "score_se": ("claim", [_standard_error(found[name]) for name in names], unit),
            "per_observation": ("claim", [total[name] / found[name].weights.sum() for name in names], unit),
            "difference": ("claim", [float(base.weights @ differences[name].values) for name in names], unit),
            "difference_se": ("claim", [_standard_error(differences[name]) for name in names], unit),
            "passed": ("claim", [claims[name][0].passed for name in names]),
            "verdict": ("claim", [claims[name][0].verdict for name in names]),
        },
        coords={"claim": names},
        attrs={
            "num_observations": base.num_observations,
            "observed": observed.kind,
            "reference": reference or names[0],
        },
    )
    if base.labels is None:
        return table
    sums = [np.bincount(base.labels, base.weights * found[name].values) for name in names]
    return table.assign(score_of_trial=(("claim", "trial"), sums, unit)).assign_coords(trial=base.names)


def _claims(
    posterior: xr.DataTree | Mapping[str, xr.DataTree], system: System, refit: xr.DataTree | None
) -> tuple[dict[str, tuple[Fit, System]], str]:
    """Which fit predicts the recording of which system, and the name of the reference ("": the best claim)."""
    if isinstance(posterior, Mapping) and not isinstance(posterior, xr.DataTree):
        fits = {name: Fit(tree).require(Capability.SCORE) for name, tree in posterior.items()}
        if not fits or refit is not None:
            raise InputError.of("posterior", "fits by the name of their claim, and no refit", f"{len(fits)} fits")
        check_alike(fits)
        next(iter(fits.values())).system.describe_change(system)
        return {name: (fit, system) for name, fit in fits.items()}, ""
    fit = Fit(posterior).require(Capability.SCORE)
    fit.system.describe_change(system)
    claims = {"adapted": (fit, system), UNCHANGED: (fit, fit.system)}
    if refit is not None:
        claims["re-fitted"] = (Fit(refit).require(Capability.SCORE), system)
    return claims, UNCHANGED


def check_alike(fits: Mapping[str, Fit]) -> None:
    """Refuse fits whose scores cannot be compared.

    Raises:
        InputError: If fits differ in T, p or lesions.
    """
    first = next(iter(fits.values())).recorded
    for name, fit in fits.items():
        for variable in ("transition", "baseline", "dispersion", "silenced", "forced"):
            ours, theirs = (each[variable].values if variable in each else np.nan for each in (first, fit.recorded))
            if not np.allclose(theirs, ours, atol=1e-6, equal_nan=True):
                raise InputError.of(
                    "posterior",
                    f"fits with the same {variable}",
                    f"another one for {name!r}",
                    "Fit all of them with the same T, p and lesions.",
                )


def _standard_error(scored: Scored) -> Float[np.ndarray, ""] | float:
    if scored.labels is None:
        return of_counts(scored.values, scored.weights)
    return of_clusters(scored.weights * scored.centred, scored.labels)
