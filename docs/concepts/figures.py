"""Make the pictures of the concept pages: `python docs/concepts/figures.py` (half a minute)."""

from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np
from matplotlib.figure import Figure
from scipy.special import expit, logit

import bayes_irl as bi

OUT = Path(__file__).resolve().parents[1] / "images" / "concepts"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
WIDE, TALL = 7.0, 2.5  # inches
CIRCUIT = bi.Circuit(4, bi.Stimulus.switching(0.05))
REWARD = bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 3})


def panels(*titles: str, height: float = TALL):
    """Return a figure and its axes, in one row, each with a title."""
    figure = Figure((WIDE, height), layout="constrained")
    axes = figure.subplots(1, len(titles), squeeze=False)[0]
    for each, title in zip(axes, titles, strict=True):
        each.set_title(title, fontsize=9)
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=8)
    return figure, axes


def theory() -> Figure:
    """A reward, the answers that earn it, and the patterns that follow."""
    network = bi.optimize(CIRCUIT, REWARD, 0.3, "population")
    figure, (reward, answers, time) = panels("Reward r(σ, x)", "Optimal answers π", "Time spent")
    counts = np.asarray(CIRCUIT.spike_count)
    seen = counts - np.asarray(CIRCUIT.patterns)[:, 0]  # what neuron 0 sees of the others
    for x, colour in enumerate(COLOURS[:2]):
        table = [float(np.asarray(REWARD)[x][counts == spikes][0]) for spikes in range(5)]
        reward.plot(range(5), table, "o-", color=colour, label=f"stimulus {x}")
        chance = [expit(np.asarray(network.logits)[0, x][seen == spikes][0]) for spikes in range(4)]
        answers.plot(range(4), chance, "o-", color=colour)
        occupancy = np.asarray(network.occupancy)[x]
        share = np.bincount(counts, occupancy) / occupancy.sum()
        time.bar(np.arange(5) + (x - 0.5) * 0.4, share, 0.4, color=colour)
    reward.set(xlabel="spikes in the pattern", ylabel="reward", ylim=(-0.05, 1.4))
    answers.set(xlabel="spikes of the other neurons", ylabel="probability of a spike", ylim=(0, 1), xticks=range(4))
    time.set(xlabel="spikes in the pattern", ylabel="share of time")
    reward.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def update() -> Figure:
    """Updates one by one, and the bins that a recording sees."""
    small, per_bin, number = bi.Circuit(3, bi.Stimulus.constant()), 6, 24
    network = bi.optimize(small, bi.rewards.from_spike_count(small, target=1), 0.5, "population")
    recording = bi.simulate(network, number, jax.random.key(1))
    spikes, who = np.asarray(recording.spikes), np.asarray(recording.neuron)
    figure, (axes,) = panels(
        "At each update one neuron (dot) answers; a bin shows the pattern at its end (grey: 1)", height=2.2
    )
    for step in range(number):
        for neuron in range(3):
            if spikes[step, neuron]:
                axes.barh(neuron, 1, left=step, height=0.55, color="0.8")
        axes.plot(step, who[step], "o", color=COLOURS[1], markersize=5)
    for end in range(per_bin, number + 1, per_bin):
        axes.axvline(end - 0.5, color=COLOURS[0], linewidth=1.5)
        pattern = "".join(map(str, spikes[end - 1]))
        axes.text(end - 0.5, 2.95, pattern, ha="center", color=COLOURS[0], fontsize=9, family="monospace")
    axes.set(xlim=(-0.5, number + 0.7), ylim=(-0.6, 3.4), yticks=range(3), ylabel="neuron")
    axes.set(xlabel="update (k = 6 per bin)")
    return figure


def stimulus() -> Figure:
    """A stimulus over bins, its transition matrix per bin, and per update."""
    per_bin = np.array([[0.9, 0.1, 0.0], [0.05, 0.9, 0.05], [0.0, 0.2, 0.8]])
    rng, states = np.random.default_rng(5), [0]
    while len(states) < 60:
        states.append(int(rng.choice(3, p=per_bin[states[-1]])))
    figure, axes = panels("Stimulus x, bin by bin", "T per bin", "T per update (k = 5)")
    axes[0].step(range(60), states, where="post", color=COLOURS[0])
    axes[0].set(xlabel="bin", yticks=range(3), yticklabels=("off", "dim", "bright"))
    for each, matrix in zip(
        axes[1:], (per_bin, np.asarray(bi.Stimulus.per_update(per_bin, 5).transition)), strict=True
    ):
        each.imshow(matrix, cmap="Blues", vmin=0, vmax=1.3)
        for (row, column), chance in np.ndenumerate(matrix):
            each.text(column, row, f"{chance:.2f}", ha="center", va="center", fontsize=8)
        each.set(xlabel="to", ylabel="from", xticks=range(3), yticks=range(3))
    return figure


