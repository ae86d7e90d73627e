"""How well claims predict a recording that no fit has seen."""

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
    """Score predictions by a recording that no fit has seen, with standard errors.

    Where outcomes have probabilities, by the log predictive density: for observations y_j made c_j times,
    Σ_j c_j log (1/S) Σ_s p(y_j | draw s), in nats. Of a population, whose bins have none, by what the point estimate
    gains over answers by the baseline p alone, in nats per update,

        snapshots:  Σ_x s_x ⟨v(σ, x) − Σ_x′ T[x, x′] B(v)(σ, x′)⟩_x,      updates:  ⟨log π_i(a | σ, x) − log p_i(a)⟩,

    with ⟨·⟩_x the mean over bins with stimulus x and s_x its long-run share. *In stationarity* the first is the
    expectation of the second. It needs neither the order of bins nor independence between them. Where a recording is
    not stationary under T it is only a score: a T per update that moves faster than the neurons can follow lets it grow
    without bounds. p stays where it was observed.

    Args:
        posterior: a fit, which is scored beside "nothing changes"; or fits by the name of their claim, which are
            scored against each other.
        system: the system as it was in the held-out recording, changed or not.
        recording: the held-out recording.
        refit: with one fit: another one to a recording of the changed system, which says what could be known from
            there.
        num_draws: posterior draws to use.

    Returns:
        Per `claim` (of a single fit "adapted", "nothing changes" and, if given, "re-fitted"; of several the best one
        first): `score`, in all, in nats (of a population the gain, in nats per update); `per_observation`; `score_se`;
        `difference` from the reference with its standard error `difference_se`, which is what tells claims apart; and
        the gate's `passed` and `verdict` on each fit. The reference is "nothing changes", or the best claim. Where
        observations are taken as independent, as of counts, the standard error is too small for bins that depend on
        each other. Of a population it is that of sums over trials (or 50 stretches of a record without trials), and
        `score_of_trial[claim, trial]` is what each of them adds.

    Raises:
        InputError: if systems and recording do not fit, or fits have other T, p or lesions.

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
    """Refuse fits whose scores are not of the same updates.

    Raises:
        InputError: for other T, p or lesions.
    """
    first = next(iter(fits.values())).recorded
    for name, fit in fits.items():
        for variable in ("transition", "baseline", "silenced", "forced"):
            if variable in first and not np.allclose(fit.recorded[variable].values, first[variable].values, atol=1e-6):
                raise InputError.of(
                    "posterior", f"fits with one {variable}", f"another one for {name!r}", "Fit them alike."
                )


def _standard_error(scored: Scored) -> Float[np.ndarray, ""] | float:
    if scored.labels is None:
        return of_counts(scored.values, scored.weights)
    return of_clusters(scored.weights * scored.centred, scored.labels)
