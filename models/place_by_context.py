"""The reward depends on the agent's place, and switches with a hidden context: for `SwitchingAgent`.

r(place, z) ~ Normal(0, 1) in units of the coding cost, independently. Contexts follow each other by
`generative.switching`. `reward_at` is the reward in the gauge: in each context its mean over places, weighted by how
often they were visited in any context, is zero.

Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940; Ke et al. 2025, arXiv:2501.12633.
"""

import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {"table": ("context", "place"), "reward_at": ("context", "place")}


def model(agent, recording=None):
    shape = (agent.num_contexts, agent.num_states)
    table = numpyro.sample("table", dist.Normal(0, 1).expand(shape).to_event(2))
    reward = generative.respond(agent, agent.by_state(table), recording)
    numpyro.deterministic("reward_at", reward.reshape(*shape, -1)[:, :, 0])
