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
# # Do neurons work for the cursor that they move?
#
# A monkey moved a cursor with 87 units of its motor cortex. The decoder is known: in every step of 45 ms it adds
# M a to the velocity of the cursor, with a the spike counts of the units. So it is known, exactly, how far a spike of
# each unit brings the cursor towards the target at the angle φ: û(φ) · M_i. After 4,788 steps the decoder was replaced
# by another one (Hennig et al. 2018, doi:10.7554/eLife.36774; data under the MIT licence).
#
# **The claim.** Each unit is rewarded for the progress that its spikes bring,
#
# r(a, φ) = Σ_i [β û(φ) · M_i − price_i] a_i,
#
# and answers as well as it can at its coding cost. **What would refute it:** the inferred rewards of a spike are no
# closer to the decoder than those of exchanged units; or they do not follow the decoder when it changes.
#
# Run it as a script, or open it as a notebook with jupytext. It needs `m1_bci_two_decoders.npz`, in the folder that the
# environment variable `BAYES_IRL_DATA` names (by default `../shared/data`). It takes about three minutes.

# %%
import os
import sys
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np
from matplotlib.figure import Figure

import bayes_irl as bi
from bayes_irl.plots import style

FILE = Path(os.environ.get("BAYES_IRL_DATA", "../shared/data")) / "m1_bci_two_decoders.npz"
OUT = Path(os.environ.get("BAYES_IRL_OUT", "out"))
SMALL = "BAYES_IRL_SMALL" in os.environ  # fewer units, directions and parts, for tests
if not FILE.is_file():
    sys.exit(f"{FILE} is not there: set BAYES_IRL_DATA to the folder that holds it.")
OUT.mkdir(exist_ok=True)

# %% [markdown]
# ## Counts, by the direction of the target
#
# The stimulus is the angle from the cursor to the target, in 16 directions. Steps in which the cursor was held are left
# out; what is left between two of them is a trial. No spike is lost: counts go up to 16.

# %%
NUM_DIRECTIONS, LARGEST = (8 if SMALL else 16), 16
archive = np.load(FILE)
units = np.arange(87)[:: 6 if SMALL else 1]
decoders = [archive[f"decoder{block}_M2"][:, units] for block in (1, 2)]


def block(number):
    """The steps of one block in which the cursor moved."""
    moving = np.flatnonzero(~archive[f"frozen{number}"])
    angle = archive[f"angle{number}"][moving]
    direction = np.round(angle / (2 * np.pi / NUM_DIRECTIONS)).astype(int) % NUM_DIRECTIONS
    counts, trial = archive[f"counts{number}"][moving][:, units], np.cumsum(np.diff(moving, prepend=moving[0]) > 1)
    return bi.CountRecording.from_arrays(
        counts, direction, trial=trial, bin_width=0.045, num_stimuli=NUM_DIRECTIONS, unit_ids=units
    )


def parts(recording, number):
    """So many parts of a recording, one after the other, in whole trials."""
    return [recording.trials(each) for each in np.array_split(np.unique(recording.trial), number)]


first, second = block(1), block(2)
print(first)
parts_of = {"first": parts(first, 2), "second": parts(second, 2 if SMALL else 3)}

# %% [markdown]
# ## The reward of a spike
#
# The simplest model: units act on their own, so the value is Σ_i h_i(φ) a_i (`independent_tuning`), and the target
# stays where it is while units answer (T = 1). Then the reward is the value, in steps of one answer: h is what a spike
# earns. Default answers are binomial counts of at most 16: these units vary less than Poisson counts do, and a fit with
# Poisson answers is refuted for it ([spike counts](../docs/howto/spike_counts.md)).
#
# Look at the verdicts first.

# %%
still = bi.Stimulus(np.eye(NUM_DIRECTIONS))
population = bi.Population(len(units), still, responses=bi.Binomial(LARGEST), unit_ids=first.unit_ids)


def fit(name, recording):
    """The posterior, after its verdict."""
    posterior = bi.infer("independent_tuning", population, recording, key=0)
    print(f"{name}, {recording.num_bins} steps ({posterior.attrs['inference_seconds']:.0f} s): {bi.verdict(posterior)}")
    return posterior


fits = {"block 1": fit("block 1", first), "block 2": fit("block 2", second)}
for number, part in enumerate(parts_of["first"], 1):
    fits[f"block 1, part {number}"] = fit(f"block 1, part {number}", part)
for number, part in enumerate(parts_of["second"], 1):
    fits[f"block 2, part {number}"] = fit(f"block 2, part {number}", part)

