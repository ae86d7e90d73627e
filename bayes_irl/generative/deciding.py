"""What models of decisions on noisy evidence are made of: quantities of subjects, and the likelihood of answers."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from bayes_irl._checks import InputError
from bayes_irl.generative.respond import observe
from bayes_irl.solvers.belief import Belief
from bayes_irl.solvers.episode import Defaults, Stakes, decide, foretell
from bayes_irl.solvers.lattice import Lattice
from bayes_irl.systems import Observations
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.evidence.observed import TIME_BIN, ObservedAnswers, num_bins

STEP = 0.02  # s, between two moments at which a subject may answer
NODES = np.linspace(-5, 5, 41)  # of noise, in standard deviations
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()

PerSubject = Float[Array, " num_subjects"]


def per_subject(evidence: Evidence) -> Callable[[str, dist.Distribution], PerSubject]:
    """Return a function that draws a quantity of each subject, by name and prior, in a NumPyro model."""
    return lambda name, prior: numpyro.sample(name, prior.expand([evidence.num_subjects]).to_event(1))


@dataclass(frozen=True)
class Habits:
    """How a subject comes to answer, apart from what it wants.

    Attributes:
        hazard: of answering by default, either way, per second.
        lapse: share of trials that are answered by a coin, at any time.
        non_decision_time: mean time that is spent not deciding, in seconds.
        non_decision_spread: its standard deviation, in seconds.
    """

    hazard: PerSubject
    lapse: PerSubject
    non_decision_time: PerSubject
    non_decision_spread: PerSubject


def habits(evidence: Evidence) -> Habits:
    """Draw `Habits` for each subject, in a NumPyro model."""
    draw = per_subject(evidence)
    return Habits(
        draw("hazard", dist.LogNormal(0.0, 1.0)),
        draw("lapse", dist.Beta(1.0, 30.0)),
        draw("non_decision_time", dist.LogNormal(np.log(0.3), 0.7)),
        draw("non_decision_spread", dist.LogNormal(np.log(0.05), 0.7)),
    )


def answer_when_ready(
    evidence: Evidence,
    sensitivity: PerSubject,
    stakes: Stakes,
    habits: Habits,
    answers: Observations | None = None,
) -> None:
    """Observe answers, and when they were given, that are soft-optimal on noisy evidence, in a NumPyro model.

    A decision is made at t with the probabilities of `solver.episode`, and seen at t + a Normal non-decision time. A
    lapse is answered by a coin, at any time until time is up.

    Args:
        evidence: what was shown.
        sensitivity: κ of each subject.
        stakes: of each subject.
        habits: of each subject.
        answers: what `infer` passes on to the model; None when only the prior is of interest.

    Raises:
        InputError: if there are no reaction times.
    """
    if answers is None:
        return
    table = _table(answers, timed=True)
    num_steps = int(np.ceil(evidence.limit / STEP - 1e-9))
    edges = np.arange(1, num_bins(evidence)) * TIME_BIN
    moments = np.arange(num_steps) * STEP

    def subject(sensitivity: Array, stakes: Stakes, habits: dict[str, Array]) -> Array:
        lattice = Lattice(Belief(evidence.strengths, evidence.prior, sensitivity), num_steps, STEP)
        decided = foretell(lattice, decide(lattice, stakes, Defaults.hazard(habits["hazard"], lattice)))
        delay = (edges - moments[:, None] - habits["non_decision_time"]) / habits["non_decision_spread"]
        late = (evidence.limit - moments - habits["non_decision_time"]) / habits["non_decision_spread"]
        before = jnp.concatenate([jnp.zeros((num_steps, 1)), norm.cdf(delay), norm.cdf(late)[:, None]], axis=1)
        seen = decided.probability @ jnp.diff(before, axis=1)
        none = decided.none + (decided.probability.sum(axis=1) @ norm.sf(late))
        probs = jnp.append(seen.reshape(len(seen), -1), none[:, None], axis=1)
        coin = jnp.append(jnp.full(probs.shape[1] - 1, 1 / (probs.shape[1] - 1)), 0.0)
        return (1 - habits["lapse"]) * probs + habits["lapse"] * coin

    each = jax.tree.map(lambda value: jnp.broadcast_to(value, sensitivity.shape), stakes)
    probs = jax.vmap(subject)(sensitivity, each, vars(habits))
    rows = table.shown.subject, np.searchsorted(evidence.strengths, table.shown.strength)
    observe(probs[rows], answers)


def answer_when_asked(
    evidence: Evidence,
    sensitivity: PerSubject,
    temperature: PerSubject,
    side_bias: PerSubject,
    lapse: PerSubject,
    answers: Observations | None = None,
    *,
    worth: Callable[[Float[Array, "num_rows num_nodes"], Array], Array] = lambda right, _: right,
    sure: PerSubject | None = None,
) -> None:
    """Observe answers at the end of a stimulus that are soft-optimal on noisy evidence, in a NumPyro model.

        P(a | s) = (1 − ε) ∫ Normal(x; κ s T, T) π(a | x) dx + ε / number of answers,  π(a | x) ∝ p(a) exp(Q(x, a) / λ)

    with Q what an answer is worth, given how probably it is right, and ± half the side bias. By default all answers on
    offer are equally likely.

    Args:
        evidence: what was shown.
        sensitivity: κ of each subject.
        temperature: λ of each subject.
        side_bias: how much more the positive answer is worth to each subject than the negative one.
        lapse: ε of each subject.
        answers: what `infer` passes on to the model; None when only the prior is of interest.
        worth: of an answer, from the probability that it is right and the number of the subject, per row; by default
            that probability.
        sure: worth of the sure reward, to each subject; None: there is none.

    Raises:
        InputError: if there are reaction times, or sure rewards on offer that the model says nothing about.
    """
    if answers is None:
        return
    table = _table(answers, timed=False)
    if sure is None and evidence.sure_offered.any():
        raise InputError.of("sure_offered", "none, for this model", "some", "See the model wager.")
    shown, who = table.shown, table.shown.subject

    def positive(sensitivity: Array, strength: Array, duration: Array) -> Array:  # of one row
        x = sensitivity * strength * duration + jnp.sqrt(duration) * NODES
        return Belief(evidence.strengths, evidence.prior, sensitivity).positive(x, jnp.full(len(NODES), duration))

    right = jax.vmap(positive)(sensitivity[who], jnp.asarray(shown.strength), jnp.asarray(shown.duration))
    half, subject = side_bias[who][:, None] / 2, jnp.asarray(who)[:, None]
    values = [worth(1 - right, subject) - half, worth(right, subject) + half]
    options = [np.ones(len(who))] * 2
    if sure is not None:
        values.append(jnp.broadcast_to(sure[who][:, None], right.shape))
        options.append(shown.sure_offered.astype(float))
    on_offer = np.stack(options[: table.table.shape[1]])
    odds = jnp.stack(values[: table.table.shape[1]]) / temperature[who][:, None]
    policy = jax.nn.softmax(odds, axis=0, where=on_offer[..., None] > 0)
    guess = on_offer / on_offer.sum(axis=0)
    observe(((1 - lapse[who]) * (policy @ WEIGHTS) + lapse[who] * guess).T, answers)


def _table(answers: Observations, timed: bool) -> ObservedAnswers:
    (table,) = answers.sessions
    if not isinstance(table, ObservedAnswers):
        raise InputError.of("system", "bayes_irl.Evidence, for this model", type(table.system).__name__)
    if table.timed != timed:
        wanted = "Answers with reaction times" if timed else "answers without reaction times"
        raise InputError.of("recording", f"{wanted}, for this model", "the other kind")
    return table
