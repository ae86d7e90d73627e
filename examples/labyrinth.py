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
# # Do mice in a labyrinth walk for a reward, or by habit?
#
# Mice walked through a labyrinth of 63 forks and 64 dead ends; there was water at one dead end (Rosenberg et al. 2021,
# doi:10.7554/eLife.66175). Models whose rewards switch were fitted to 238 stretches of 500 moves of them, and compared
# on every fifth stretch (Ke et al. 2025, arXiv:2501.12633; data under the MIT licence). Here the same split is asked:
#
# **The claim.** A mouse has habits p(move | past), and walks so as to earn the most reward r(place), at the least coding
# cost: π(a | s) ∝ p(a | s) exp v(s·a), with v the value of where move a leads from state s = (place, last place, …).
# **What would refute it:** the reward predicts held-out moves no better than the habit alone; or no better than where
# moves follow another habit and there is no reward at all.
#
# Run it as a script, or open it as a notebook with jupytext. It needs `mouse_labyrinth.npz`, in the folder that the
# environment variable `BAYES_IRL_DATA` names (by default `../shared/data`). It takes about eight minutes.

# %%
import os
import sys
from pathlib import Path
from typing import NamedTuple

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np
import numpyro
import numpyro.distributions as dist
from matplotlib.figure import Figure

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl.plots import style

FILE = Path(os.environ.get("BAYES_IRL_DATA", "../shared/data")) / "mouse_labyrinth.npz"
OUT = Path(os.environ.get("BAYES_IRL_OUT", "out"))
SMALL = "BAYES_IRL_SMALL" in os.environ  # shorter memories and fewer draws, for tests
if not FILE.is_file():
    sys.exit(f"{FILE} is not there: set BAYES_IRL_DATA to the folder that holds it.")
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## Places, moves, and the split
#
# Places are numbered from the entrance (0) inwards: those behind place j are 2j + 1 and 2j + 2. Moves are "in left",
# "in right", and out, which is "out left" or "out right" by the arm that the mouse leaves; at the entrance the last one
# leaves the labyrinth. The water port is place 116 (`SplitModeClips` in the authors' repository,
# github.com/markusmeister/Rosenberg-2021-Repository, whose numbering this is).

# %%
archive = np.load(FILE)
place, move, next_place = (archive[name].astype(int) for name in ("place", "move", "next_place"))
PORT, NUM_PLACES, MOVES = 116, 127, ("in left", "in right", "out left", "out right")
STRETCH = np.arange(len(place))
HELD_OUT = STRETCH % 5 == 0
CHECK = STRETCH % 5 == 1  # of the other stretches: sets how habits are smoothed
parent = (np.arange(NUM_PLACES) - 1) // 2
depth = np.floor(np.log2(np.arange(NUM_PLACES) + 1)).astype(int)
side = np.zeros(NUM_PLACES, int)  # of its fork
side[next_place[:63, 1]] = 1
possible = next_place != np.arange(NUM_PLACES)[:, None]
possible[0, 3] = True
KIND = np.array([0, 1, 2, 2])  # in left, in right, out: a fork has one way out

on = next_place[place[:-1, -1], move[:-1, -1]] == place[1:, 0]  # a stretch goes on where the last one ended
run = np.concatenate([[0], np.cumsum(~on)])
made = move[:, 1:]  # all models predict moves 2 to 500: the first one has no last place
visits = np.bincount(place.ravel(), minlength=NUM_PLACES)
most = np.argsort(-visits[63:])[:2] + 63
print(f"{HELD_OUT.sum()} of {len(place)} stretches are held out; {run[-1] + 1} runs of stretches that follow each other")
print(f"visits to dead ends: {visits[most[0]]} to place {most[0]}, at most {visits[most[1]]} to any other")


