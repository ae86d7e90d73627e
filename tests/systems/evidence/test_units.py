"""The unit of strength, and where the search for a mode starts, do not change what is inferred about evidence."""

import jax
import numpy as np
import pytest
from numpyro import handlers

import bayes_irl as bi
from bayes_irl.inference.mode import find_mode
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.systems.base import observe

MODELS = ("perceptual_decision", "wager", "reaction_time", "reaction_time_discount")


@pytest.mark.parametrize("model", MODELS)
def test_priors_do_not_depend_on_the_unit_of_strength(model):
    """Evidence drifts with κ s: in percent, κ is a hundredth."""

    def drift(unit):
        evidence = bi.Evidence.from_arrays(np.array([0.1, -0.1, 0.4]) * unit, 1.0)
        trace = handlers.trace(handlers.seed(bi.load_model(model).function, jax.random.key(0))).get_trace(evidence)
        return trace["sensitivity"]["value"] * unit

    np.testing.assert_allclose(drift(1.0), drift(100.0), rtol=1e-12)


def test_answers_in_percent_have_the_same_mode():
    rng = np.random.default_rng(0)
    strength = rng.choice([0.05, 0.2], 300) * rng.choice([-1, 1], 300)
    answers = (strength + 0.2 * rng.normal(size=300) > 0).astype(int)

    def mode(unit):
        found = find_mode(posterior("perceptual_decision", strength * unit, 0.5, answers)[0], Progress(False))
        return found.potential, found.position

    (one, here), (percent, there) = mode(1.0), mode(100.0)
    assert one == pytest.approx(percent, abs=1e-6)
    assert np.sort(here - there)[[0, 1, 2, 3]] == pytest.approx([0, 0, 0, np.log(100)], abs=1e-3)


def posterior(model, strength, limit, *answers):
    evidence = bi.Evidence.from_arrays(strength, limit)
    recorded = bi.Answers.from_arrays(*answers)
    return Posterior(bi.load_model(model), observe(evidence, recorded)), evidence
