"""A reward of spike traces and the stimulus, as a circuit earns it that is a generalised linear model."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayes_irl._checks import InputError, finite_array, whole_numbers
from bayes_irl._types import ArrayLike

PER_DRAW = ("chain", "draw")
PARTS = ("coupling", "quadratic", "linear", "log_rate")


@dataclass(frozen=True)
class TraceReward:
    """Draws of a reward of spike traces s and a stimulus x, in nats per second (λ = 1).

        r(s, x) = Σ_jk Q_jk s_j s_k + Σ_j g_j(x) s_j − Σ_i [u_i(s, x) − u⁰_i],   log u_i(s, x) = a_i(x) + (J s)_i

    Q_jk = J_jk (1/τ_j + 1/τ_k)/2 and g_j(x) = h_j(x)/τ_j − Σ_x′ G[x, x′] {h_j(x′) − h_j(x)}. The average reward ℓ and a
    function b(x) of the stimulus are not identified; they are 0 here.

    Attributes:
        terms: Draws `[chain, draw, …]` of `coupling` J `[neuron, other_neuron]`, `field` h `[stimulus, neuron]`,
            `quadratic` Q `[neuron, other_neuron]`, `linear` g `[stimulus, neuron]` and `log_rate` a `[stimulus,
            neuron]`, in log Hz; `baseline` u⁰ `[neuron]`, in Hz, and `time_constant` τ `[neuron]`, in seconds. For the
            test of symmetry see `from_glm`.
    """

    terms: xr.Dataset

    @classmethod
    def of(
        cls,
        coupling: Float[np.ndarray, "num_draws num_neurons num_neurons"],
        log_rate: Float[np.ndarray, "num_draws num_stimuli num_neurons"],
        baseline: Float[np.ndarray, " num_neurons"],
        time_constant: Float[np.ndarray, " num_neurons"],
        transition_rates: Float[np.ndarray, "num_stimuli num_stimuli"],
    ) -> "TraceReward":
        """The reward for which intensities exp(a(x) + J s) are optimal: h_i = a_i − log u⁰_i − J_ii/2."""
        field = log_rate - np.log(baseline) - np.diagonal(coupling, axis1=1, axis2=2)[:, None] / 2
        ahead = transition_rates @ field - transition_rates.sum(axis=1)[:, None] * field
        decay = (1 / time_constant + 1 / time_constant[:, None]) / 2
        pairs, tuning = ("neuron", "other_neuron"), ("stimulus", "neuron")
        per_second = {"units": "nats per second"}
        return cls(
            xr.Dataset(
                {
                    "coupling": ((*PER_DRAW, *pairs), coupling[None], {"units": "nats"}),
                    "field": ((*PER_DRAW, *tuning), field[None], {"units": "nats"}),
                    "quadratic": ((*PER_DRAW, *pairs), (coupling * decay)[None], per_second),
                    "linear": ((*PER_DRAW, *tuning), (field / time_constant - ahead)[None], per_second),
                    "log_rate": ((*PER_DRAW, *tuning), log_rate[None], {"units": "log Hz"}),
                    "baseline": ("neuron", baseline, {"units": "Hz"}),
                    "time_constant": ("neuron", time_constant, {"units": "s"}),
                }
            )
        )

    def __call__(self, traces: ArrayLike, stimulus: ArrayLike) -> Float[np.ndarray, "num_draws num_points"]:
        """Return r(s, x) of every draw at some points.

        Args:
            traces: s `[num_points, num_neurons]`: a spike adds 1 to its neuron's trace, which decays with τ.
            stimulus: x, whole numbers `[num_points]`, or one for all.

        Returns:
            r `[num_draws, num_points]`, in nats per second.

        Raises:
            InputError: If shapes differ, or a stimulus is not one of those of the GLM.
        """
        terms = self.terms
        s = finite_array("traces", traces, (None, terms.sizes["neuron"]))
        x = whole_numbers("stimulus", np.atleast_1d(np.asarray(stimulus)), 0, terms.sizes["stimulus"] - 1)
        if len(x) not in (1, len(s)):
            raise InputError.of("stimulus", f"one for each of {len(s)} points, or one for all", f"{len(x)}")
        x = np.broadcast_to(x, len(s))
        draws = zip(*(terms[name].values.reshape(-1, *terms[name].shape[2:]) for name in PARTS), strict=True)
        baseline = terms["baseline"].values
        return np.stack(
            [
                ((s @ quadratic + linear[x]) * s - np.exp(log_rate[x] + s @ coupling) + baseline).sum(axis=1)
                for coupling, quadratic, linear, log_rate in draws
            ]
        )
