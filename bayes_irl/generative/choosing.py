"""What models of choices between two juices are made of: quantities that differ between sessions; the likelihood."""

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float

from bayes_irl.generative.respond import observe
from bayes_irl.systems import Observations
from bayes_irl.systems.offers.observed import ObservedChoices, Shown
from bayes_irl.systems.offers.offers import Offers


def by_session(name: str, offers: Offers, typical: dist.Distribution, spread: float) -> Float[Array, " num_sessions"]:
    """Draw a quantity for each session, in a NumPyro model: sessions of a subject are alike, as far as they are.

        x_s ~ Normal(μ_m, τ_m),  m the subject of s;  μ_m ~ typical;  log τ_m ~ Normal(log spread, ½)

    A single session of a subject has no spread: x = μ.

    Args:
        name: of the site; `{name}_mean` and `{name}_spread` are its subjects'.
        offers: what was offered.
        typical: prior of a subject's mean.
        spread: typical difference between its sessions.
    """
    subjects = (offers.num_subjects,)
    mean = numpyro.sample(f"{name}_mean", typical.expand(subjects).to_event(1))[offers.subject_of]
    if offers.num_sessions == offers.num_subjects:
        return numpyro.deterministic(name, mean)
    widths = numpyro.sample(f"{name}_spread", dist.LogNormal(np.log(spread), 0.5).expand(subjects).to_event(1))
    return numpyro.sample(name, dist.Normal(mean, widths[offers.subject_of]).to_event(1))


def by_kind(
    name: str, offers: Offers, simultaneous: Float[Array, " num_sessions"], scale: float
) -> Float[Array, "num_sessions num_kinds"]:
    """Let sequential trials differ from simultaneous ones by a constant of each subject, in a NumPyro model.

    Args:
        name: of the quantity; the constant is the site `{name}_if_sequential`, if there are trials of both kinds.
        offers: what was offered.
        simultaneous: the quantity in each session.
        scale: typical size of the constant.
    """
    if len(offers.kinds) == 1:
        return simultaneous[:, None]
    normal = dist.Normal(0.0, scale).expand((offers.num_subjects,)).to_event(1)
    change = numpyro.sample(f"{name}_if_sequential", normal)
    return jnp.stack([simultaneous, simultaneous + change[offers.subject_of]], axis=1)


def bias(offers: Offers, scale: float) -> Callable[[Shown], Float[Array, " num_rows"]]:
    """Draw what it is worth to be on the left, or first, where that was noted, in a NumPyro model.

    Args:
        offers: what was offered.
        scale: of each subject's `side_bias` and `order_bias`, in the units in which offers are compared.

    Returns:
        A function of what was shown: what A gains by its side and its place in the order.
    """
    normal = dist.Normal(0.0, scale).expand((offers.num_subjects,)).to_event(1)
    noted = {"side_bias": (offers.a_left != 0).any(), "order_bias": (offers.a_first != 0).any()}
    side, order = (
        numpyro.sample(name, normal) if here else jnp.zeros(offers.num_subjects) for name, here in noted.items()
    )
    return lambda shown: side[shown.subject] * shown.a_left + order[shown.subject] * shown.a_first


@dataclass(frozen=True)
class Juices:
    """What two juices are worth in every session, per row of what was shown.

    Attributes:
        worth: of one A, in B.
        temperature: λ, by how much offers must differ to be told apart, in the units in which they are compared.
        bias: what A gains by its side and its place in the order, in the same units.
    """

    worth: Callable[[Shown], Float[Array, " num_rows"]]
    temperature: Callable[[Shown], Float[Array, " num_rows"]]
    bias: Callable[[Shown], Float[Array, " num_rows"]]


def juices(offers: Offers, temperature: float, scale: float) -> Juices:
    """Draw what juices are worth, temperatures and biases for all sessions, in a NumPyro model.

    1 A is worth 2 B, within a factor of 2 (one standard deviation of the subjects' prior); sessions of a subject differ
    by a third.

    Args:
        offers: what was offered.
        temperature: what is typical, within a factor of e.
        scale: of biases.
    """
    log_worth = by_session("log_relative_value", offers, dist.Normal(np.log(2), np.log(2)), 0.3)
    log_temperature = by_session("log_temperature", offers, dist.Normal(np.log(temperature), 1.0), 0.3)
    worth = jnp.exp(by_kind("log_relative_value", offers, log_worth, 0.3))
    heat = jnp.exp(by_kind("log_temperature", offers, log_temperature, 0.5))
    numpyro.deterministic("relative_value", worth)
    numpyro.deterministic("temperature", heat)
    return Juices(
        lambda shown: worth[shown.session, shown.kind],
        lambda shown: heat[shown.session, shown.kind],
        bias(offers, scale),
    )


def utility(quantity: Float[Array, " num_rows"] | np.ndarray, power: Float[Array, " num_rows"]) -> Array:
    """Return quantity^power / power, concave below 1, of slope 1 at 1; nothing is worth nothing."""
    some = quantity > 0
    return jnp.where(some, jnp.where(some, quantity, 1.0) ** power / power, 0.0)


def choose(log_odds: Callable[[Shown], Float[Array, " num_rows"]], choices: Observations | None = None) -> None:
    """Observe choices that are soft-optimal, in a NumPyro model.

    With r(a) what an answer is worth, V = λ log Σ_a p(a) exp(r(a)/λ), so that

        log P(A) / P(B) = log p(A) / p(B) + [r(A) − r(B)] / λ.

    Args:
        log_odds: that of A, for what was shown.
        choices: what `infer` passes on to the model; None when only the prior is of interest.
    """
    if choices is None:
        return
    (table,) = choices.sessions
    assert isinstance(table, ObservedChoices)
    observe(log_odds(table.shown), choices)
