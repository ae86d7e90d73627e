"""ArviZ, NumPyro and bayes_irl may be imported in any order; each order has a Python of its own."""

import ast
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "bayes_irl"
ORDERS = list(permutations(["arviz", "numpyro.distributions", "bayes_irl"]))

# What crashed in every model was the density in unconstrained coordinates, where NumPyro reads
# `numpyro.distributions.distribution`.
EVERY_MODEL = """
import bayes_irl as bi
models = {name: bi.load_model(name) for name in bi.available_models()}

import numpy as np
from jax import random
from numpyro import handlers
from numpyro.infer.util import potential_energy, unconstrain_fn

stimulus = bi.Stimulus.switching(0.1)
circuit = bi.Circuit(2, stimulus)
systems = {
    "circuit": circuit,
    "population": bi.Population(3, stimulus),
    "maze": bi.Maze.from_text("+-+-+\\n|  G|\\n+-+-+"),
    "agent": bi.SwitchingAgent(bi.Decisions([[1, 2], [2, 0], [0, 1]]), 2),
    "offers": bi.Offers.from_arrays([1, 2, 0, 3], [1, 0, 2, 1]),
    "evidence": bi.Evidence.from_arrays([0.1, -0.1], 0.2, sure_offered=[0, 1]),
}
for name, model in models.items():
    system = systems[model.function.__code__.co_varnames[0]]
    sites = handlers.trace(handlers.seed(model.function, random.key(0))).get_trace(system)
    free = {site: found["value"] for site, found in sites.items() if found["type"] == "sample"}
    point = unconstrain_fn(model.function, (system,), {}, free)
    assert np.isfinite(potential_energy(model.function, (system,), {}, point)), name
    print(name)
"""

ONE_FIT = """
import bayes_irl as bi
import jax
from jax import random
jax.config.update("jax_enable_x64", True)
circuit = bi.Circuit(2, bi.Stimulus.switching(0.1))
recording = bi.Recording.from_arrays([[0, 1], [1, 1], [1, 0], [1, 1]], [0, 1, 0, 1], neuron=[0, 0, 1, 1])
fit = bi.infer(bi.load_model("free_form"), circuit, recording, [0.5, 0.5], method=bi.Laplace(100), key=random.key(0))
print(fit.posterior.sizes["draw"])
"""


def printed(code: str) -> list[str]:
    """Lines that a fresh Python prints when it runs this; NumPyro's Beta is free to promote ranks, as for users."""
    env = os.environ | {"JAX_NUMPY_RANK_PROMOTION": "allow"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("order", ORDERS, ids=", ".join)
def test_every_model_has_a_density_after_any_order_of_imports(order):
    names = printed("".join(f"import {module}\n" for module in order) + EVERY_MODEL)
    assert names == sorted(path.stem for path in (ROOT.parent / "models").glob("*.py"))


def test_a_fit_after_arviz():
    assert printed("import arviz" + ONE_FIT) == ["100"]


@pytest.mark.parametrize("submodule", ["numpyro.distributions", "numpyro.infer.util"])
def test_a_package_that_ran_twice_gets_its_attributes_back(submodule):
    """Without bayes_irl they are missing: when this fails, ArviZ or Python is mended, and `_numpyro` may go."""
    first = f"import arviz, {submodule}\nimport numpyro\n"
    ask = "\nprint(hasattr(numpyro.distributions, 'distribution') and hasattr(numpyro.infer, 'util'))"
    assert printed(first + ask) == ["False"]
    assert printed(f"{first}import bayes_irl.generative{ask}") == ["True"]


def imported(path: Path) -> list[str]:
    """Modules that a file imports, those of its top level first; of `from package import name` the full name."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def test_packages_that_use_numpyro_load_it_whole_first():
    files = [path for path in ROOT.rglob("*.py") if any(name.startswith("numpyro") for name in imported(path))]
    users = {path.relative_to(ROOT).parts[0] for path in files} - {"_numpyro.py"}
    assert users >= {"generative", "inference"}
    for user in sorted(users):
        assert imported(ROOT / user / "__init__.py")[:1] == ["bayes_irl._numpyro"], user