# %% [markdown]
# ## (a) Are these rewards those of the decoder?
#
# A reward is known up to a price per spike (another baseline is another price), so each unit's mean over directions is
# removed. What is left is compared with the progress û(φ) · M_i, by the cosine between all 16 × 87 numbers. Directions
# count as often as they were shown, units by their mean counts: as Fisher's information weighs them.

# %%
angles = 2 * np.pi * np.arange(NUM_DIRECTIONS) / NUM_DIRECTIONS
towards = np.stack([np.cos(angles), np.sin(angles)], axis=1)
shown, size = np.bincount(first.stimulus) / first.num_bins, first.counts.mean(axis=0)
weight = np.sqrt(shown[:, None] * size)


def without_prices(table):
    """Numbers per direction and unit, less each unit's mean over directions, weighted."""
    return weight * (table - shown @ table)


def cosine(one, other):
    """Between tables, over their last two axes."""
    lengths = [np.sqrt((each**2).sum(axis=(-2, -1))) for each in (one, other)]
    return (one * other).sum(axis=(-2, -1)) / (lengths[0] * lengths[1])


def interval(draws, digits=3):
    """Median and 90 % equal-tailed interval, in words."""
    low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


fields = {name: each["posterior"]["fields"].values[0] for name, each in fits.items()}  # [draw, direction, unit]
rewards = {name: np.stack([without_prices(draw) for draw in each]) for name, each in fields.items()}
progress = [without_prices(towards @ decoder) for decoder in decoders]
rng = np.random.default_rng(0)
exchanged = [without_prices(towards @ decoders[0][:, rng.permutation(len(units))]) for _ in range(1000)]
print("cosine with the progress by the decoder: median (90 % interval)")
for name in ("block 1", "block 2"):
    pair = ", ".join(f"decoder {k + 1} {interval(cosine(rewards[name], progress[k]))}" for k in (0, 1))
    print(f"  {name}: {pair}")
chance = cosine(rewards["block 1"].mean(axis=0), np.array(exchanged))
print(f"  units exchanged: 90 % within {np.quantile(np.abs(chance), 0.9):.3f}, at most {np.abs(chance).max():.3f}")
for turn in (45, 90, 180):
    way = np.deg2rad(turn)
    turned = without_prices(towards @ np.array([[np.cos(way), -np.sin(way)], [np.sin(way), np.cos(way)]]) @ decoders[0])
    print(f"  angles turned by {turn}°: {interval(cosine(rewards['block 1'], turned))}")
tuning = np.stack([first.counts[first.stimulus == x].mean(axis=0) for x in range(NUM_DIRECTIONS)])
print(f"  plain tuning curves, not their log-odds: {cosine(without_prices(tuning), progress[0]):.3f}")

# %% [markdown]
# Rewards point where the decoder points, far beyond chance. But progress is only a part of them (the square of the
# cosine), and *this is weak evidence on its own*: decoders are made from how units are tuned, so that a tuning that has
# nothing to do with reward would agree as well. What theory adds to a tuning curve is a scale (log-odds), and the
# comparison shows how little of the agreement depends on it. The second decoder is the test.

# %% [markdown]
# ## The loop is closed
#
# So far the angle was taken as given. But counts move the cursor, and so the angle: from one step to the next it turns
# against the push across the direction to the target, −n̂(φ) · M a / distance. Two decoders tell whether the counts do
# this, or something that goes with them: only the decoder in use should turn the angle.


# %%
def push_across(number, moving):
    """n̂(φ) · M (a − mean) by either decoder, and n̂(φ) · (M1 v + M0): what the cursor's own velocity adds."""
    angle = archive[f"angle{number}"][moving].astype(float)
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    counts = archive[f"counts{number}"][moving].astype(float)
    going = archive[f"velocity{number}"][moving] @ archive[f"decoder{number}_M1"].T + archive[f"decoder{number}_M0"]
    pushes = [(counts - counts.mean(axis=0)) @ archive[f"decoder{each}_M2"].T for each in (1, 2)]
    return np.stack([(across * each).sum(axis=1) for each in (going, *pushes)], axis=1)


print("turn of the angle in the next step: slope on the push across, 1e-4 rad per unit ± standard error")
for number in (1, 2):
    free = ~archive[f"frozen{number}"]
    moving = np.flatnonzero(free[:-1] & free[1:])
    turn = np.angle(np.exp(1j * np.diff(archive[f"angle{number}"].astype(float))[moving]))
    small = np.abs(turn) < np.pi / 4  # no new target
    known = np.column_stack([np.ones(small.sum()), push_across(number, moving[small])])
    slope, residual, *_ = np.linalg.lstsq(known, turn[small], rcond=None)
    error = np.sqrt(residual[0] / len(known) * np.diag(np.linalg.inv(known.T @ known)))
    told = ", ".join(f"decoder {k} {1e4 * slope[k + 1]:.2f} ± {1e4 * error[k + 1]:.2f}" for k in (1, 2))
    print(f"  block {number}: {told} (median turn {np.median(np.abs(turn)):.3f} rad, {small.sum()} steps)")

