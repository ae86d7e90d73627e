"""Inference: methods, the gate, and the trees that hold what they found."""

from bayes_irl import _numpyro as _numpyro
from bayes_irl.inference.coupled import infer_from_couplings
from bayes_irl.inference.gate import verdict
from bayes_irl.inference.gradients import infer_from_gradients
from bayes_irl.inference.infer import infer
from bayes_irl.inference.laplace import Laplace
from bayes_irl.inference.nuts import Nuts
from bayes_irl.inference.sandwich import Sandwich
from bayes_irl.inference.svi import Svi
from bayes_irl.inference.sweep import Fit, sweep

__all__ = [
    "Fit",
    "Laplace",
    "Nuts",
    "Sandwich",
    "Svi",
    "infer",
    "infer_from_couplings",
    "infer_from_gradients",
    "sweep",
    "verdict",
]