def error(of_stretch):
    """Standard error of a mean over held-out stretches; those of one run may be alike, and count as one."""
    sums = np.bincount(run[HELD_OUT], of_stretch - of_stretch.mean())
    number = len(np.unique(run[HELD_OUT]))
    return np.sqrt((sums**2).sum() * number / (number - 1)) / len(of_stretch)


# %% [markdown]
# ## Habits, with and without places
#
# A state is what of the past matters: the place, the last one, and as many more as a habit remembers. A habit is a table
# of moves, one row a state. It is smoothed level by level: the shares that a longer past shows are drawn towards those of
# the past that is one step shorter, as strongly as predicts the stretches 1, 6, 11, … best (all of these are training
# stretches). Two kinds:
#
# - *by places* the past is a list of places: the mouse may have any habit at any place;
# - *by turns* it is a list of turns (in left, out right, …), with how deep the mouse is. All forks of one depth are
#   alike: the mouse knows no place. This is what the authors found to explain most of the behaviour ("purely local
#   turning rules").


# %%
class World(NamedTuple):
    """States, as pasts (newest place first), and what habits know of them."""

    pasts: list
    known: list
    table: bi.Decisions


def turns(past):
    """How deep the mouse is, and how it came there: in or out, left or right; 4: from outside."""
    came = []
    for now, last in zip(past[:-1], past[1:], strict=True):
        came.append(4 if now == last else side[now] if parent[now] == last else 2 + side[last])
    return (int(depth[past[0]]), *map(int, came))


def make_world(keeps, knows):
    """A state for each past that `keeps` wants: the longest one that it wants, at least two places."""

    def trimmed(past):
        while len(past) > 2 and not keeps(past):
            past = past[:-1]
        return past

    starts = {(int(next_place[at, a]), at) for at in range(NUM_PLACES) for a in np.flatnonzero(possible[at])}
    number = {past: k for k, past in enumerate(sorted(starts))}
    pasts, rows = list(number), []
    for past in pasts:  # grows, until no move leads to a new state
        after = [trimmed((int(there), *past)) for there in next_place[past[0]]]
        for each, can in zip(after, possible[past[0]], strict=True):
            if can and each not in number:
                number[each] = len(pasts)
                pasts.append(each)
        rows.append([number[each] if can else -1 for each, can in zip(after, possible[past[0]], strict=True)])
    return World(pasts, [knows(past) for past in pasts], bi.Decisions(np.array(rows), actions=MOVES))


def follow(world, moves):
    """The state of every move, [num_stretches, 499]: each stretch begins with two places."""
    state, next_state = np.empty_like(moves), np.asarray(world.table.next_state)
    state[:, 0] = [world.pasts.index((int(row[1]), int(row[0]))) for row in place]
    for t in range(1, moves.shape[1]):
        state[:, t] = next_state[state[:, t - 1], moves[:, t - 1]]
    return state


def seen_pasts(longest):
    """All pasts of at most so many places that occur in the training stretches."""
    rows = place[~HELD_OUT].tolist()
    return {tuple(row[t - k : t + 1][::-1]) for row in rows for k in range(longest) for t in range(k, 500)}


def useful_turns(longest, least, strength=30):
    """Pasts of turns whose last, oldest, turn changes the training moves' log probability by more than `least` nats."""
    counts: dict = {}
    for stretch in np.flatnonzero(~HELD_OUT):
        for t in range(1, 500):
            past = turns(tuple(place[stretch, max(0, t - longest) : t + 1][::-1]))
            for k in range(1, len(past) + 1):
                counts.setdefault(past[:k], np.zeros(3))[KIND[move[stretch, t]]] += 1
    shares, kept = {(): np.full(3, 1 / 3)}, set()

    def keep(past):  # with all that is needed to know its successors
        if len(past) > 1 and past not in kept:
            kept.add(past)
            keep(past[:-1])
            keep((past[0] + (-1 if past[1] < 2 else 1 if past[1] < 4 else 0), *past[2:]))

    for past in sorted(counts, key=len):
        before, count = shares[past[:-1]], counts[past]
        shares[past] = (count + strength * before) / (count.sum() + strength)
        if len(past) == 2 or (count * np.log(shares[past] / before)).sum() > least:
            keep(past)
    return kept


