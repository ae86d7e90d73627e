"""A fingerprint of what was observed."""

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Hashed:
    """Counts that can be told apart by a hash."""

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
