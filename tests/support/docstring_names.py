"""Names that examples in docstrings use without defining them: fits, the recording behind them, an agent, trials.

A plugin of pytest. Names stand in docstrings as they stand in a user's script: `posterior`, `recording`, `trials`. The
package is imported when it is first asked for: array types are checked only in what is imported after pytest has begun.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np
import pytest
import synthetic_trials
import xarray as xr

jax.config.update("jax_enable_x64", True)  # as in tests/conftest.py, which examples do without when they run alone

STORED = Path(__file__).resolve().parents[1] / "stored"  # made by its make.py


def package() -> Any:
    """bayes_irl."""
    return import_module("bayes_irl")


@cache
def stored(name: str) -> xr.DataTree:
    """A fit of stored/make.py."""
    return import_module("bayes_irl.io.netcdf").load_tree(STORED / f"{name}.nc")


def circuit() -> Any:
    """The neurons of the stored fits."""
    return package().Circuit(3, package().Stimulus.switching(0.1))


def reward() -> Any:
    """What they are paid for."""
    return package().rewards.from_spike_count(circuit(), target={0: 1, 1: 2})


def trials(module: str) -> xr.Dataset:
    """Trials of the task that a function is about."""
    motion = synthetic_trials.motion(800, reaction_time=True)
    if module == "activity" or module == "selectivity":
        drive = (motion["motion"].values > 0)[:, None] * np.array([[0.6, 0.0]]) + 0.2
        return synthetic_trials.with_rates(motion, drive)
    if module == "predicted_return":
        return synthetic_trials.with_values(motion)
    kinds: dict[str, Callable[..., xr.Dataset]] = {
        "accuracy": synthetic_trials.memory,
        "indifference": synthetic_trials.juices,
        "multisensory": synthetic_trials.senses,
        "sure_bet": synthetic_trials.wager,
        "viewing_time": synthetic_trials.viewing,
    }
    return kinds[module](2000) if module in kinds else motion


def histories() -> list[xr.Dataset]:
    """Two trainings, one of which ended sooner."""
    history = package().load_agent(STORED / "agent").history
    return [history, history.isel(validation=[0])]


def gradients() -> xr.Dataset:
    """Gradients of a policy whose optimum is known."""
    policy = import_module("softmax_policy").optimal(np.random.default_rng(0))
    return policy.record(np.random.default_rng(1))


# The fit that functions of a module are about, if it is not that of a circuit.
FITS = {
    "choice_shares": "choices",
    "contexts": "contexts",
    "predicted_answers": "decisions",
    "relative_values": "choices",
    "reward_weights": "population",
}

NAMES: dict[str, Callable[[str], Any]] = {
    "bi": lambda _: package(),
    "jax": lambda _: jax,
    "jnp": lambda _: jax.numpy,
    "np": lambda _: np,
    "analysis": lambda _: package().analysis,
    "key": lambda _: jax.random.key(0),
    "circuit": lambda _: circuit(),
    "reward": lambda _: reward(),
    "network": lambda _: package().optimize(circuit(), reward(), 1.0, 0.4),
    "recording": lambda _: package().load_recording(STORED / "recording.npz"),
    "model": lambda _: package().load_model("spike_count"),
    "posterior": lambda module: stored(FITS.get(module, "spike_count")).copy(deep=True),
    "other": lambda _: stored("pairwise").copy(deep=True),
    "drifted": lambda _: stored("drift"),
    "trials": trials,
    "offers": lambda _: package().Offers.from_arrays([1, 2, 0], [1, 1, 1], session=["mon", "mon", "tue"]),
    "evidence": lambda _: package().Evidence.from_arrays([-0.5, 0.5], 1.0),
    "folder": lambda _: STORED / "agent",
    "agent": lambda _: package().load_agent(STORED / "agent"),
    "histories": lambda _: histories(),
    "gradients": lambda _: gradients(),
}


@pytest.fixture(autouse=True)
def names_in_docstrings(
    request: pytest.FixtureRequest,
    doctest_namespace: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """Give an example what it names, and a folder of its own."""
    if not isinstance(request.node, pytest.DoctestItem):
        yield
        return
    test = request.node.dtest
    assert test is not None
    source = " ".join(example.source for example in test.examples)
    module = str(test.filename).removesuffix(".py").rsplit("/", 1)[-1]
    for name, make in NAMES.items():
        if re.search(rf"(?<![.\w]){name}\b", source) and name not in test.globs:
            doctest_namespace[name] = test.globs[name] = make(module)
    monkeypatch.chdir(tmp_path_factory.mktemp("example"))
    yield
    plt.close("all")
