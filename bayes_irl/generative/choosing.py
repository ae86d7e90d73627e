"""Parts of models of choices between two juices: quantities that differ between sessions, and the likelihood."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float

from bayes_irl.generative.respond import observe
from bayes_irl.systems import Observations
from bayes_irl.systems.offers.offers import Offers
from bayes_irl.systems.offers.rules import Linear, Rule
from bayes_irl.systems.offers.shown import Shown
from bayes_irl.systems.offers.valuation import OwnOdds, Valuation


def by_session(name: str, offers: Offers, typical: dist.Distribution, spread: float) -> Float[Array, " num_sessions"]:
    """Draw a quantity for each session, in a NumPyro model. Sessions of a subject share a mean and a spread.

        x_s ~ Normal(μ_m, τ_m),  m the subject of s;  μ_m ~ typical;  log τ_m ~ Normal(log spread, ½)

    A single session of a subject has no spread: x = μ.

    Args:
        name: Name of the site. `{name}_mean` and `{name}_spread` are the sites of each subject's mean and spread.
        offers: The `Offers` that the model receives.
        typical: Prior of a subject's mean.
        spread: Typical difference between its sessions.

    Returns:
        The quantity in each session `[num_sessions]`.

    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     by_session("log_worth", offers, dist.Normal(0.0, 1.0), 0.3).shape
    (2,)
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
        name: Name of the quantity. The constant is the site `{name}_if_sequential`, if there are trials of both kinds.
        offers: The `Offers` that the model receives.
        simultaneous: The quantity in each session.
        scale: Typical size of the constant.

    Returns:
        The quantity in each session and kind of trial `[num_sessions, num_kinds]`.

    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     by_kind("log_worth", offers, jnp.zeros(2), 0.1).shape
    (2, 1)
    """
    if len(offers.kinds) == 1:
        return simultaneous[:, None]
    normal = dist.Normal(0.0, scale).expand((offers.num_subjects,)).to_event(1)
    change = numpyro.sample(f"{name}_if_sequential", normal)
    return jnp.stack([simultaneous, simultaneous + change[offers.subject_of]], axis=1)


def bias(offers: Offers, scale: float) -> tuple[Float[Array, " num_subjects"], Float[Array, " num_subjects"]]:
    """Draw each subject's bias for the left side and for the first offer, in a NumPyro model.

    Args:
        offers: The `Offers` that the model receives.
        scale: Prior scale of each subject's `side_bias` and `order_bias`, in the units in which offers are compared.

    Returns:
        Both biases of each subject; 0 if the side or the order was not recorded.

    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     side, order = bias(offers, 1.0)
    >>> side.shape, order.shape
    ((1,), (1,))
    """
    normal = dist.Normal(0.0, scale).expand((offers.num_subjects,)).to_event(1)
    noted = {"side_bias": (offers.a_left != 0).any(), "order_bias": (offers.a_first != 0).any()}
    side, order = (
        numpyro.sample(name, normal) if here else jnp.zeros(offers.num_subjects) for name, here in noted.items()
    )
    return side, order


def juices(offers: Offers, rule: Rule | None = None, *, temperature: float, scale: float) -> Valuation:
    """Draw the juices' relative values, temperatures and biases for all sessions, in a NumPyro model.

    A priori, one unit of A is worth two units of B, within a factor of 2 (one standard deviation of the subjects'
    prior). Sessions of a subject differ by a third.

    Args:
        offers: The `Offers` that the model receives.
        rule: How offers are compared; None: `Linear()`.
        temperature: Typical temperature, within a factor of e.
        scale: Prior scale of biases.

    Returns:
        The valuation, for `choose`. A rule of your own can use its `worth_of(shown)`, `temperature_of(shown)` and
        `bias_of(shown)`.

    >>> with numpyro.handlers.seed(rng_seed=0):
    ...     juices(offers, temperature=0.5, scale=0.1).worth.shape
    (2, 1)
    """
    log_worth = by_session("log_relative_value", offers, dist.Normal(np.log(2), np.log(2)), 0.3)
    log_temperature = by_session("log_temperature", offers, dist.Normal(np.log(temperature), 1.0), 0.3)
    worth = jnp.exp(by_kind("log_relative_value", offers, log_worth, 0.3))
    heat = jnp.exp(by_kind("log_temperature", offers, log_temperature, 0.5))
    numpyro.deterministic("relative_value", worth)
    numpyro.deterministic("temperature", heat)
    return Valuation(worth, heat, *bias(offers, scale), Linear() if rule is None else rule)


def choose(
    preference: Valuation | Callable[[Shown], Float[Array, " num_rows"]], choices: Observations | None = None
) -> None:
    """Observe choices that are soft-optimal, in a NumPyro model.

    Let r(a) be the value of answer a. Then V = λ log Σ_a p(a) exp(r(a)/λ), and

        log P(A) / P(B) = log p(A) / p(B) + [r(A) − r(B)] / λ.

    Args:
        preference: A valuation from `juices`, or a function of your own from the offers shown to the log-odds of A.
            Such a function is not stored in the tree, so `adapt` and `score` refuse the fit.
        choices: The recording that `infer` passes to the model; None to sample from the prior alone.

    >>> choose(bi.Valuation.of(offers, worth=2.0, temperature=0.5))  # without choices: the prior alone
    """
    if choices is None:
        return
    if isinstance(preference, Valuation):
        numpyro.deterministic("valuation", preference)  # a tree of arrays
        observe(preference, choices)
    else:
        observe(OwnOdds(preference), choices)