# %% [markdown]
# In a closed loop a reward is known up to c(φ) − Σ T[φ, φ′ | a] c(φ′), for any c
# ([closed loops](../docs/howto/closed_loop.md)): whether units push across because they are paid for it, or for where
# it leads, no recording of one decoder shows. The angle turns little in a step, so this is c′(φ) times the turn: of the
# rewards of all units in each direction, one combination stays unknown, n̂(φ) · M. It is now left out, of rewards and
# of progress.

# %%
crosswise = np.stack([-np.sin(angles), np.cos(angles)], axis=1)


def hidden_by(decoder):
    """Orthonormal tables `[direction, ...]`: what the loop through this decoder leaves unknown."""
    each = [
        without_prices(np.eye(NUM_DIRECTIONS)[x][:, None] * (crosswise[x] @ decoder)) for x in range(NUM_DIRECTIONS)
    ]
    return np.linalg.qr(np.reshape(each, (NUM_DIRECTIONS, -1)).T)[0].T.reshape(NUM_DIRECTIONS, *weight.shape)


def determined(tables, hidden):
    """Tables less what is hidden."""
    return tables - np.tensordot(np.tensordot(tables, hidden, axes=([-2, -1], [1, 2])), hidden, axes=1)


print("the same cosines, of what the loop leaves determined")
for name, decoder in zip(("block 1", "block 2"), decoders, strict=True):
    hidden = hidden_by(decoder)
    seen = determined(rewards[name], hidden)
    pair = ", ".join(f"decoder {k + 1} {interval(cosine(seen, determined(progress[k], hidden)))}" for k in (0, 1))
    share = 1 - (seen**2).sum(axis=(1, 2)) / (rewards[name] ** 2).sum(axis=(1, 2))
    by_chance = len(hidden) / (weight.size - weight.shape[1])
    squares = f"hidden {interval(100 * share, 1)} % of the reward's square, by chance {100 * by_chance:.1f} %"
    print(f"  {name}: {pair}; {squares}")

# %% [markdown]
# ## (b) Do rewards follow the decoder?
#
# In r = β [(1 − α) r₁ + α r₂] the degree of adaptation α is 0 for units that go on working for the old decoder, and 1
# for units that work for the new one. Both decoders were fitted to every part, of block 1 too, when the second decoder
# did not exist: what α is there is the zero of this scale, and how much it changes from one half of block 1 to the
# other is the size of changes that are no adaptation.


# %%
def adaptation(draws, by_new=progress[1], kept=slice(None)):
    """α of every draw, by least squares on the progress by either decoder."""
    both = np.stack([each[:, kept].ravel() for each in (progress[0], by_new)], axis=1)
    old_share, new_share = np.linalg.lstsq(both, draws[..., kept].reshape(len(draws), -1).T, rcond=None)[0]
    return new_share / (old_share + new_share)


degrees = {name: adaptation(each) for name, each in rewards.items()}
print("degree of adaptation: median (90 % interval)")
for name, draws in degrees.items():
    print(f"  {name}: {interval(draws)}")
last = list(degrees)[-1]
change = np.subtract.outer(degrees[last], degrees["block 1"]).ravel()
print(f"  {last} less block 1: {interval(change)}")
ends = np.stack([rewards[name].mean(axis=0) for name in ("block 1", last)])
others = [without_prices(towards @ decoders[1][:, rng.permutation(len(units))]) for _ in range(1000)]
by_chance = [np.diff(adaptation(ends, each))[0] for each in others]
print(f"  the same, units of decoder 2 exchanged: 90 % within {np.quantile(np.abs(by_chance), 0.9):.3f}", end=", ")
print(f"{np.mean(np.array(by_chance) >= np.median(change)):.1%} as much or more")
heaviest = np.argsort(-sum(np.linalg.norm(decoder, axis=0) for decoder in decoders))
for number in (1, 2, 5) if SMALL else (1, 5, 10, 20, 40):
    at_ends = [adaptation(rewards[name], kept=np.sort(heaviest[number:])) for name in (last, "block 1")]
    print(f"  {last} less block 1, without the heaviest {number}: {interval(np.subtract.outer(*at_ends).ravel())}")