def tally(state, moves, who, size):
    """How often a move of each kind was made in each state."""
    return np.bincount(3 * state[who].ravel() + KIND[moves[who]].ravel(), minlength=3 * size).reshape(size, 3)


def log_density(shares, state, moves, who=HELD_OUT):
    """Log probability per move, of each stretch."""
    return np.log(shares[state[who], moves[who]]).mean(axis=1)


def make_habits(world, moves):
    """Habits with a memory of one level, two levels, and so on: shares of moves in every state."""
    state = follow(world, moves)
    size, can = len(world.pasts), possible[[past[0] for past in world.pasts]]
    some, every = (tally(state, moves, who, size) for who in (~HELD_OUT & ~CHECK, ~HELD_OUT))
    length = np.array([len(known) for known in world.known])
    shares, habits = [np.full((size, 3), 1 / 3)] * 2, []
    for level in range(1, length.max() + 1):
        inside = np.flatnonzero(length >= level)
        group = np.unique([world.known[k][:level] for k in inside], axis=0, return_inverse=True)[1].ravel()

        def shrunk(counts, before, strength, inside=inside, group=group):
            total, after = np.zeros((group.max() + 1, 3)), before.copy()
            np.add.at(total, group, counts[inside])
            total = total[group]
            after[inside] = (total + strength * before[inside]) / (total.sum(axis=1, keepdims=True) + strength)
            return after

        def allowed(shares):
            of_moves = np.where(can, shares[:, KIND], 0)
            return of_moves / of_moves.sum(axis=1, keepdims=True)

        def on_check(strength, before=shares[0], shrunk=shrunk):
            return log_density(allowed(shrunk(some, before, strength)), state, moves, CHECK).mean()

        best = max((1, 3, 10, 30, 100, 300), key=on_check)
        shares = [shrunk(counts, before, best) for counts, before in zip((some, every), shares, strict=True)]
        habits.append(allowed(shares[1]))
    return habits


def world_of_turns(longest, least):
    """The world whose states hold the turns that matter."""
    kept = useful_turns(longest, least)
    return make_world(lambda past: turns(past) in kept, turns)


seen = seen_pasts(3 if SMALL else 8)
by_places = make_world(lambda past: past in seen, lambda past: past)
by_turns = world_of_turns(3, 30) if SMALL else world_of_turns(12, 3)
pairs_by_places, pairs_by_turns = (make_world(lambda past: False, knows) for knows in (lambda past: past, turns))
PUBLISHED = -0.727  # the best switching model, from its released parameters


def row(name, of_stretch):
    print(f"  {name:<42} {of_stretch.mean():.4f} ± {error(of_stretch):.4f}")


print("held-out log probability, nats per move (± standard error)")
print(f"  {'four moves alike':<42} {-np.log(4):.4f}")
alike = -np.log(possible.sum(axis=1))[place[HELD_OUT, 1:]].mean(axis=1)
row("moves that can be made alike", alike)
scores = {}
for kind, world in {"places": by_places, "turns": by_turns}.items():
    for level, shares in enumerate(make_habits(world, made), start=0 if kind == "turns" else 1):
        scores[kind, level] = log_density(shares, follow(world, made), made)
        row(f"habit by {kind}, memory of {level}", scores[kind, level])
print(f"  {'best published switching model':<42} {PUBLISHED}")

# %% [markdown]
# Habits alone reach what the issue of rewards is about: a habit by places that remembers five places predicts held-out
# moves better than any published model of rewards on this split, and turns alone do almost as well. A reward must add to
# that.
#
# ## A reward on top
#
# The reward depends on the place alone. It is fitted to the training moves, with the habit as default moves; `infer`
# gives a posterior, and a verdict. Look at the verdicts first.
#
# The gain is the held-out log probability less that of the same habit alone: of the moves' posterior mean probabilities
# (± standard error between runs), and the 90 % interval of the gains of single draws.