def baseline() -> Figure:
    """The same answers under three assumed baselines: the rewards differ by a price per spike."""
    truth, guesses = 0.4, (0.2, 0.4, 0.6)
    table = np.asarray(REWARD)[1] / 0.3
    counts = np.asarray(CIRCUIT.spike_count)
    figure, (rewards, differences) = panels("Inferred reward, stimulus 1", "Difference to p = 0.4")
    for guess, colour in zip(guesses, COLOURS, strict=False):
        shift = -(logit(guess) - logit(truth)) * counts / CIRCUIT.num_neurons
        line = [float((table + shift)[counts == spikes][0]) for spikes in range(5)]
        rewards.plot(range(5), line, "o-", color=colour, label=f"p = {guess}")
        differences.plot(range(5), [float(shift[counts == spikes][0]) for spikes in range(5)], "o-", color=colour)
    rewards.set(xlabel="spikes in the pattern", ylabel="nats per update")
    differences.set(xlabel="spikes in the pattern", ylabel="nats per update")
    rewards.legend(frameon=False, fontsize=8)
    return figure


def identified() -> Figure:
    """Two rewards that differ by b(x) alone: every answer is the same."""
    other = np.asarray(REWARD) + np.array([[0.8], [-0.5]])
    figure, (rewards, answers) = panels("Two rewards, apart by b(x)", "Their optimal answers")
    counts = np.asarray(CIRCUIT.spike_count)
    both = [bi.optimize(CIRCUIT, each, 0.3, 0.4) for each in (REWARD, other)]
    for x, colour in enumerate(COLOURS[:2]):
        for table, style in ((np.asarray(REWARD), "o-"), (other, "s--")):
            line = [float(table[x][counts == spikes][0]) for spikes in range(5)]
            label = f"stimulus {x}, {'r' if style == 'o-' else 'r + b(x)'}"
            rewards.plot(range(5), line, style, color=colour, label=label)
    rewards.set(xlabel="spikes in the pattern", ylabel="reward", ylim=(-0.7, 3.2))
    rewards.legend(frameon=False, fontsize=7, ncols=2, loc="upper center")
    first, second = (expit(np.asarray(each.logits)).ravel() for each in both)
    answers.plot([0, 1], [0, 1], color="0.7")
    answers.plot(first, second, "o", color=COLOURS[2], markersize=4)
    answers.set(xlabel="P(spike) under r", ylabel="P(spike) under r + b(x)")
    return figure


def verdict() -> Figure:
    """The checks of two fits to one recording: the first passed, the second did not."""
    network = bi.optimize(CIRCUIT, REWARD, 0.3, "population")
    recording = bi.simulate(network, 20_000, jax.random.key(0))
    figure, axes = panels("pairwise by Laplace: passed", "free_form by Laplace: failed", height=2.0)
    for each, model in zip(axes, ("pairwise", "free_form"), strict=True):
        fit = bi.infer(model, CIRCUIT, recording, "population", bi.Laplace(400), key=jax.random.key(1))
        checks = fit["gate"].to_dataset()
        print(model, bi.verdict(fit))
        for row, (name, passed) in enumerate(zip(checks["check"].values, checks["passed"].values, strict=True)):
            each.plot(0.04, row, "o" if passed else "X", color=COLOURS[2] if passed else COLOURS[1], markersize=7)
            each.text(0.1, row, str(name), va="center", fontsize=8, color="black" if passed else COLOURS[1])
        each.set(xlim=(0, 1), ylim=(len(checks["check"]) - 0.5, -0.5))
        each.set_axis_off()
    return figure


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    for make in (theory, update, stimulus, baseline, identified, verdict):
        make().savefig(OUT / f"{make.__name__}.png", dpi=160)
