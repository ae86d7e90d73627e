"""A sure reward is taken if its value exceeds that of an uncertain answer.

    P(a) ∝ exp(Q(a) / λ),  Q(answer) = b − ρ b (1 − b),  b = P(it is right | x, T),  Q(sure) = value of the sure reward

A right answer is worth 1, a wrong one 0; ρ is the cost of risk, per variance of the reward. Both move the b at which a
subject is indifferent; only the slope around that b distinguishes them. The sensitivity has the prior of
`perceptual_decision`.

Source: Kiani & Shadlen 2009, doi:10.1126/science.1169405.
"""

import numpy as np
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = dict.fromkeys(("sensitivity", "temperature", "sure_value", "cost_of_risk"), ("subject",))


def model(evidence, answers=None):
    draw = generative.per_subject(evidence)
    sensitivity = draw("sensitivity", dist.LogNormal(np.log(5 / evidence.strongest), 1.0))
    temperature = draw("temperature", dist.LogNormal(np.log(0.1), 1.0))
    side_bias = draw("side_bias", dist.Normal(0.0, 0.05))
    lapse = draw("lapse", dist.Beta(1.0, 30.0))
    sure = draw("sure_value", dist.Beta(2.0, 2.0))
    risk = draw("cost_of_risk", dist.Normal(0.0, 0.3))
    generative.answer_when_asked(
        evidence, sensitivity, temperature, side_bias, lapse, answers, sure_value=sure, cost_of_risk=risk
    )
