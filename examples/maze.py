# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which places in a maze are rewarding?
#
# An agent walks through a maze of 15 × 15 places: up, down, left or right. With 5 % probability it is pushed one random
# move before its own, and from the goal it is carried to a random place. The claim: *it makes the moves that bring
# reward r(place) at the least coding cost*. The same equation as for a circuit, with one acting unit:
#
# v(s) + L = r(s) + E[B(v)(s′)],  B(v)(s) = λ log Σ_a p(a) exp( v(s·a) / λ ),  π(a | s) ∝ p(a) exp( v(s·a) / λ )
#
# with s·a where move a leads from s, s′ where the world's own move takes the agent, and p the mean distribution of
# moves. The coding cost λ is the price, in units of reward, of a nat of information about the place in the move. From a
# walk alone we infer where the reward is, and predict how the agent will walk once a door has moved (the last picture).
#
# Source: Chalk, Tkačik & Marre 2021, doi:10.1371/journal.pone.0248940.

# %%
import os
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

OUT = Path(os.environ.get("BAYES_IRL_OUT", "out"))
SMALL = "BAYES_IRL_SMALL" in os.environ  # a smaller maze and fewer draws, for tests
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## The maze, and walks at a low and at a high coding cost

# %%
maze = bi.Maze.from_text(
    """
+-+-+-+-+-+
|   |     |
+ + + +-+ +
| |     | |
+ +-+-+ + +
|     | |G|
+ +-+ + +-+
|   |     |
+-+-+-+-+-+"""
    if SMALL
    else """
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
|               |   |       | |
+-+ +-+ + + +-+ + + + + +-+ + +
|             | | | |         |
+ + + + + +-+ +-+-+ +-+ + + + +
|               | |     | |   |
+ +-+-+ +-+ + + + + +-+-+ + + +
|         |     |       |     |
+ + + +-+ + + +-+ + + + + + + +
|       |       |     |       |
+ + + + +-+ + + + + + +-+ + +-+
|   |           |             |
+ + + + + + +-+ +-+ + +-+-+ + +
|   |           | |           |
+ + + + + + + + + +-+-+-+-+ + +
|                       |     |
+ + + + + +-+-+ + +-+ + + +-+ +
|   |     |     |           | |
+ + + +-+-+ + + + +-+ +-+ + + +
|               |             |
+ + + + + + +-+ + + + + + + + +
| |       |     | | |         |
+ +-+ +-+ + +-+ + + +-+ + + + +
|       |       |       |   | |
+ + + + + + + +-+-+-+ + + + + +
|     | |       |      G    | |
+ + + + +-+-+-+ +-+ + +-+ + + +
| |     |     | | | |         |
+ + +-+ + + + + + + + + + +-+ +
|         |     |             |
+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+"""
)
reward = maze.at_goal[None].astype(float)
LOW, HIGH = 0.05, 0.2
walkers = {cost: bi.optimize(maze, reward, coding_cost=cost) for cost in (LOW, HIGH)}
for cost, walker in walkers.items():
    print(
        f"coding cost {cost}: {float(walker.average_reward):.4f} rewards per move, "
        f"{float(walker.information[0]):.2f} bits per move; {walker.ended}"
    )
bi.plots.walk({f"Coding cost {cost} per nat": walker for cost, walker in walkers.items()}).savefig(
    OUT / "maze_walks.png", dpi=200
)

# %% [markdown]
# ## From a walk to the reward
#
# Rewards come in units of the coding cost, up to a constant (the mean over places, weighted by visits, is zero). At the
# high coding cost the agent goes everywhere, and its walk is informative. At the low cost it hardly ever leaves its
# path, so there are no data off the path: intervals are wide there, and the gate fails if the posterior is too far from
# Normal.

# %%
num_moves = 5_000 if SMALL else 100_000
fits = {}
for cost, walker in walkers.items():
    trajectory = bi.simulate(walker, num_moves, key=jax.random.key(0))
    method = bi.Laplace(num_draws=200) if SMALL else bi.Nuts()
    fits[cost] = fit = bi.infer(bi.load_model("place"), maze, trajectory, method=method, key=jax.random.key(1))
    truth = np.asarray(bi.rewards.in_gauge(reward / cost, bi.Fit(fit).weights.values))[0]
    draws = fit["posterior"]["reward_at"].stack(sample=("chain", "draw")).transpose("place", "sample").values
    low, high = np.quantile(draws, (0.05, 0.95), axis=1)
    goal = int(maze.at_goal.argmax())
    print(f"coding cost {cost}: {bi.verdict(fit)}")
    print(
        f"  the goal's reward: {draws[goal].mean():.2f} nats (90 % interval {low[goal]:.2f} to {high[goal]:.2f}; truth "
        f"{truth[goal]:.2f}); the goal is the best place in {(draws.argmax(axis=0) == goal).mean():.0%} of draws; "
        f"{((low <= truth) & (truth <= high)).mean():.0%} of all places inside their interval, whose median width is "
        f"{np.median(high - low):.2f} nats"
    )
bi.plots.place_reward(fits[HIGH]).savefig(OUT / "maze_reward.png", dpi=200)

# %% [markdown]
# ## A door moves
#
# The reward stays, the best path to it changes. The prediction is compared with the agent that knows the true reward. p
# is held in both: at the high coding cost the agent keeps to its habits (down and right), though they now lead it into
# a corner; at the low one it takes the new door.

# %%
if SMALL:
    closed, opened = ((0, 0), (1, 0)), ((1, 0), (1, 1))
else:
    closed, opened = ((7, 7), (7, 8)), ((1, 7), (1, 8))  # pairs of neighbouring places, (row, column)
changed = maze.tear_down(opened).build(closed)
for cost, walker in walkers.items():
    prediction = bi.adapt(fits[cost], changed, num_draws=20 if SMALL else 200)
    bi.plots.walk(prediction).savefig(OUT / f"maze_changed_{cost}.png", dpi=200)
    shares = prediction["predictions"]["place_probability"].sel(circuit="changed").stack(sample=("chain", "draw"))
    truly = bi.optimize(changed, reward, cost, baseline=np.asarray(walker.baseline))
    low, high = shares.quantile(0.05, "sample").values, shares.quantile(0.95, "sample").values
    inside = (low <= truly.occupancy[0]) & (truly.occupancy[0] <= high)
    moved = np.abs(np.asarray(truly.occupancy - walker.occupancy)).sum() / 2
    print(
        f"coding cost {cost}: {moved:.0%} of the time is spent elsewhere once the door has moved; predicted shares of "
        f"time hold the truth in {float(inside.mean()):.0%} of places (90 % equal-tailed intervals)"
    )
