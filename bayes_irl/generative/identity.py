"""Recognise that two functions are the same model, so that code compiled for one is reused for the other."""

from collections.abc import Hashable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

import jax
import numpy as np

PLAIN = (type(None), bool, int, float, complex, str, bytes)


class Itself:
    """An object that is equal only to itself. It is kept alive."""

    def __init__(self, value: object):
        self.value = value

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same object."""
        return isinstance(other, Itself) and self.value is other.value

    def __hash__(self) -> int:
        """The object's address in memory."""
        return id(self.value)


def identity(function: Any) -> Hashable:
    """A key that is equal for functions that do the same, for instance when a model file is loaded twice.

    The key holds the code, its defaults, and every global and enclosed variable that the code names. Numbers, texts,
    arrays and functions of the same file are compared by content; modules are equal until they are reloaded. A function
    that uses anything else that can change is equal only to itself.

    >>> identity(lambda x: x + 1) == identity(lambda x: x + 2)
    False
    """
    return _identity(function, frozenset())


def _identity(function: Any, seen: frozenset[int]) -> Hashable:
    if not isinstance(function, FunctionType) or id(function) in seen:
        return Itself(function)
    inside = seen | {id(function)}
    used = [function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__]
    enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return (function.__code__, *(_content(value, inside) for value in (*used, *enclosed, *defaults)))


def _content(value: Any, seen: frozenset[int]) -> Hashable:
    """A key that is equal for values with the same content."""
    if isinstance(value, PLAIN):
        return type(value), repr(value)
    if isinstance(value, tuple | frozenset):
        return type(value), tuple(_content(each, seen) for each in value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, ModuleType):
        return Itself(value.__spec__)  # a reloaded module has another one
    if isinstance(value, FunctionType):
        own = id(value) in seen
        return value.__code__ if own else _identity(value, seen)
    if isinstance(value, type | jax.Array):
        return Itself(value)
    return Itself(object())


def _names(code: CodeType) -> Iterator[str]:
    """Names that code and the functions within it look up, each in the order of its use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
