"""A model's joint density with what was observed: compiled once for all data of one structure.

JAX arrays of the observations are arguments of the programs: counts, T, p, the weights of the gauge. All else is what
they are compiled for: the model, the system's structure, the number of rows.
"""

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro import handlers
from numpyro.distributions.transforms import biject_to
from numpyro.infer.util import constrain_fn, potential_energy

from bayes_irl.generative import Model
from bayes_irl.generative.identity import Itself, identity
from bayes_irl.inference.density import Flat
from bayes_irl.systems import Observations

Shapes = Mapping[str, jax.ShapeDtypeStruct]  # of unconstrained latent variables, by site


class Structure:
    """All that programs are compiled for. Two of equal content are equal.

    Args:
        model: The generative model.
        shapes: Of its latent variables.
        observations: What was observed.
        constant: Whether arrays too are compiled into the programs, which then serve no other observations.
    """

    def __init__(self, model: Model, shapes: Shapes, observations: Observations, constant: bool):
        self.function, self.shapes = model.function, dict(shapes)
        leaves, self.tree = jax.tree.flatten(observations)
        self.is_argument = [isinstance(leaf, jax.Array) and not constant for leaf in leaves]
        self.rest = [leaf for leaf, argument in zip(leaves, self.is_argument, strict=True) if not argument]
        self._content: Hashable = Itself(observations)
        if not constant:
            sizes = tuple((name, each.shape, each.dtype) for name, each in self.shapes.items())
            self._content = (identity(self.function), self.tree, tuple(map(_content, self.rest)), sizes)
        self._hash = hash(self._content)

    def __eq__(self, other: object) -> bool:
        """Whether programs compiled for one serve the other."""
        if self is other or not isinstance(other, Structure) or self._hash != other._hash:
            return self is other
        try:
            return bool(self._content == other._content)
        except ValueError:  # a system of its own keeps arrays where they cannot be compared
            return False

    def __hash__(self) -> int:
        """Worked out once."""
        return self._hash

    def fill(self, arrays: tuple[Array, ...]) -> Observations:
        """The observations again, with these arrays."""
        given, rest = iter(arrays), iter(self.rest)
        return jax.tree.unflatten(self.tree, [next(given) if argument else next(rest) for argument in self.is_argument])

    def unravel(self, flat: Flat) -> dict[str, Array]:
        """Unconstrained latent variables by name, in the order of their names."""
        named, start = {}, 0
        for name, like in sorted(self.shapes.items()):
            end = start + int(np.prod(like.shape))
            named[name] = flat[start:end].reshape(like.shape).astype(like.dtype)
            start = end
        return named


def _content(leaf: Any) -> Hashable:
    if isinstance(leaf, np.ndarray) and leaf.dtype != object:
        return leaf.dtype.str, leaf.shape, leaf.tobytes()
    return Itself(leaf)


class Joint(eqx.Module):
    """The joint density of a model's latent variables and what was observed, on unconstrained, concatenated variables.

    Attributes:
        structure: What its programs are compiled for.
        arrays: Their arguments.
    """

    structure: Structure = eqx.field(static=True)
    arrays: tuple[Array, ...]

    @classmethod
    def of(cls, model: Model, shapes: Shapes, observations: Observations) -> "Joint":
        """Arrays of the observations are arguments, unless the model asks what they hold before the program runs."""
        padded = observations if observations.system.by_scores else observations.padded()
        structure = Structure(model, shapes, padded, constant=False)
        leaves = zip(jax.tree.leaves(padded), structure.is_argument, strict=True)
        joint = cls(structure, tuple(leaf for leaf, argument in leaves if argument))
        start = jax.ShapeDtypeStruct((num_dimensions(shapes),), jnp.result_type(float))
        try:
            potential.eval_shape(joint, start)
            return joint
        except (jax.errors.JAXTypeError, jax.errors.JAXIndexError):
            pass
        return cls(Structure(model, shapes, observations, constant=True), ())

    @property
    def observations(self) -> Observations:
        """What was observed, as the model sees it."""
        return self.structure.fill(self.arrays)

    def constrain(self, flat: Flat) -> dict[str, Array]:
        """Latent variables by name, where they are."""
        system = self.observations.system
        return constrain_fn(self.structure.function, (system, None), {}, self.structure.unravel(flat))

    def sites(self, flat: Flat) -> tuple[Mapping[str, Array], Mapping[str, Any]]:
        """Latent variables by name, and every site of the model."""
        observations, latents = self.observations, self.constrain(flat)
        conditioned = handlers.substitute(self.structure.function, data=latents)
        return latents, handlers.trace(conditioned).get_trace(observations.system, observations)


def num_dimensions(shapes: Shapes) -> int:
    """How many numbers latent variables are."""
    return sum(int(np.prod(each.shape)) for each in shapes.values())


@jax.jit
def potential(joint: Joint, flat: Flat) -> Float[Array, ""]:
    """Minus log joint density, up to a constant."""
    observations, named = joint.observations, joint.structure.unravel(flat)
    return potential_energy(joint.structure.function, (observations.system, observations), {}, named)


