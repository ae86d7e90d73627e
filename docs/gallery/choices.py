# %% [markdown]
# # Mazes, populations, choices
#
# Plots of fits to mazes, large populations and choices. All recordings are simulated.

# %%
# %matplotlib inline
import jax

jax.config.update("jax_enable_x64", True)

import numpy as np

import bayes_irl as bi

key = jax.random.key(0)
rng = np.random.default_rng(0)

# %% [markdown]
# ## `place_reward`: the reward of every place

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
)
walker = bi.optimize(maze, maze.at_goal[None].astype(float), coding_cost=0.2)
posterior = bi.infer("place", maze, bi.simulate(walker, 5_000, key), method=bi.Laplace(), key=key)
bi.plots.place_reward(posterior)

# %% [markdown]
# ## `walk`: how often the agent is at each place, and how it moves

# %%
cheap = bi.optimize(maze, maze.at_goal[None].astype(float), coding_cost=0.05)
bi.plots.walk({"Coding cost 0.2": walker, "Coding cost 0.05": cheap})

# %% [markdown]
# ## `contexts`: when a hidden context switched the reward

# %%
ring = bi.Decisions((np.arange(6)[:, None] + [1, -2, 3]) % 6, world_move=0.9 * np.eye(6) + 0.1 / 6)
agent = bi.SwitchingAgent(ring, num_contexts=2)
switching = bi.ContextReward(2.0 * np.eye(6)[[1, 4]], np.array([[0.98, 0.02], [0.03, 0.97]]))
p = np.full(3, 1 / 3)
walk, context = agent.draw(bi.optimize(agent, switching, 1.0, p), 3_000, key)
hidden = bi.infer("place_by_context", agent, walk, p, bi.Laplace(), key=key)
bi.plots.contexts(hidden, walk, truth=context, num_steps=600)

# %% [markdown]
# ## `reward_weights`: which features the reward of a population depends on

# %%
population = bi.Population(20, bi.Stimulus.switching(0.02))
states = np.repeat(np.arange(400) % 2, 50)
chance = 1 / (1 + np.exp(1.0 - 0.8 * (states[:, None] == np.arange(20) % 2)))
recording = bi.Recording.from_arrays(rng.random((20_000, 20)) < chance, states, bin_width=0.02)
fit = bi.infer("large_population", population, recording, key=key)


def features(spikes, stimulus):
    even, odd = spikes[:, 0::2].sum(axis=1), spikes[:, 1::2].sum(axis=1)
    return {"preferred": np.where(stimulus == 0, even, odd), "count": even + odd}


found = bi.identifiability.reward_weights(fit, features)
bi.plots.reward_weights({"20 neurons": found}, {"both": found})

# %% [markdown]
# ## `choice_shares`: choices against the offer

# %%
num_a, num_b = rng.integers(0, 4, 3000), rng.integers(0, 9, 3000)
session = np.arange(3000) // 300
some = (num_a + num_b) > 0
num_a, num_b, session = num_a[some], num_b[some], session[some]
worth = 2.2 * np.exp(0.15 * rng.normal(size=10))[session]
chose_a = rng.random(len(num_a)) < 1 / (1 + np.exp(-(worth * num_a - num_b) / 0.7))
offers = bi.Offers.from_arrays(num_a, num_b, session=session)
tree = bi.infer("economic_choice_linear", offers, chose_a, method=bi.Nuts(num_chains=2, num_draws=2000), key=key)
print(bi.verdict(tree))
bi.plots.choice_shares(tree)

# %% [markdown]
# ## `relative_values`: what one A is worth in B, session by session

# %%
bi.plots.relative_values(tree, truth=2.2)

# %% [markdown]
# ## `drift`: every parameter over days, and whether the reward changed

# %%
drifted = bi.drift(offers, chose_a, days=range(offers.num_sessions), key=key)
print(bi.verdict(drifted))
bi.plots.drift(drifted)

# %% [markdown]
# ## `predicted_answers`: answers and reaction times, observed and predicted

# %%
strength = rng.choice([-0.5, -0.25, -0.1, 0.1, 0.25, 0.5], 3000)
drift, bound, step = 2.5 * strength, 0.8, 0.005
walk = np.cumsum(drift[:, None] * step + np.sqrt(step) * rng.normal(size=(3000, 600)), axis=1)
ended = np.argmax(np.abs(walk) > bound, axis=1)
choice, time = walk[np.arange(3000), ended] > 0, 0.2 + step * (ended + 1)
answers = bi.Answers.from_arrays(choice, time)
evidence = bi.Evidence.from_arrays(strength, 3.5)
fitted = bi.infer("reaction_time", evidence, answers, method=bi.Laplace(), key=key)
print(bi.verdict(fitted))
bi.plots.predicted_answers(bi.analysis.predicted_answers(fitted))
