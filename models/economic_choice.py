"""Choices are soft-optimal for the difference of two values; a juice's value is concave in its quantity.

log P(A) / P(B) = [u(ρ n_A) − u(n_B) + biases] / λ with u(n) = n^γ / γ: one A is worth ρ B, and λ is how large a
difference hardly matters, in quanta of B next to one. γ = 1 is `economic_choice_linear`; as γ → 0 free choices become
those of `economic_choice_log_ratio`, and forced ones certain. Relative value and temperature differ between sessions
and subjects, the rest between subjects.

Source: Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676.
"""

import numpy as np
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {"concavity": ("subject",)}


def model(offers, choices=None):
    power = numpyro.sample("concavity", dist.LogNormal(np.log(0.7), 0.5).expand([offers.num_subjects]).to_event(1))
    juices = generative.juices(offers, generative.Concave(power), temperature=0.4, scale=0.5)
    generative.choose(juices, choices)