# %%
def reward_of(label, scale=0.2):
    """The model in which states with one label have one reward."""
    number = int(label.max()) + 1

    def labelled(table, recording=None):
        """The reward depends on the place."""
        values = numpyro.sample("values", dist.Normal(0, scale).expand([number]).to_event(1))
        generative.respond(table, table.by_state(values[label]), recording)

    return labelled


class Fitted(NamedTuple):
    """A fit, and what it predicts of held-out moves."""

    tree: object
    values: np.ndarray  # rewards [draw, label]
    score: np.ndarray  # log probability per move, of each held-out stretch
    gain: np.ndarray  # the same less that of the habit alone
    gain_of_draw: np.ndarray


def fit(name, world, moves=made, label=None):
    """Infer rewards from the training stretches, print the verdict, and score the held-out ones."""
    state, habit = follow(world, moves), make_habits(world, moves)[-1]
    stretch = np.broadcast_to(STRETCH[:, None], state.shape)
    known = [each[~HELD_OUT].ravel() for each in (state, moves, stretch)]
    walked = bi.Trajectory.from_arrays(known[0], known[1], len(world.pasts), 4, stretch=known[2])
    label = np.array([past[0] for past in world.pasts]) if label is None else label
    method = bi.Laplace(num_draws=200 if SMALL else 1000)
    tree = bi.infer(reward_of(label), world.table, walked, habit, method, key=0)
    took = tree.attrs["inference_seconds"]
    print(f"{name}: {len(world.pasts)} states ({took:.0f} s). {bi.verdict(tree)}")
    draws = bi.Fit(tree).each_optimum(lambda walker: np.asarray(walker.move_probability).T, num_draws=100)
    score, alone = log_density(np.mean(draws, axis=0), state, moves), log_density(habit, state, moves)
    of_draw = np.array([log_density(each, state, moves).mean() for each in draws]) - alone.mean()
    found = Fitted(tree, tree["posterior"]["values"].values[0], score, score - alone, of_draw)
    print(f"  {score.mean():.4f} with the reward, {alone.mean():.4f} without: gain {gain_in_words(found)}")
    return found


def gain_in_words(fitted):
    low, high = np.quantile(fitted.gain_of_draw, [0.05, 0.95])
    return f"{fitted.gain.mean():.5f} ± {error(fitted.gain):.5f} (draws {low:.5f} to {high:.5f})"


worlds = {"turns, memory of 1": pairs_by_turns, "places, memory of 2": pairs_by_places}
if not SMALL:
    worlds["places, memory of 3"] = make_world(lambda past: past in seen and len(past) < 4, lambda past: past)
    worlds["turns, memory of 6"] = world_of_turns(6, 6)
fits = {name: fit(name, world) for name, world in worlds.items()}
if not SMALL:  # a reward for each pair of a place and the last one
    fit("turns, memory of 1, any reward of pairs", pairs_by_turns, label=np.arange(len(pairs_by_turns.pasts)))
main = "turns, memory of 1" if SMALL else "turns, memory of 6"
longest = max(level for kind, level in scores if kind == "places")
print(f"{main}, with the reward, less the best published model: {(fits[main].score - PUBLISHED).mean():.4f}")
less = fits[main].score - scores["places", longest]
print(f"{main}, with the reward, less the longest habit by places: {less.mean():.4f} ± {error(less):.4f}")

