"""Inference: `infer`, its methods, the gate, and the trees that hold the results."""

from bayes_irl import _numpyro as _numpyro
from bayes_irl.inference.draws import Draws
from bayes_irl.inference.event_weights import infer_from_gradients
from bayes_irl.inference.fit import Fit, passed, verdict
from bayes_irl.inference.infer import infer
from bayes_irl.inference.methods.laplace import Laplace
from bayes_irl.inference.methods.method import Method
from bayes_irl.inference.methods.nuts import Nuts
from bayes_irl.inference.methods.sandwich import Sandwich
from bayes_irl.inference.methods.svi import Svi
from bayes_irl.inference.sweep import SweepResult, sweep

__all__ = [
    "Draws",
    "Fit",
    "Laplace",
    "Method",
    "Nuts",
    "Sandwich",
    "Svi",
    "SweepResult",
    "infer",
    "infer_from_gradients",
    "passed",
    "sweep",
    "verdict",
]
