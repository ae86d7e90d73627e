"""How much a reward would shift if assumptions were slightly different."""

import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.special import expit, logit

from bayes_irl._checks import count
from bayes_irl.evaluation.identifiability.contraction import INTERVAL
from bayes_irl.inference.fit import Fit
from bayes_irl.rewards import in_gauge
from bayes_irl.systems import Capability
from bayes_irl.systems.circuit.circuit import Circuit
from bayes_irl.systems.circuit.model_checks import if_faster

STEP_OF_P, STEP_OF_T = 0.1, 0.1  # added to p; a share of the probability that the stimulus changes
CHANGE_OF_JUMPS = -0.5  # of the probability that the stimulus changes in an update, with twice as many in a bin


def assumptions(posterior: xr.DataTree, num_draws: int = 200, *, allow_failed: bool = False) -> xr.Dataset:
    """The shift of the inferred reward with p, T and k, for each draw and without a new fit.

    Answers determine v(σ, x)/λ up to a function of the stimulus, independently of these assumptions. The reward
    follows:

        r̂ − r = −(λ/n) Σ_i (logit p̂_i − logit p_i) σ_i      where p̂ was assumed and p is true: a price per spike,
        r̂ − r = (T − T̂) B(v)(σ, x) + b(x)                    where T̂ was assumed and T is true.

    With own history the price per spike also has the cost of silence in it.

    Doubling the number of updates in a bin halves T − 1. It also changes the answers that a recording of bins implies;
    this is not included here. If k is in doubt, fit with another k.

    Args:
        posterior: The tree that `infer` returned for one recording of a `Circuit`.
        num_draws: Number of draws of the reward to use.
        allow_failed: Whether to continue if the fit failed its gate.

    Returns:
        With an axis `assumption`, "p" (0.1 larger for every neuron, or halfway to 1), "T" (changes of the stimulus 10 %
        more probable) and, for bins, "k" (doubled):
        `reward` `[assumption, sample, stimulus, pattern]` and, averaged, `reward_per_count` `[assumption, sample,
        stimulus, spike_count]`, the shift of these draws, in nats per update and the fit's gauge; `size`
        `[assumption]`, the root mean square of that over what was observed; `relative_size`, the same in units of half
        the width of the fit's 90 % equal-tailed intervals. `price` `[neuron]`: nats per spike of this neuron that "p"
        adds. Attributes: `sentence`, `verdict_of_fit`, `units`.

    Raises:
        InputError: If the tree is no fit of one recording of a circuit, its gate failed, or `num_draws` is below 1.

    Source:
        docs/identifiability.md, "Wrong assumptions"; tested against circuits solved under both assumptions.

    >>> assumptions(posterior)["relative_size"].to_series().round(3)
    assumption
    p    1.535
    T    0.084
    Name: relative_size, dtype: float64
    """
    kept = count("num_draws", num_draws)
    fit = Fit(posterior).require(Capability.ASSUMPTIONS, one_recording=True).require_passed(allow_failed)
    circuit = fit.system
    assert isinstance(circuit, Circuit) and fit.baseline is not None
    p, weights = np.asarray(fit.baseline), fit.weights.values
    price = price_of_level(p, _higher(p))
    defaults = circuit.default_actions(fit.baseline)
    moves = np.stack(
        fit.each_optimum(lambda optimum: np.asarray(if_faster(circuit, defaults, optimum.value)), num_draws=kept)
    )
    shifts = {"p": np.broadcast_to(circuit.patterns @ price, moves.shape), "T": STEP_OF_T * moves}
    if circuit.stimulus.updates_per_bin is not None or "transitions" in fit.observed:
        shifts["k"] = CHANGE_OF_JUMPS * moves
    reward = fit.group("reward")["reward"]
    axes = {axis: reward[axis] for axis in ("stimulus", "pattern")}
    table = xr.DataArray(
        np.asarray(in_gauge(jnp.asarray(np.stack(list(shifts.values()))), jnp.asarray(weights))),
        dims=("assumption", "sample", *axes),
        coords={"assumption": list(shifts), **axes},
    )
    seen = weights / weights.sum()
    low, high = np.quantile(np.asarray(in_gauge(jnp.asarray(_draws(reward)), jnp.asarray(weights))), INTERVAL, axis=0)
    size = np.sqrt((table.values**2 * seen).sum(axis=(2, 3)).mean(axis=1))
    relative = size / max(float(np.sqrt(((high - low) ** 2 / 4 * seen).sum())), 1e-300)
    averages = {
        name: table.assign_coords({axis: ("pattern", classes)}).groupby(axis).mean()
        for name, (axis, classes) in circuit.state_classes().items()
    }
    found = {"reward": table, **averages, "size": ("assumption", size), "relative_size": ("assumption", relative)}
    return xr.Dataset(
        {**found, "price": ("neuron", price)},
        coords={"neuron": fit.recorded["neuron"].values},
        attrs={
            "sentence": _in_words(list(shifts), price, size, relative),
            "verdict_of_fit": fit.verdict,
            "units": "nats per update",
        },
    )


def price_of_level(p: np.ndarray, assumed: np.ndarray) -> Float[np.ndarray, " num_neurons"]:
    """By how much the reward of every spike moves where another level of p was assumed, in nats per update.

    −(1/n) (logit p̂ − logit p). With own history, and the effect of the own last response as it is, the cost of silence
    moves too: −(1/n) [δ + log((1 − p(1 | 0)) / (1 − p̂(1 | 0))) − log((1 − p(1 | 1)) / (1 − p̂(1 | 1)))], δ the shift of
    both log-odds.

    Args:
        p: `[num_neurons]`, or after the own last response `[num_neurons, 2]`.
        assumed: p̂, of the same shape.
    """
    shift = logit(assumed) - logit(p)
    if p.ndim == 1:
        return -shift / len(p)
    silence = np.log1p(-p) - np.log1p(-assumed)
    return -(shift[:, 0] + silence[:, 0] - silence[:, 1]) / len(p)


def _higher(p: np.ndarray) -> np.ndarray:
    """A p that is 0.1 larger, or halfway to 1; with own history after silence, its effect as it is."""
    first = p if p.ndim == 1 else p[:, 0]
    more = np.where(first + STEP_OF_P < 1, first + STEP_OF_P, (1 + first) / 2)
    return more if p.ndim == 1 else expit(logit(p) + (logit(more) - logit(first))[:, None])


def _draws(reward: xr.DataArray) -> np.ndarray:
    return reward.stack(sample=("chain", "draw")).transpose("sample", "stimulus", "pattern").values


def _in_words(names: list[str], price: np.ndarray, size: np.ndarray, relative: np.ndarray) -> str:
    cheap, dear = np.sort(np.abs(price))[[0, -1]]
    each = f"{dear:.2g}" if f"{cheap:.2g}" == f"{dear:.2g}" else f"{cheap:.2g} to {dear:.2g}"
    amounts = {
        name: f"{by:.2g} nats per update (root mean square), {share:.2g} times half the width of its 90 % intervals"
        for name, by, share in zip(names, size, relative, strict=True)
    }
    told = [
        f"If p were larger by {STEP_OF_P:g}, the reward would be lower by {each} nats per spike, and otherwise the "
        "same. Predictions for silenced neurons and for another T do not depend on p; those for another coding "
        "cost do.",
        f"If the stimulus changed {100 * STEP_OF_T:.0f} % more often, the reward would shift by {amounts['T']}.",
    ]
    if "k" in names:
        told.append(f"If k were twice as large, the reward would shift by {amounts['k']}, through T alone.")
    return " ".join([*told, "The coding cost is not known: it is the unit of the reward."])
