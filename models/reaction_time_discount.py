"""A subject answers when more evidence is not worth the wait, because reward is discounted.

    V_t(x) = λ log Σ_a p(a) exp(Q_t(x, a) / λ)
    Q_t(x, answer) = P(it is right | x, t),    Q_t(x, wait) = exp(−dt / τ) E[V_{t+dt}(x′) | x, t]

A right answer is worth 1 at once and exp(−t / τ) after t seconds; a wrong one 0, none 0. A cost per second does not
depend on the expected reward; discounting costs more when a right answer is likely. For a penalty use
`Stakes(wrong=…)`. The default answers at rate h. The sensitivity has the prior of `reaction_time`.

Source: Song, Yang & Wang 2017, doi:10.7554/eLife.21492 (networks trained so, with τ = 10 s).
"""

import numpy as np
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = dict.fromkeys(("sensitivity", "temperature", "side_bias", "discount_time"), ("subject",))


def model(evidence, answers=None):
    draw = generative.per_subject(evidence)
    sensitivity = draw("sensitivity", dist.LogNormal(np.log(5 / evidence.strongest), 1.0))
    temperature = draw("temperature", dist.LogNormal(np.log(0.1), 1.0))
    prior = dist.LogNormal(-np.log(3), 1.0)  # of 1 / τ
    rate, hazard = generative.cost_and_hazard(evidence, temperature, prior, "discount_time")
    numpyro.deterministic("discount_time", 1 / rate)
    side_bias = draw("side_bias", dist.Normal(0.0, 0.05))
    stakes = generative.Stakes(temperature, side_bias=side_bias, discount_rate=rate)
    generative.answer_when_ready(evidence, sensitivity, stakes, generative.habits(evidence, hazard), answers)
