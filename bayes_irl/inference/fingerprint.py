"""Recognise that two fits are the same."""

import hashlib
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from importlib.metadata import version

import jax
import numpy as np
from jaxtyping import Array

from bayes_irl._checks import InputError
from bayes_irl.generative import Model
from bayes_irl.systems import Observations

VERSIONS = ("bayes_irl", "jax", "jaxlib", "numpy", "numpyro", "scipy")  # a new one may draw other numbers


def fingerprint(model: Model, observations: Observations, method: object, key: Array) -> dict[str, str]:
    """Everything that determines a fit's draws: if it is equal for two fits, so are their draws.

    Raises:
        InputError: If the model's source is not known.
    """
    if not model.source:
        raise InputError.of("model", "one that load_model read from a file", model.name, "Checkpoints know it by that.")
    return {
        "model": _digest([model.source]),
        "data": observations.data_hash,
        "system or baseline": _digest(_systems(observations)),
        "method": _settings(method),
        "key": _digest([str(jax.random.key_impl(key)), jax.random.key_data(key)]),
        "precision": str(jax.numpy.zeros(()).dtype),
        "versions": ", ".join(f"{name} {version(name)}" for name in VERSIONS),
    }


def _settings(method: object) -> str:
    """A method with its settings; a NumPy number is the number."""
    if not is_dataclass(method) or isinstance(method, type):
        return repr(method)
    plain = {each.name: getattr(method, each.name) for each in fields(method) if each.repr}
    numbers = {name: value.item() if isinstance(value, np.generic) else value for name, value in plain.items()}
    return f"{type(method).__qualname__}({', '.join(f'{name}={value!r}' for name, value in numbers.items())})"


def _systems(observations: Observations) -> Iterable[object]:
    """What trees keep of every session's system, and p."""
    for session in observations.sessions:
        stored = session.system.store()
        yield stored.attrs["kind"]
        for name, variable in sorted(stored.variables.items(), key=lambda item: str(item[0])):
            yield from (str(name), variable.values)
        yield from ("baseline", "none" if session.baseline is None else session.baseline)


def _digest(parts: Iterable[object]) -> str:
    """A hash of texts and arrays."""
    digest = hashlib.sha256()
    for part in parts:
        array = np.asarray(part)
        text = array.dtype.kind in "OUT"
        digest.update(f"{'text' if text else array.dtype} {array.shape}".encode())
        digest.update(str(array.tolist()).encode() if text else array.tobytes())
    return digest.hexdigest()
