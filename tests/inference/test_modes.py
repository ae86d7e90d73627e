"""Posteriors with several modes: the best is found, and where another holds a share of the mass, the gate says so."""

from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import logsumexp
from jax.scipy.stats import norm

import bayes_irl as bi
from bayes_irl.inference import mode as mode_module
from bayes_irl.inference.methods.importance import one_mode_check
from bayes_irl.inference.mode import find_mode
from bayes_irl.inference.progress import Progress

QUIET = Progress(False)


class TwoNormals:
    """A mixture of two Normals of one width, at −4 and 4 along the first axis."""

    def __init__(self, log_share, *starts):
        self.log_shares = jnp.array([np.log1p(-np.exp(log_share)), log_share])
        self.starts = np.array([[start, 0.3] for start in starts], float)
        self.num_dimensions = 2

    def potential(self, flat):
        along = norm.logpdf(flat[0], jnp.array([-4.0, 4.0]))
        return -logsumexp(along + self.log_shares) - norm.logpdf(flat[1])

    def prior_curvature(self, flat):
        return jnp.ones(2)

    @cached_property
    def value_and_grad(self):
        return jax.jit(jax.value_and_grad(self.potential))


def passes(target, method, name="other modes"):
    checks = method.run(target, jax.random.key(0), QUIET).checks
    return next(check.passed for check in checks if check.name == name)


@pytest.mark.parametrize("starts", [(-3.0, 3.0), (3.0, -3.0)])
def test_the_best_of_several_ends_is_the_mode(starts):
    """One of them holds 90 % of the mass: it is the mode, from whichever start, and the other is ln 9 nats below."""
    mode = find_mode(TwoNormals(np.log(0.1), *starts), QUIET)
    np.testing.assert_allclose(mode.position, [-4.0, 0.0], atol=1e-4)
    np.testing.assert_allclose(np.ptp(mode.end_potentials), np.log(9), atol=1e-3)
    np.testing.assert_allclose(np.abs(mode.rivals[:, 0]), [8.0], atol=1e-2)


def test_a_mode_that_holds_a_share_fails_the_gate_of_an_approximation():
    assert not passes(TwoNormals(np.log(0.1), -3.0, 3.0), bi.Laplace(100))
    assert passes(TwoNormals(np.log(1e-4), -3.0, 3.0), bi.Laplace(100))  # of the mass, 1e-4 is missed
    assert passes(TwoNormals(np.log(0.1), -3.0, -5.0), bi.Laplace(100))  # both starts lead to one mode
    assert one_mode_check(find_mode(TwoNormals(np.log(0.1), -3.0), QUIET)) == ()


def test_chains_begin_at_every_mode():
    """They stay where they began: it is for R-hat to say so, which compares them."""
    short = bi.Nuts(num_chains=2, num_draws=50, num_warmup=50)
    draws = short.run(TwoNormals(np.log(0.1), -3.0, 3.0), jax.random.key(0), QUIET)
    assert np.sign(draws.positions[..., 0].mean(axis=1)).tolist() == [-1, 1]
    assert not passes(TwoNormals(np.log(0.1), -3.0, 3.0), bi.Nuts(num_chains=1, num_draws=50, num_warmup=50))


class OnlyNames(TwoNormals):
    """Both modes predict the same, or the second one something else by so many times what draws differ by."""

    def __init__(self, apart, *starts):
        super().__init__(np.log(0.1), *starts)
        self.apart = apart

    def predictions(self, flat):
        return jnp.abs(flat[:1]) + jnp.where(flat[0] > 0, self.apart, 0.0)


def test_modes_that_differ_in_names_alone_are_one():
    assert passes(OnlyNames(0.0, -3.0, 3.0), bi.Laplace(100))
    assert not passes(OnlyNames(3.0, -3.0, 3.0), bi.Laplace(100))
    mode = find_mode(OnlyNames(0.0, -3.0, 3.0), QUIET)
    np.testing.assert_allclose(mode.ends, [mode.position, mode.position])
    np.testing.assert_allclose(np.ptp(mode.end_potentials), np.log(9), atol=1e-3)


class Flat(TwoNormals):
    """The same everywhere."""

    def potential(self, flat):
        return 0.0 * flat.sum()


def test_no_curvature_at_all_fails_the_gate():
    """Coordinates cannot be whitened by it: NumPy would raise an error that names nothing of what a user gave."""
    mode = find_mode(Flat(np.log(0.5), 0.0), QUIET)
    assert not mode.found and mode.rivals.shape == (0, 2)
    assert not passes(Flat(np.log(0.5), 0.0), bi.Laplace(100), "distance from the mode (nats)")


class ManyNormals:
    """A Normal in more dimensions than a whole Hessian is computed for; its gradient is NaN where it is told so."""

    num_dimensions = mode_module.MOST_DENSE + 1

    def __init__(self, is_nan):
        self.is_nan = is_nan
        self.starts = np.zeros((1, self.num_dimensions))

    def potential(self, flat):
        return 0.5 * flat @ flat

    def prior_curvature(self, flat):
        return jnp.ones(self.num_dimensions)

    def value_and_grad(self, flat):
        slope = jnp.where(self.is_nan(flat), jnp.nan, flat)
        return self.potential(flat), slope


@pytest.mark.parametrize("precision", [jnp.float64, jnp.float32], ids=["float64", "float32"])
@pytest.mark.parametrize(
    "is_nan", [lambda flat: jnp.abs(flat).max() > 0, lambda flat: flat[0] > 1e-6], ids=["all", "some"]
)
def test_no_curvature_in_many_dimensions_fails_the_gate(is_nan, precision):
    """Lanczos would go on with NaN, or raise an error of ARPACK's."""
    target = ManyNormals(is_nan)
    target.starts = np.zeros((1, target.num_dimensions), precision)
    mode = find_mode(target, QUIET)
    assert not mode.found and np.isfinite(mode.locate_all(np.ones((2, target.num_dimensions)))).all()
    assert not passes(target, bi.Laplace(100), "distance from the mode (nats)")


def test_a_flat_density_in_many_dimensions_fails_the_gate():
    target = ManyNormals(lambda flat: False)
    target.value_and_grad = lambda flat: (0.0 * flat.sum(), 0.0 * flat)
    assert not find_mode(target, QUIET).found


def test_draws_whose_density_is_nan_fail_the_gate():
    """They count as impossible, and their share of the posterior would be left out without a word."""

    class Broken(TwoNormals):
        def potential(self, flat):
            return jnp.where(jnp.abs(flat[1]) > 1.5, jnp.nan, 0.5 * flat @ flat)  # 13 % of a Normal

    assert not passes(Broken(np.log(0.5), 0.0), bi.Laplace(500), "draws without a density")
    sound = bi.Laplace(500).run(TwoNormals(np.log(1e-4), -3.0), jax.random.key(0), QUIET)
    assert "draws without a density" not in [check.name for check in sound.checks]
