"""Check the arguments of `infer` before anything is traced."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._keys import as_key
from bayes_irl.generative import Model, as_model
from bayes_irl.inference.methods.laplace import Laplace
from bayes_irl.inference.methods.method import Method
from bayes_irl.inference.methods.nuts import Nuts
from bayes_irl.inference.methods.sandwich import Sandwich
from bayes_irl.inference.methods.svi import Svi
from bayes_irl.systems import System

METHODS = {each.__name__.lower(): each for each in (Nuts, Laplace, Svi, Sandwich)}


@dataclass(frozen=True)
class Request:
    """The checked arguments of a fit.

    Attributes:
        model: The claim.
        system: The recorded system, or a list.
        recording: The recording as given, or a list.
        method: The method.
        key: A JAX random key.
        folder: Folder of the checkpoint; None: no checkpoint.
    """

    model: Model
    system: System | Sequence[System]
    recording: Any
    method: Method
    key: PRNGKeyArray
    folder: Path | None


def checked(
    model: Any, system: Any, recording: Any, method: Any, key: Any, checkpoint: str | os.PathLike[str] | None
) -> Request:
    """Check every argument of `infer`.

    Raises:
        InputError: If an argument cannot be used. The message names the argument, what was expected, what was given,
            and what to do.
    """
    if isinstance(model, System) or isinstance(recording, Model):
        raise InputError.of("model", "a model first, then its system", repr(model), "infer(model, system, recording)")
    systems = _each_system(system)
    if isinstance(recording, System):
        raise InputError.of("recording", "what was recorded", str(recording), "infer(model, system, recording)")
    folder = None if checkpoint is None else Path(checkpoint)
    claim, chosen = as_model(model), _method(method, systems[0]) if systems else Nuts()
    return Request(claim, system, recording, chosen, as_key(key), folder)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _each_system(system: Any) -> Sequence[System]:
    systems = list(system) if _is_list(system) else [system]
    for each in systems:
        if not isinstance(each, System):
            advice = "Make one: Circuit(8, stimulus)."
            raise InputError.of(
                "system", "a Circuit, Population, Maze, Decisions, Offers or Evidence", repr(each), advice
            )
    return systems


def _method(method: Any, system: System) -> Method:
    names = ", ".join(each.__name__ for each in METHODS.values())
    wanted = Sandwich() if system.by_scores else Nuts()
    chosen = wanted if method is None else method
    if isinstance(chosen, str):
        if chosen.lower() not in METHODS:
            raise InputError.of("method", f"one of {names}", repr(method))
        chosen = METHODS[chosen.lower()]()
    if isinstance(chosen, type):
        raise InputError.of("method", "an instance, such as Nuts()", f"the class {chosen.__name__}", "Add ().")
    if not isinstance(chosen, Method):
        raise InputError.of("method", f"one of {names}", repr(method))
    if chosen.by_scores != system.by_scores:
        why = "Its objective is no likelihood." if system.by_scores else "Its likelihood is exact."
        raise InputError.of("method", f"{type(wanted).__name__}() or its like, for a {system.kind}", repr(chosen), why)
    return chosen