# %% [markdown]
# ## Is it a reward? Three controls
#
# Moves are drawn anew, as many as were recorded, and everything is done as before: habits are estimated from them, and
# rewards inferred. The world has one turn of memory.
#
# - *No reward*: moves follow the habit by turns alone. The gain must vanish.
# - *Another habit*: moves follow the habit by places, and nothing is rewarded. A gain here is not due to a reward.
# - *A known reward*: habits by turns, and the water port is worth 0.5 nats a visit. It must be found, and the model must
#   beat the habit by places, which has to learn from counts what the reward explains.


# %%
def walk(world, policy, key):
    """Moves that follow a policy, from where each stretch began."""
    rng, next_state = np.random.default_rng(key), np.asarray(world.table.next_state)
    here, moves = follow(world, made)[:, 0], np.empty_like(made)
    with np.errstate(divide="ignore"):
        log_policy = np.log(policy)
    for t in range(made.shape[1]):
        moves[:, t] = (log_policy[here] + rng.gumbel(size=(len(made), 4))).argmax(axis=1)
        here = next_state[here, moves[:, t]]
    return moves


PLANTED = 0.5
short = make_habits(pairs_by_turns, made)[-1]
water = np.array([[float(past[0] == PORT) for past in pairs_by_turns.pasts]])
rewarded = bi.optimize(pairs_by_turns.table, PLANTED * water, 1.0, baseline=short)
simulated = {
    "no reward": walk(pairs_by_turns, short, 0),
    "another habit": walk(pairs_by_places, make_habits(pairs_by_places, made)[-1], 1),
    "a known reward": walk(pairs_by_turns, np.asarray(rewarded.move_probability).T, 2),
}
controls = {
    ("turns, memory of 1", name): fit(f"simulated, {name}", pairs_by_turns, moves) for name, moves in simulated.items()
}
of_places = simulated["another habit"]
controls["places, memory of 2", "no reward"] = fit("simulated, places, memory of 2, no reward", pairs_by_places, of_places)
if not SMALL:
    alone = walk(worlds[main], make_habits(worlds[main], made)[-1], 3)
    controls[main, "no reward"] = fit(f"simulated, {main}, no reward", worlds[main], alone)
    knows_places = walk(by_places, make_habits(by_places, made)[-1], 4)
    controls[main, "another habit"] = fit(f"simulated, {main}, another habit", worlds[main], knows_places)


def port_less_ends(values):
    """What the port is worth beyond the other dead ends, in each draw."""
    ends = np.setdiff1d(np.arange(63, NUM_PLACES), PORT)
    return values[:, PORT] - values[:, ends].mean(axis=1)


def interval(draws, digits=3):
    """Median and 90 % equal-tailed interval, in words."""
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def rank_of_port(values):
    """1: no dead end is worth more."""
    return 1 + (values[:, 63:] > values[:, [PORT]]).sum(axis=1)


for name, moves in {"mice": made, **simulated}.items():
    found = fits["turns, memory of 1"] if name == "mice" else controls["turns, memory of 1", name]
    less = found.score - log_density(make_habits(pairs_by_places, moves)[-1], follow(pairs_by_places, moves), moves)
    print(f"{name}: gain {gain_in_words(found)}; less the habit by places {less.mean():.4f} ± {error(less):.4f}")
    port, rank = port_less_ends(found.values), np.median(rank_of_port(found.values))
    print(f"  the port is worth {interval(port)} nats more than other dead ends; rank {rank:.0f} of 64")

# %% [markdown]
# And the rewards themselves: are they about these places? They are exchanged between places of one depth, at random.


# %%
def exchanged(name, number=100):
    """Gains of the inferred rewards (posterior mean), after exchanges between places of one depth."""
    world, habit, state = worlds[name], make_habits(worlds[name], made)[-1], follow(worlds[name], made)
    mean, rng, gains = fits[name].values.mean(axis=0), np.random.default_rng(0), []
    alone = log_density(habit, state, made).mean()
    for trial in range(number + 1):
        order = np.arange(NUM_PLACES)
        for level in range(7 if trial else 0):  # the first one is not exchanged
            order[depth == level] = rng.permutation(order[depth == level])
        reward = mean[order][[past[0] for past in world.pasts]]
        walker = bi.optimize(world.table, reward[None], 1.0, baseline=habit)
        gains.append(log_density(np.asarray(walker.move_probability).T, state, made).mean() - alone)
    return np.array(gains)


