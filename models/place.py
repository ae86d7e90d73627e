"""The reward depends only on the agent's place, in a maze or a table of decisions.

r(place) ~ Normal(0, 3) in units of the coding cost, independently. A place that was hardly ever visited keeps its
prior. `reward_at` is the reward in the gauge: its mean over places, weighted by how often they were visited, is zero.

Source: Chalk, Tkačik & Marre 2021, Fig. 1, doi:10.1371/journal.pone.0248940.
"""

import numpyro
import numpyro.distributions as dist

from bayes_irl import generative

DIMS = {"table": ("place",), "reward_at": ("place",)}


def model(maze, recording=None):
    table = numpyro.sample("table", dist.Normal(0, 3).expand([maze.num_states]).to_event(1))
    reward = generative.respond(maze, maze.by_state(table), recording)
    numpyro.deterministic("reward_at", reward.reshape(maze.num_states, -1)[:, 0])
