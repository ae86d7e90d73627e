"""What models of decisions on noisy evidence are made of: quantities of subjects, and the likelihood of answers."""

from collections.abc import Callable

import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float

from bayes_irl.generative.respond import observe
from bayes_irl.solvers.episode import Stakes
from bayes_irl.systems import Observations
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.evidence.motives import Habits, MotivesInTime, MotivesWhenAsked

PerSubject = Float[Array, " num_subjects"]


def per_subject(evidence: Evidence) -> Callable[[str, dist.Distribution], PerSubject]:
    """Return a function that draws a quantity of each subject, by name and prior, in a NumPyro model."""
    return lambda name, prior: numpyro.sample(name, prior.expand([evidence.num_subjects]).to_event(1))


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

    A decision is made at t with the probabilities of `solvers.episode`, and seen at t + a Normal non-decision time. A
    lapse is an answer at random, at any time until time is up.

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
    motives = MotivesInTime(sensitivity, stakes, habits).of_subjects(evidence.num_subjects)
    numpyro.deterministic("motives", motives)  # a tree of arrays
    observe(motives, answers)


def answer_when_asked(
    evidence: Evidence,
    sensitivity: PerSubject,
    temperature: PerSubject,
    side_bias: PerSubject,
    lapse: PerSubject,
    answers: Observations | None = None,
    *,
    sure_value: PerSubject | None = None,
    cost_of_risk: PerSubject | float = 0.0,
    worth: Callable[[Float[Array, "num_rows num_nodes"], Array], Array] | None = None,
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
        sure_value: worth of the sure reward, to each subject; None: there is none.
        cost_of_risk: ρ of each subject: an answer that is right with probability b is worth b − ρ b (1 − b).
        worth: of an answer, from b and the number of the subject, per row, in place of that. It is not kept in the
            tree, so that `adapt` and `score` refuse such fits.

    Raises:
        InputError: if there are reaction times, or sure rewards on offer without a `sure_value`.
    """
    if answers is None:
        return
    stakes = Stakes(temperature, side_bias=side_bias)
    motives = MotivesWhenAsked(sensitivity, stakes, lapse, sure_value, cost_of_risk, worth)
    if worth is None:
        numpyro.deterministic("motives", motives.of_subjects(evidence.num_subjects))  # a tree of arrays
    observe(motives, answers)
