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
    state: np.ndarray  # of every move, [num_stretches, 499]


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
    table = np.array(rows)
    state = np.empty(made.shape, int)
    state[:, 0] = [number[int(row[1]), int(row[0])] for row in place]
    for t in range(1, made.shape[1]):
        state[:, t] = table[state[:, t - 1], made[:, t - 1]]
    return World(pasts, [knows(past) for past in pasts], bi.Decisions(table, actions=MOVES), state)


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
                counts.setdefault(past[:k], np.zeros(4))[move[stretch, t]] += 1
    shares, kept = {(): np.full(4, 0.25)}, set()

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
    """How often each move was made in each state."""
    return np.bincount(4 * state[who].ravel() + moves[who].ravel(), minlength=4 * size).reshape(size, 4)


def log_density(shares, state, moves, who=HELD_OUT):
    """Log probability per move, of each stretch."""
    return np.log(shares[state[who], moves[who]]).mean(axis=1)


def make_habit(world, state, moves):
    """Habits with a memory of one level, two levels, and so on: shares of moves in every state."""
    size, can = len(world.pasts), possible[[past[0] for past in world.pasts]]
    some, every = (tally(state, moves, who, size) for who in (~HELD_OUT & ~CHECK, ~HELD_OUT))
    length = np.array([len(known) for known in world.known])
    shares, habits = [np.full((size, 4), 0.25)] * 2, []
    for level in range(1, length.max() + 1):
        inside = np.flatnonzero(length >= level)
        group = np.unique([world.known[k][:level] for k in inside], axis=0, return_inverse=True)[1].ravel()

        def shrunk(counts, before, strength, inside=inside, group=group):
            total, after = np.zeros((group.max() + 1, 4)), before.copy()
            np.add.at(total, group, counts[inside])
            total = total[group]
            after[inside] = (total + strength * before[inside]) / (total.sum(axis=1, keepdims=True) + strength)
            return after

        def allowed(shares):
            return np.where(can, shares, 0) / np.where(can, shares, 0).sum(axis=1, keepdims=True)

        def on_check(strength, before=shares[0], shrunk=shrunk):
            return log_density(allowed(shrunk(some, before, strength)), state, moves, CHECK).mean()

        best = max((1, 3, 10, 30, 100, 300), key=on_check)
        shares = [shrunk(counts, before, best) for counts, before in zip((some, every), shares, strict=True)]
        habits.append(allowed(shares[1]))
    return habits


longest_turns, least = (3, 30) if SMALL else (12, 6)
seen, useful = seen_pasts(4 if SMALL else 8), useful_turns(longest_turns, least)
by_places = make_world(lambda past: past in seen, lambda past: past)
by_turns = make_world(lambda past: turns(past) in useful, turns)
pairs_by_places, pairs_by_turns = (make_world(lambda past: False, knows) for knows in (lambda past: past, turns))
PUBLISHED = -0.727  # the best switching model, from its released parameters


def row(name, of_stretch):
    print(f"  {name:<42} {of_stretch.mean():.4f} ± {error(of_stretch):.4f}")


print("held-out log probability, nats per move (± standard error)")
print(f"  {'four moves alike':<42} {-np.log(4):.4f}")
alike = -np.log(possible.sum(axis=1))[place[HELD_OUT, 1:]].mean(axis=1)
row("moves that can be made alike", alike)
habits = {kind: make_habit(world, world.state, made) for kind, world in {"places": by_places, "turns": by_turns}.items()}
scores = {"four moves alike": -np.log(4)}
for kind, world in {"places": by_places, "turns": by_turns}.items():
    for level, shares in enumerate(habits[kind], 1):
        scores[f"{level - (kind == 'turns')} {kind}"] = log_density(shares, world.state, made)
        row(f"habit by {kind}, memory of {level - (kind == 'turns')}", scores[f"{level - (kind == 'turns')} {kind}"])
print(f"  {'best published switching model':<42} {PUBLISHED}")
