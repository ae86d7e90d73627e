"""Ask trained networks what they were paid for; print truth beside posterior: `make rewards`, after `make train`.

Networks of economic choice come from `make train`; those of motion are trained here, past their criterion, until their
reward has stopped to grow, or, for bets that the criterion is not for, as long as it is told to. It goes on where it
stopped. The last column is the share of reward that a network forgoes: against the better juice every time, or against
the best decisions on evidence as good as its own seems to be.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import xarray as xr

import bayes_irl as bi
from bayes_irl.analysis.indifference import chosen_juice
from bayes_irl.analysis.reading import chose, duration, onset
from bayes_irl.generative import Model, answer_when_ready, habits, per_subject
from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Defaults, Stakes, decide, density_of_decisions
from bayes_irl.solvers.lattice import Lattice
from bayes_irl.systems.evidence.decisions import NODES, STEP, WEIGHTS

NUM_TRIALS = 4000
LIMIT = 2.0  # s, within which all networks answer
TAUS = np.geomspace(0.1, 40, 40)  # s
COLD, RARE = 0.002, 0.001  # a temperature, and a default answer per second, that hardly matter
MOTION = {
    "reaction_time, 10 s": ("reaction_time", {"discount_time": 10_000.0}),
    "reaction_time, 2 s": ("reaction_time", {"discount_time": 2_000.0}),
    **{f"wager, {sure}": ("wager", {"sure": sure}) for sure in (0.6, 0.7, 0.8)},
}


def main() -> None:
    """Fit every trained network that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trained", type=Path, default=Path("out/train"))
    parser.add_argument("--motion", type=Path, default=Path("out/motion"))
    parser.add_argument("--max-updates", type=int, default=6000)
    parser.add_argument("--max-updates-wager", type=int, default=2000)
    given = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    titles = "network", "model", "what", "truth", "posterior mean", "90 % equal-tailed interval", "holds it", "gate"
    print("|", " | ".join(titles), "| forgone |")
    print("|---|---|---|---|---|---|---|---|---|")
    for folder in sorted(given.trained.glob("economic_choice*")):
        agent = bi.load_agent(folder)
        trials = bi.run(agent, NUM_TRIALS, key=jax.random.key(100))
        for rule in ("economic_choice", "economic_choice_log_ratio"):
            row(folder.name, rule, "relative_value", agent.task.relative_value, juices(trials, rule), "–")
    for name, (task, stakes) in MOTION.items():
        most = given.max_updates_wager if task == "wager" else given.max_updates
        agent = trained(task, stakes, given.motion / name.replace(", ", "-"), most)
        trials = bi.run(agent, NUM_TRIALS, key=jax.random.key(100))
        if task == "wager":
            row(name, task, "sure_value", agent.task.sure, *wagers(trials, agent.task.sure))
        else:
            truth = agent.task.discount_time / 1000
            row(name, "impatience", "discount_time", truth, *answers_in_time(trials, truth))


def trained(task: str, stakes: dict, folder: Path, max_updates: int) -> bi.Agent:
    """Train a network to its plateau, or go on with it."""
    resume = (folder / "checkpoint.eqx").exists()
    made = bi.tasks.make(task, **stakes)
    key = jax.random.key(0)
    return bi.train(made, key=key, until="plateau", max_updates=max_updates, folder=folder, resume=resume)


def juices(trials: xr.Dataset, rule: str) -> xr.DataTree:
    """Infer what the juices are worth to a network, from its trials."""
    answered = trials.isel(trial=np.flatnonzero(trials["answered"]))
    offers = bi.Offers.from_arrays(
        answered["num_a"].values, answered["num_b"].values, a_left=answered["juice_left"].values == 0
    )
    chose_a = (chosen_juice(answered) == "A").values
    if rule.endswith("log_ratio"):
        offers, chose_a = offers.keep(~offers.forced), chose_a[~offers.forced]
    return ask(bi.load_model(rule), offers, chose_a)


def wagers(trials: xr.Dataset, sure: float) -> tuple[xr.DataTree, str]:
    """Infer what a sure reward is worth to a network; and what share of reward it forgoes."""
    answered = trials.isel(trial=np.flatnonzero(trials["answered"]))
    strength = answered["direction"].values * answered["coherence"].values / 100
    seconds = duration(answered, "stimulus").values / 1000
    offered = answered["wager"].values > 0
    evidence = bi.Evidence.from_arrays(strength, seconds, sure_offered=offered)
    taken = chose(answered, "sure").values
    careful = bi.Nuts(target_accept=0.99)  # at 0.95 a few trajectories diverge
    tree = ask(bi.load_model("wager"), evidence, np.where(taken, 2, chose(answered, "right")), careful)
    belief = Belief(evidence.strengths, evidence.prior, tree["posterior"]["sensitivity"].values.mean())
    x = belief.sensitivity * (strength * seconds)[:, None] + np.sqrt(seconds)[:, None] * NODES
    positive = np.asarray(belief.positive(jnp.asarray(x), jnp.broadcast_to(seconds[:, None], x.shape)))
    best = np.maximum(np.maximum(positive, 1 - positive), np.where(offered, sure, 0.0)[:, None]) @ WEIGHTS
    return tree, lost(np.where(taken, sure, answered["correct"].values).mean(), best.mean())


