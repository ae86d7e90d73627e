"""What has to be the same for two fits to be the same."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version

import jax
import numpy as np
from jaxtyping import Array

from bayes_irl._checks import InputError
from bayes_irl.generative import Model
from bayes_irl.inference.stored import stored_world
from bayes_irl.inference.tree import data_hash
from bayes_irl.systems.offers.offer_table import Chosen
from bayes_irl.systems.session import Data

VERSIONS = ("bayes_irl", "jax", "jaxlib", "numpy", "numpyro", "scipy")  # a new one may draw other numbers


def fingerprint(model: Model, data: Data | Chosen, method: object, key: Array) -> dict[str, str]:
    """Name everything that decides which draws a fit makes: whoever has all of it equal, has equal draws.

    Raises:
        InputError: if the model's source is not known.
    """
    if not model.source:
        raise InputError.of("model", "one that load_model read from a file", model.name, "Checkpoints know it by that.")
    return {
        "model": _digest([model.source]),
        "data": data_hash(data),
        "circuit or baseline": _digest(_world(data)),
        "method": repr(method),
        "key": _digest([str(jax.random.key_impl(key)), jax.random.key_data(key)]),
        "precision": str(jax.numpy.zeros(()).dtype),
        "versions": ", ".join(f"{name} {version(name)}" for name in VERSIONS),
    }


def _world(data: Data | Chosen) -> Iterable[object]:
    """T, p and lesions of every session, with their labels; or a maze's walls; or whose sessions they are."""
    for name, group in stored_world(data).items():
        yield name
        for each, variable in sorted(group.variables.items(), key=lambda item: str(item[0])):
            if not str(each).startswith("mean_"):  # that follows from the data
                yield from (str(each), variable.values)


def _digest(parts: Iterable[object]) -> str:
    """A hash of texts and arrays."""
    digest = hashlib.sha256()
    for part in parts:
        array = np.asarray(part)
        text = array.dtype.kind in "OUT"
        digest.update(f"{'text' if text else array.dtype} {array.shape}".encode())
        digest.update(str(array.tolist()).encode() if text else array.tobytes())
    return digest.hexdigest()
