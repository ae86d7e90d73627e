"""Answers after a stimulus depend on their probability of being right.

    log P(+) / P(−) = [(r(right) − r(wrong)) (2 P(+ is right | x, T) − 1) + side bias] / λ

with x the evidence after T seconds, which the experimenter does not see. A right answer is worth 1, a wrong one 0:
since an answer must be given, only their difference over λ matters. The prior of the sensitivity is about 5 per √s at
the strongest stimulus, so that it does not depend on the unit of strength.

Source: Kiani, Hanks & Shadlen 2008, doi:10.1523/JNEUROSCI.4761-07.2008.
"""

import numpy as np
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = dict.fromkeys(("sensitivity", "temperature"), ("subject",))


def model(evidence, answers=None):
    draw = generative.per_subject(evidence)
    sensitivity = draw("sensitivity", dist.LogNormal(np.log(5 / evidence.strongest), 1.0))
    temperature = draw("temperature", dist.LogNormal(np.log(0.1), 1.0))
    side_bias = draw("side_bias", dist.Normal(0.0, 0.05))
    lapse = draw("lapse", dist.Beta(1.0, 30.0))
    generative.answer_when_asked(evidence, sensitivity, temperature, side_bias, lapse, answers)
