"""Few patterns are rewarded; all others are worth nearly the same.

r(σ, x) ~ (1 − w) Normal(0, 0.05) + w Normal(0, 1) for every pattern and stimulus, w ~ Beta(1, 99), in units of the
coding cost: a continuous spike and slab. `inclusion` is each pattern's probability of coming from the slab, given its
reward and w; its posterior mean is the inclusion probability. The spike's width is a statement, not an estimate:
differences of 0.05 nats per update, which move a neuron's log-odds by about as much, do not count as reward.
`_unit` is the same reward in coordinates that a sampler walks in with ease (see `generative.Stretch`).

Source: George & McCulloch 1993, doi:10.1080/01621459.1993.10476353.
"""

import jax
import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = dict.fromkeys(("worth", "inclusion"), ("stimulus", "pattern"))
SPIKE, SLAB, SHARE = 0.05, 1.0, 0.01


def model(circuit, recording=None):
    share = numpyro.sample("share", dist.Beta(1.0, 1 / SHARE - 1))
    mixture = dist.MixtureSameFamily(
        dist.Categorical(probs=jnp.stack([1 - share, share])), dist.Normal(0.0, jnp.array([SPIKE, SLAB]))
    )
    shape = (circuit.num_stimuli, circuit.num_patterns)
    stretch = generative.Stretch(SPIKE, SLAB, SHARE, jnp.zeros(shape) if recording is None else recording.weights)
    unit = numpyro.sample("_unit", dist.TransformedDistribution(mixture.expand(shape).to_event(2), stretch.inv))
    worth = numpyro.deterministic("worth", stretch(unit))
    numpyro.deterministic("inclusion", jax.nn.softmax(mixture.component_log_probs(worth))[..., 1])
    generative.respond(circuit, worth, recording)