@jax.jit
def value_and_grad(joint: Joint, flat: Flat) -> tuple[Float[Array, ""], Flat]:
    """The potential with its gradient."""
    return jax.value_and_grad(lambda at: potential(joint, at))(flat)


@jax.jit
def prior_curvature(joint: Joint, flat: Flat) -> Flat:
    """Diagonal of the Hessian of minus the log prior, in unconstrained coordinates."""
    unobserved = handlers.block(joint.structure.function, hide_fn=lambda site: site.get("is_observed", False))
    observations = joint.observations

    def prior(point: Flat) -> Float[Array, ""]:  # a model may choose its coordinates by the data
        return potential_energy(unobserved, (observations.system, observations), {}, joint.structure.unravel(point))

    def entry(axis: Array) -> Float[Array, ""]:
        unit = jnp.zeros_like(flat).at[axis].set(1.0)
        return jax.jvp(jax.grad(prior), (flat,), (unit,))[1][axis]

    return jax.lax.map(entry, jnp.arange(flat.size), batch_size=64)


@jax.jit
def reward_slopes(joint: Joint, flat: Flat) -> Float[Array, "num_stimuli num_patterns num_dimensions"] | None:
    """How the model's reward moves with its latent variables, before any data; None: it is no site of its own."""

    def reward(at: Flat) -> Array | None:
        conditioned = handlers.substitute(joint.structure.function, data=joint.constrain(at))
        sites = handlers.trace(conditioned).get_trace(joint.observations.system, None)
        return sites["reward"]["value"] if "reward" in sites else None

    slopes: Array | None = jax.jacfwd(reward)(flat)
    return slopes


@jax.jit
def summaries(joint: Joint, flat: Flat) -> dict[str, Array]:
    """Latent variables and the model's own summaries of the reward, by site name."""
    latents, sites = joint.sites(flat)
    own = {name: site["value"] for name, site in sites.items() if site["type"] == "deterministic"}
    hidden = joint.observations.system.reward_sites
    return {name: value for name, value in (dict(latents) | own).items() if name not in hidden and shown(name)}


@jax.jit
def explain(joint: Joint, flat: Flat) -> dict[str, dict[str, Array]]:
    """Reward and log prior of one draw; per observed site log likelihood and that of outcomes, row by row."""
    _, sites = joint.sites(flat)
    system = joint.observations.system
    sampled = {name: site for name, site in sites.items() if site["type"] == "sample"}
    observed = {name: site for name, site in sampled.items() if site["is_observed"]}
    latent = {name: site for name, site in sampled.items() if not site["is_observed"]}
    return {
        "reward": system.reward_variables(
            {name: sites[name]["value"] for name in system.reward_sites if name in sites}
        ),
        "log_prior": {name: site["fn"].log_prob(site["value"]).sum() for name, site in latent.items()},
        "log_likelihood": {name: site["fn"].log_prob(site["value"]) for name, site in observed.items()},
        "log_probs": {name: site["fn"].log_probs for name, site in observed.items()},
    }


@partial(jax.jit, static_argnames="num_draws", compiler_options={"xla_backend_optimization_level": 0})  # it runs once
def from_prior(joint: Joint, key: Array, num_draws: int) -> dict[str, Array]:
    """Latent and deterministic sites drawn from the prior, `[num_draws, ...]`."""

    def draw(each: Array) -> dict[str, Array]:
        seeded = handlers.seed(joint.structure.function, each)
        trace = handlers.trace(seeded).get_trace(joint.observations.system, None)
        return {name: site["value"] for name, site in trace.items() if _kept(site)}

    return jax.vmap(draw)(jax.random.split(key, num_draws))


@partial(jax.jit, static_argnames="num_draws", compiler_options={"xla_backend_optimization_level": 0})  # it runs once
def starts_from_prior(joint: Joint, key: Array, num_draws: int) -> Float[Array, "num_draws num_dimensions"]:
    """Unconstrained latent variables drawn from the prior."""

    def draw(each: Array) -> Flat:
        seeded = handlers.seed(joint.structure.function, each)
        sites = handlers.trace(seeded).get_trace(joint.observations.system, None)
        free = [
            biject_to(sites[name]["fn"].support).inv(sites[name]["value"]) for name in sorted(joint.structure.shapes)
        ]
        return jnp.concatenate([jnp.ravel(each) for each in free])

    return jax.vmap(draw)(jax.random.split(key, num_draws))


def shown(name: str) -> bool:
    """Sites whose names begin with an underscore are coordinates that the sampler walks in, and nobody's result."""
    return not name.startswith("_")


def _kept(site: Mapping[str, Any]) -> bool:
    if not shown(site["name"]) or not isinstance(site["value"], jax.Array):  # a population's value is a tree
        return False
    return site["type"] == "deterministic" or (site["type"] == "sample" and not site["is_observed"])