# %% [markdown]
# ## (c) What predicts the answers to the new decoder?
#
# Predictions of the counts of block 2, none of which has seen it: nothing changes; the rewards of block 1 move by what
# the decoder changed, all the way or a small part of it; or only the known reward counts, of the old or the new
# decoder, with each unit's own price. Log predictive density per step, averaged over draws; standard errors are those
# between trials.

# %%
responses = population.responses
default = np.asarray(responses.log_odds(fits["block 1"]["system"]["baseline"].values[0]))
before = fields["block 1"]
gain = (rewards["block 1"] * progress[0]).sum(axis=(1, 2)) / (progress[0] ** 2).sum()  # β of every draw
prices = np.einsum("x,dxi->di", shown, before)[:, None]
old, new = (gain[:, None, None] * (towards @ decoder) for decoder in decoders)
left, wide = rewards["block 1"] - gain[:, None, None] * progress[0], weight * (crosswise @ decoders[0])
worth = np.einsum("dxi,xi->dx", left, wide) / (wide**2).sum(axis=1)  # of the push across, per draw and direction


def across_by(decoder):
    """What units earn by pushing across, if that stays worth what it was worth in block 1."""
    return worth[:, :, None] * (crosswise @ decoder)


predictions = {
    "nothing changes": before,
    "3 % of the way": before + 0.03 * (new - old),
    "6 % of the way": before + 0.06 * (new - old),
    "12 % of the way": before + 0.12 * (new - old),
    "all the way": before + new - old,
    "all the way, and across": before + new - old + across_by(decoders[1]) - across_by(decoders[0]),
    "old reward alone": prices + old - np.einsum("x,dxi->di", shown, old)[:, None],
    "new reward alone": prices + new - np.einsum("x,dxi->di", shown, new)[:, None],
}


def means(value):
    """Mean counts per draw, direction and unit."""
    return np.asarray(responses.mean(default + value))


def log_density(recording, value):
    """Of every step of a recording, for each draw averaged on the scale of probabilities."""
    each = []
    for mean in means(value):
        by_unit = responses.log_prob(recording.counts.astype(float), mean[recording.stimulus])
        each.append(np.asarray(by_unit).sum(axis=1))
    return np.logaddexp.reduce(each, axis=0) - np.log(len(each))


def compare(recording, predicted, reference):
    """Print mean differences from one prediction."""
    scores = {name: log_density(recording, each) for name, each in predicted.items()}
    _, trial = np.unique(recording.trial, return_inverse=True)
    for name, score in scores.items():
        difference = score - scores[reference]
        of_trials = np.bincount(trial, difference - difference.mean())
        print(f"  {name}: {difference.mean():.3f} ± {np.sqrt((of_trials**2).sum()) / len(difference):.3f}")


print("log predictive density of block 2, nats per step, less that of “nothing changes”")
compare(second, predictions, "nothing changes")

# %% [markdown]
# How much of what tuning predicts does the known reward predict? The second half of block 1, held out, by the posterior
# of the first.

# %%
half = fields["block 1, part 1"]
slope = (rewards["block 1, part 1"] * progress[0]).sum(axis=(1, 2)) / (progress[0] ** 2).sum()
flat = np.broadcast_to(np.einsum("x,dxi->di", shown, half)[:, None], half.shape)
paid = slope[:, None, None] * (towards @ decoders[0])
print("log predictive density of the second half of block 1, nats per step, less that of answers without tuning")
by_half = {
    "no tuning": flat,
    "progress alone": flat + paid - np.einsum("x,dxi->di", shown, paid)[:, None],
    "tuning": half,
}
compare(parts_of["first"][1], by_half, "no tuning")

# %% [markdown]
# ## One picture
#
# *Left*: rewards of single units point where the decoder points (preferred directions; areas show how far the decoder
# moves for a spike). *Middle*: degrees of adaptation, with 90 % equal-tailed intervals (dotted: block 1; open symbols:
# the recording refutes the fit). *Right*: tuning of the unit whose answers the new decoder should change most, as
# recorded in both blocks, and as predicted if it had adapted all the way (90 % equal-tailed interval).

