"""A disk that fills up, for real: shared by several tests."""

import resource
from contextlib import contextmanager


@contextmanager
def room_for(num_bytes):
    """No file may grow beyond this: writes fail as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
