"""Parts of models of decisions on noisy evidence: quantities of each subject, and the likelihood of answers."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float

from bayes_irl.generative.respond import observe
from bayes_irl.generative.waiting import Waiting
from bayes_irl.solvers.episode import Stakes
from bayes_irl.systems import Observations
from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.evidence.motives import Habits, MotivesInTime, MotivesWhenAsked

PerSubject = Float[Array, " num_subjects"]
HAZARD = dist.LogNormal(0.0, 1.0)


def per_subject(evidence: Evidence) -> Callable[[str, dist.Distribution], PerSubject]:
    """Return a function that draws a quantity of each subject, by name and prior, in a NumPyro model.

    Args:
        evidence: The `Evidence` that the model receives.

    Returns:
        A function of a site's name and prior, which draws `[num_subjects]`.

    >>> draw = per_subject(evidence)
    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     draw("sensitivity", dist.HalfNormal(1.0)).shape
    (1,)
    """
    return lambda name, prior: numpyro.sample(name, prior.expand([evidence.num_subjects]).to_event(1))


def cost_and_hazard(
    evidence: Evidence, temperature: PerSubject, prior: dist.LogNormal, name: str
) -> tuple[PerSubject, PerSubject]:
    """Draw what a second costs and the default rate of each subject, independent a priori, in a NumPyro model.

    Answers determine c + λ h, and the prior alone divides it (see `generative.waiting`). The sampler walks in
    coordinates that follow this; the site "hazard" is the default rate.

    Args:
        evidence: The `Evidence` that the model receives.
        temperature: λ of each subject.
        prior: Of the cost of a second, or of the discount rate.
        name: Of the deterministic site in which your model keeps it, so that fits count it among the parameters.

    Returns:
        Cost per second, or discount rate, and default rate per second of each subject.

    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     cost, hazard = cost_and_hazard(evidence, jnp.ones(1), dist.LogNormal(0.0, 1.0), "cost_of_time")
    >>> cost.shape, hazard.shape
    ((1,), (1,))
    """
    shape = (2, evidence.num_subjects)
    centre, width = (
        jnp.broadcast_to(jnp.array([[one], [other]]), shape)
        for one, other in ((prior.loc, HAZARD.loc), (prior.scale, HAZARD.scale))
    )
    logs = dist.Normal(centre, width).to_event(2)
    waiting = Waiting(jnp.asarray(temperature))
    coordinates = dist.TransformedDistribution(logs, waiting)
    drawn = numpyro.sample("_waiting", coordinates, infer={"parameters": (name, "hazard")})
    cost, hazard = jnp.exp(waiting.inv(drawn))
    return cost, numpyro.deterministic("hazard", hazard)


def habits(evidence: Evidence, hazard: PerSubject | None = None) -> Habits:
    """Draw `Habits` for each subject, in a NumPyro model.

    Args:
        evidence: The `Evidence` that the model receives.
        hazard: Default rate of each subject, if it was drawn before, as by `cost_and_hazard`.

    Returns:
        Default rate, lapse rate and non-decision time of each subject.

    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     habits(evidence).lapse.shape
    (1,)
    """
    draw = per_subject(evidence)
    return Habits(
        draw("hazard", HAZARD) if hazard is None else hazard,
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
    """Observe soft-optimal answers on noisy evidence and their reaction times, in a NumPyro model.

    A decision is made at time t with the probabilities of `solvers.episode`, and observed at t plus a Normal
    non-decision time. A lapse is a random answer at a random time before the deadline.

    Args:
        evidence: The `Evidence` that the model receives.
        sensitivity: κ of each subject.
        stakes: Rewards and costs of each subject.
        habits: Default rate, lapse rate and non-decision time of each subject.
        answers: The recording that `infer` passes to the model; None to sample from the prior alone.

    Raises:
        InputError: If there are no reaction times.

    >>> drawn = numpyro.handlers.seed(habits, 0)(evidence)
    >>> stakes = bi.generative.Stakes(temperature=jnp.ones(1))
    >>> answer_when_ready(evidence, jnp.ones(1), stakes, drawn)  # without answers: the prior alone
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

    Q is the value of an answer, given its probability of being right, plus or minus half the side bias. By default p
    gives all answers on offer the same probability.

    Args:
        evidence: The `Evidence` that the model receives.
        sensitivity: κ of each subject.
        temperature: λ of each subject.
        side_bias: Value of the positive answer minus value of the negative one, for each subject.
        lapse: ε of each subject.
        answers: The recording that `infer` passes to the model; None to sample from the prior alone.
        sure_value: Value of the sure reward to each subject; None: there is none.
        cost_of_risk: ρ of each subject: an answer that is right with probability b is worth b − ρ b (1 − b).
        worth: Your own value of an answer, a function of b and the subject's number, per row; it replaces b − ρ b (1 −
            b). It is not stored in the tree, so `adapt` and `score` refuse the fit.

    Raises:
        InputError: If there are reaction times, or sure rewards on offer without a `sure_value`.

    >>> one, none = jnp.ones(1), jnp.zeros(1)
    >>> answer_when_asked(evidence, one, one, none, none)  # without answers: the prior alone
    """
    if answers is None:
        return
    stakes = Stakes(temperature, side_bias=side_bias)
    motives = MotivesWhenAsked(sensitivity, stakes, lapse, sure_value, cost_of_risk, worth)
    if worth is None:
        numpyro.deterministic("motives", motives.of_subjects(evidence.num_subjects))  # a tree of arrays
    observe(motives, answers)
