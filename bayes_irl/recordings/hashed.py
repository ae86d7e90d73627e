"""A hash of the observations, and the kind of counts without them."""

import hashlib
from dataclasses import MISSING, Field, dataclass, fields, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

Kind = TypeVar("Kind", bound="Hashed")

INCIDENTAL = frozenset({"num_bins", "every"})  # numbers that no likelihood depends on beside the counts
_EMPTY: dict[tuple, Any] = {}


@dataclass(frozen=True, eq=False)
class Hashed:
    """Counts with a hash."""

    @cached_property
    def data_hash(self) -> str:
        """SHA-256 over the kind of reduction and its counts: what was observed, not how it is explained.

        So transitions read at different update rates have equal hashes, and may be compared.
        """
        digest = hashlib.sha256(type(self).__name__.encode())
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray) and value.dtype.kind in "iu":
                digest.update(f"{field.name} {value.shape}".encode())
                digest.update(value.tobytes() if value.dtype == np.uint8 else value.astype("<i8").tobytes())
        return digest.hexdigest()

    def emptied(self: Kind) -> Kind:
        """How it was counted, without the counts: one and the same object for all recordings counted alike."""
        left = {field.name: self._without_counts(field) for field in fields(self)}
        key = (type(self), *(_told(name, value) for name, value in left.items()))
        return _EMPTY.setdefault(key, replace(self, **left))

    def _without_counts(self, field: Field) -> Any:
        value = getattr(self, field.name)
        if field.name in INCIDENTAL:
            return 0
        if isinstance(value, np.ndarray):
            return value[:0]
        if isinstance(value, Hashed):
            return value.emptied()
        told = value is None or isinstance(value, bool | int | float | str) or field.default is MISSING
        return value if told else field.default


def _told(name: str, value: Any) -> tuple:
    return (name, value.dtype, value.shape) if isinstance(value, np.ndarray) else (name, type(value), value)
