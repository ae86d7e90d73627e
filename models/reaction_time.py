"""A subject answers when more evidence is not worth its cost in time.

    V_t(x) = λ log Σ_a p(a) exp(Q_t(x, a) / λ)
    Q_t(x, answer) = P(it is right | x, t),    Q_t(x, wait) = E[V_{t+dt}(x′) | x, t] − c dt

A right answer is worth 1, a wrong one 0, none 0; only right minus wrong matters while an answer comes in time. c is the
cost of a second. The default answers at rate h, either way. `reaction_time_discount` is the same with impatience.
The prior of the sensitivity is about 5 per √s at the strongest stimulus: it does not depend on the unit of strength.

What is known: answers in time depend on c and h through c + λ h alone, the cost of waiting: a second costs c, and not
to answer for a second costs λ h nats of default. So h keeps its prior, as long as λ h stays below the cost of waiting.
Derivation: `generative.waiting`, whose coordinates the sampler walks in.

Source: Drugowitsch et al. 2012, doi:10.1523/JNEUROSCI.4010-11.2012.
"""

import numpy as np
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = dict.fromkeys(("sensitivity", "temperature", "side_bias", "cost_of_time", "cost_of_waiting"), ("subject",))


def model(evidence, answers=None):
    draw = generative.per_subject(evidence)
    sensitivity = draw("sensitivity", dist.LogNormal(np.log(5 / evidence.strongest), 1.0))
    temperature = draw("temperature", dist.LogNormal(np.log(0.1), 1.0))
    prior = dist.LogNormal(np.log(0.3), 1.0)
    cost, hazard = generative.cost_and_hazard(evidence, temperature, prior, "cost_of_time")
    numpyro.deterministic("cost_of_time", cost)
    numpyro.deterministic("cost_of_waiting", cost + temperature * hazard)
    side_bias = draw("side_bias", dist.Normal(0.0, 0.05))
    stakes = generative.Stakes(temperature, side_bias=side_bias, cost_of_time=cost)
    generative.answer_when_ready(evidence, sensitivity, stakes, generative.habits(evidence, hazard), answers)