def answers_in_time(trials: xr.Dataset, discount_time: float) -> tuple[xr.DataTree, str]:
    """Infer how impatient a network is; and what share of reward it forgoes."""
    kept = trials.isel(trial=np.flatnonzero(trials["answered"] | (trials["choice"] == 0)))  # none before the stimulus
    strength = kept["direction"].values * kept["coherence"].values / 100
    seconds = (kept["decision_time"] - onset(kept, "stimulus")).values / 1000
    answered = kept["answered"].values
    choice = np.where(answered, chose(kept, "right"), -1)
    evidence = bi.Evidence.from_arrays(strength, LIMIT)
    model = Model("impatience", impatience.__doc__, impatience, {"discount_time": ("subject",)})
    tree = ask(model, evidence, bi.Answers.from_arrays(choice, seconds))
    earned = np.where(answered, kept["correct"].values * np.exp(-np.nan_to_num(seconds) / discount_time), -1.0).mean()
    sensitivity, delay = (float(tree["posterior"][name].mean()) for name in ("sensitivity", "non_decision_time"))
    best = earned_in_time(evidence, sensitivity, delay, discount_time, discount_time)
    as_good = [tau for tau in TAUS if earned_in_time(evidence, sensitivity, delay, discount_time, tau) >= earned]
    others = f" (as would τ of {as_good[0]:.2g} to {as_good[-1]:.2g} s)" if as_good else ""
    return tree, lost(earned, best) + others


def earned_in_time(evidence: bi.Evidence, sensitivity: float, delay: float, discount_time: float, tau: float) -> float:
    """Expected reward, discounted as is paid, of decisions that would be the best with another discount τ."""
    lattice = Lattice(Belief(evidence.strengths, evidence.prior, jnp.asarray(sensitivity)), round(LIMIT / STEP), STEP)
    stakes = Stakes(COLD, none=-1.0, discount_rate=1 / tau)
    decided = density_of_decisions(lattice, decide(lattice, stakes, Defaults.hazard(jnp.asarray(RARE), lattice)))
    right = np.stack([1 - lattice.belief.right_if_positive, lattice.belief.right_if_positive], axis=1)
    worth = np.exp(-(np.arange(lattice.num_steps) * STEP + delay) / discount_time)
    earned = (np.asarray(decided.probability) * right[..., None] @ worth).sum(axis=1) - np.asarray(decided.none)
    return float(evidence.prior @ earned)


def lost(earned: float, best: float) -> str:
    """The share of reward that is forgone."""
    return f"{100 * (1 - earned / best):.1f} %"


def impatience(evidence, answers=None):
    """`reaction_time_discount`, but for what is known of networks: a wrong answer pays 0, none at all −1."""
    draw = per_subject(evidence)
    sensitivity = draw("sensitivity", dist.LogNormal(np.log(10), 0.7))
    temperature = draw("temperature", dist.LogNormal(np.log(0.1), 1.0))
    discount_time = draw("discount_time", dist.LogNormal(np.log(3), 1.0))
    side_bias = draw("side_bias", dist.Normal(0.0, 0.05))
    stakes = Stakes(temperature, none=-1.0, discount_rate=1 / discount_time, side_bias=side_bias)
    answer_when_ready(evidence, sensitivity, stakes, habits(evidence), answers)


def ask(
    model: Model, world: bi.Offers | bi.Evidence, choices: bi.Answers | np.ndarray, method: bi.Nuts | None = None
) -> xr.DataTree:
    """Fit a model by NUTS."""
    return bi.infer(model, world, choices, method=method, key=jax.random.key(0))


def row(name: str, model: str, what: str, truth: float, tree: xr.DataTree, forgone: str) -> None:
    """Print one row."""
    draws = tree["posterior"][what].values.ravel()
    low, high = np.quantile(draws, (0.05, 0.95))
    gate = tree["gate"].to_dataset()
    failed = gate["check"].values[~gate["passed"].values]
    verdict = f"failed: {', '.join(failed)}" if len(failed) else "passed"
    held = "yes" if low <= truth <= high else "no"
    print(
        f"| `{name}` | `{model}` | {what} | {truth:g} | {draws.mean():.2f} | {low:.2f} to {high:.2f} | "
        f"{held} | {verdict} | {forgone} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