gains = exchanged(main, 20 if SMALL else 100)
print(f"{main}: gain of the mean reward {gains[0]:.4f}, with places exchanged at most {gains[1:].max():.4f}")
for name, found in fits.items():
    port, rank = port_less_ends(found.values), np.quantile(rank_of_port(found.values), [0.05, 0.5, 0.95])
    print(f"{name}: the port is worth {interval(port)} nats more than other dead ends; rank {rank} of 64")

# %% [markdown]
# ## The water moves: what would each model predict?
#
# The water and one other dead end change places: that of place 73, as far from the entrance, in the other half. The
# reward moves with the water, and `adapt` predicts how often the mouse will be there in the long run. Habits are held.

# %%
OTHER = 73
number = {past: k for k, past in enumerate(pairs_by_turns.pasts)}
ends = [number[end, int(parent[end])] for end in (PORT, OTHER)]
moved = np.array(pairs_by_turns.table.next_state)
old = moved.copy()
for here, there in (ends, ends[::-1]):
    moved[old == here] = there
    moved[here] = np.where(old[here] < 0, -1, old[there].max())  # from a dead end one can only go back
changed = bi.Decisions(moved, actions=MOVES)


def at_water(name, tree):
    """Shares of time at the water, before and after it moved, in draws of a fit."""
    predicted = bi.adapt(tree, changed, num_draws=200)["predictions"]
    share = 100 * predicted["place_probability"].values[:, 0, :, ends[0]]
    print(f"{name}: {interval(share[0], 2)} % of visits at the water, {interval(share[1], 2)} % once it moved")
    return share


shares = {name: at_water(name, fits[name].tree) for name in list(fits)[:2]}
recorded = [100 * np.mean(follow(pairs_by_turns, made) == end) for end in ends]
print(f"recorded: {recorded[0]:.2f} % of visits at the water, {recorded[1]:.2f} % at the other place")
at_water("simulated, a known reward", controls["turns, memory of 1", "a known reward"].tree)
truly = bi.optimize(changed, PLANTED * water, 1.0, baseline=short)
print(f"  and truly {100 * float(truly.place_probability[ends[0]]):.2f} % once it moved")

# %% [markdown]
# ## One picture
#
# *Top left*: how well held-out moves are predicted (± standard error of the longest); open symbols: with a reward on
# top. *Top right*: that reward in the labyrinth, less the mean of places of the same depth; the circle is the water port,
# the arrow the entrance. *Bottom left*: gains by the reward (± two standard errors), of the mice and of simulations.
# *Bottom right*: time at the water before and after it moves, with 90 % equal-tailed intervals.

# %%
figure = Figure(figsize=(style.DOUBLE, 125 * style.MM), layout="constrained")
(above, labyrinth), (below, water_axes) = figure.subplots(2, 2)
looks = {"places": style.of_claim(0), "turns": style.of_claim(1)}
for kind, look in looks.items():
    levels = [level for each, level in scores if each == kind]
    means = [scores[kind, level].mean() for level in levels]
    above.plot(levels, means, **look | {"linestyle": "-", "linewidth": 0.8}, label=f"Habit by {kind}")
    above.errorbar(levels[-1], means[-1], error(scores[kind, levels[-1]]), color=look["color"], linewidth=0.8)
for name, found in fits.items():
    kind, level = name.split(",")[0], int(name.split()[-1])
    look = looks[kind] | {"markerfacecolor": "white", "markeredgewidth": 0.8, "markersize": 5}
    above.plot(level, found.score.mean(), **look)