# %%
figure = Figure(figsize=(style.DOUBLE, 62 * style.MM), layout="constrained")
left, middle, right = figure.subplots(1, 3)
wanted = np.rad2deg(np.arctan2(*decoders[0][::-1])) % 360
found = 2 / NUM_DIRECTIONS * towards.T @ before.mean(axis=0)
preferred = np.rad2deg(np.arctan2(*found[::-1]))
near = wanted + (preferred - wanted + 180) % 360 - 180  # the turn that is closest
area = 40 * np.linalg.norm(decoders[0], axis=0) / np.linalg.norm(decoders[0], axis=0).max()
left.scatter(wanted, near, s=area, color=style.of_claim(0)["color"], alpha=0.6, linewidths=0)
left.plot([0, 360], [0, 360], color=style.BLACK, linewidth=0.6)
left.set(xlabel="Direction by decoder 1 (°)", ylabel="Direction of the inferred reward (°)", xlim=(0, 360))
left.set(xticks=[0, 90, 180, 270, 360], yticks=[0, 90, 180, 270, 360])

names = [name for name in degrees if "part" in name]
for place, name in enumerate(names):
    low, centre, high = np.quantile(degrees[name], [0.05, 0.5, 0.95])
    look = style.of_claim(0 if name.startswith("block 1") else 1) | {"linestyle": "none"}
    inside = look["color"] if bi.passed(fits[name]) else "white"
    middle.errorbar(
        place, centre, [[centre - low], [high - centre]], **look | {"markerfacecolor": inside, "markeredgewidth": 0.8}
    )
middle.axhline(np.median(degrees["block 1"]), color=style.BLACK, linewidth=0.6, linestyle=":")
middle.axvline(len(parts_of["first"]) - 0.5, color=style.BLACK, linewidth=0.6)
middle.set(ylim=(0, None), xticks=range(len(names)), xticklabels=[f"{name[6]}.{name[-1]}" for name in names])
middle.set(xlabel="Block and its part (open: refuted)", ylabel="Degree of adaptation α")

moved = np.abs(np.log(means(predictions["all the way"]) / means(before)).mean(axis=0)) * np.sqrt(size)
unit = int(moved.max(axis=0).argmax())
adapted = np.quantile(means(predictions["all the way"])[:, :, unit], [0.05, 0.95], axis=0)
degree = np.rad2deg(angles)
right.fill_between(degree, *adapted, color=style.of_claim(2)["color"], alpha=0.5, linewidth=0, label="If adapted")
for number, recording in enumerate((first, second)):
    curve = [recording.counts[recording.stimulus == x, unit].mean() for x in range(NUM_DIRECTIONS)]
    right.plot(degree, curve, label=f"Block {number + 1}", **style.of_claim(number))
right.set(xlabel="Direction of the target (°)", ylabel=f"Mean count of unit {first.unit_names[unit]}", ylim=(0, None))
right.set(xticks=[0, 90, 180, 270])
for axes in (left, middle, right):
    style.dress(axes)
style.legend(right, *right.get_legend_handles_labels())
figure.savefig(OUT / "brain_computer_interface.png", dpi=200)

# %% [markdown]
# ## What this shows, and what it does not
#
# - **(a)** The inferred reward of a spike is closer to the decoder (cosine 0.62) than to that of any of 1,000 exchanges
#   of units (at most 0.41), but progress is only two fifths of it (0.62²). It also predicts two fifths: 3.5 of the
#   8.9 nats per step by which tuning predicts a half of block 1 that was held out. As a theory of all tuning, the claim
#   is refuted: one coding cost for all units does not turn decoder weights into these answers.
# - **(b)** The units have hardly adapted. α grows from 0.06 in block 1, where it does not change from one half to the
#   other, to 0.13 in the last third of block 2: 7 % of the way (90 % interval 5 to 8 %). Even this is not
#   beyond doubt. If the units of decoder 2 are exchanged, so that there is nothing to adapt to, one exchange in nine
#   shows as large a change: answers drift, in whichever direction. And the number rests on few units that move
#   the cursor most: without 5, 10 or 20 of them it is 3 to 9 %, and the 47 lightest go the other way.
# - **(c)** "Nothing changes" predicts block 2 better than full adaptation by 9 nats a step. A move by 3 % of the way
#   predicts it a little better still (0.008 ± 0.003 nats).
# - **The loop** is closed: in block 1 the angle turns against the push across by decoder 1 (−7.7 ± 0.3 · 10⁻⁴ rad) and
#   not by decoder 2 (−0.1 ± 0.2). What it hides of the rewards is 0.7 % of their square, less than of rewards at random
#   (1.2 %): without it the cosine is 0.64, for 0.62. Nothing above depends on it.
#
# *Left open.* Units are fitted one by one, and neurons plan for a target that stays where it is: what the loop hides
# was taken off afterwards. Two of the seven fits are refuted, because counts
# vary less than binomial counts do (their intervals are then too wide rather than too narrow). And 87 units are not all
# of motor cortex: a brain may have other ways of moving this cursor than by changing them all.