above.axhline(PUBLISHED, color=style.BLACK, linewidth=0.6, linestyle=":")
above.text(12, PUBLISHED - 0.004, "Best published switching model", fontsize=style.SMALL, ha="right", va="top")
above.set(xlabel="Memory (places, turns)", ylabel="Held-out log probability\n(nats per move)", ylim=(-0.91, -0.61))
above.set(xlim=(-0.5, 12.5))

spots = np.zeros((NUM_PLACES, 2))  # forks halve the corridors: first up and down, then left and right, and so on
for at in range(1, NUM_PLACES):
    step = np.array([0, 1] if depth[at] % 2 else [1, 0]) * 2.0 ** ((6 - depth[at]) // 2)
    spots[at] = spots[parent[at]] + step * (1 if at % 2 == 0 else -1)
for at in range(1, NUM_PLACES):
    labyrinth.plot(*spots[[at, parent[at]]].T, color=style.PALE, linewidth=2, zorder=0)
labyrinth.plot([-7.5, 0], [0, 0], color=style.PALE, linewidth=2, zorder=0)
labyrinth.annotate("", (-7, 0), (-8.6, 0), arrowprops={"arrowstyle": "->", "linewidth": 0.8})
worth = fits[main].values.mean(axis=0)
worth = worth - (np.bincount(depth, worth) / np.bincount(depth))[depth]
largest = np.abs(worth).max()
shown = labyrinth.scatter(*spots.T, c=worth, s=14, cmap="PuOr_r", vmin=-largest, vmax=largest, zorder=2)
labyrinth.scatter(*spots[PORT], s=60, facecolors="none", edgecolors=style.BLACK, linewidths=0.9, zorder=3)
bar = figure.colorbar(shown, ax=labyrinth, shrink=0.7)
bar.set_label("Reward (nats)", fontsize=style.SMALL)
bar.ax.tick_params(labelsize=style.SMALL)
labyrinth.set(aspect="equal", xticks=[], yticks=[])
labyrinth.invert_yaxis()

rows = {name: (found, "mice") for name, found in fits.items() if name != "places, memory of 3"}
names, labels = [], []
for name in rows:
    names.append((name, fits[name], f"{name.capitalize()}: mice"))
    names += [(name, found, f"simulated, {what}") for (of, what), found in controls.items() if of == name]
for height, (name, found, label) in enumerate(names[::-1]):
    look = looks[name.split(",")[0]] | {"markerfacecolor": None if "mice" in label else "white", "markeredgewidth": 0.8}
    below.errorbar(1000 * found.gain.mean(), height, xerr=2000 * error(found.gain), linewidth=0.8, **look)
    labels.append(label)
below.axvline(0, color=style.BLACK, linewidth=0.6)
below.set(yticks=range(len(labels)), yticklabels=labels, xlabel="Gain by a reward (nats per 1,000 moves)")

for number, (name, share) in enumerate(shares.items()):
    look = looks[name.split(",")[0]]
    low, middle, high = np.quantile(share, [0.05, 0.5, 0.95], axis=1)
    across = np.arange(2) + 0.08 * (number - 0.5)
    water_axes.errorbar(across, middle, [middle - low, high - middle], **look | {"linestyle": "-", "linewidth": 0.8})
    water_axes.lines[-1].set_label(f"Reward over habit by {name.split(',')[0]}")
water_axes.set(xticks=[0, 1], xticklabels=["Where it was", "Moved"], xlim=(-0.4, 1.4), ylim=(0, None))
water_axes.set(xlabel="The water", ylabel="Time at the water (%)")
for axes in (above, labyrinth, below, water_axes):
    style.dress(axes)
labyrinth.spines[["left", "bottom"]].set_visible(False)
style.legend(above, *above.get_legend_handles_labels(), loc="lower right")
style.legend(water_axes, *water_axes.get_legend_handles_labels(), loc="upper left")
figure.savefig(OUT / "labyrinth.png", dpi=200)
