"""What posterior predictive checks need of a system: statistics of a recording, and of replicas of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Int, PRNGKeyArray

MAX_UPDATES = 200_000  # of a replica; beyond, it is shorter than the recording and its bands are too wide


@dataclass(frozen=True)
class StoredRecording:
    """What a tree keeps of one recording.

    Attributes:
        kind: What was observed: "updates", "snapshots", "transitions", "moves", "choices" or "answers".
        table: How often each outcome came up; None where outcomes cannot be listed.
        columns: What each row of the table belongs to, by name.
        weights: How often each state was observed `[num_stimuli, num_patterns]`; None where there is no such table.
        system: The tree's group `system`, of this recording.
    """

    kind: str
    table: Any
    columns: Mapping[str, np.ndarray]
    weights: Any
    system: xr.Dataset


@dataclass(frozen=True)
class Replicating:
    """Statistics of what was recorded, and how to draw a recording that can be compared with it.

    Attributes:
        recorded: Each statistic by name, labelled.
        meanings: What each of them is, in words that begin a sentence.
        replicate: The same statistics of a recording drawn from an optimum.
        note: What to know about replicas, such as that they are shorter.
        skipped: What could not be compared, and why.
        num_replicas: How many recordings to draw.
    """

    recorded: dict[str, xr.DataArray]
    meanings: Mapping[str, str]
    replicate: Callable[[Any, PRNGKeyArray], dict[str, np.ndarray]]
    note: str = ""
    skipped: str = ""
    num_replicas: int = 100


@dataclass(frozen=True)
class RankedOutcomes:
    """Outcomes that have an order: what a probability integral transform needs.

    Attributes:
        ranks: Of every outcome of a row, from 0 on; outcomes of one rank are taken together.
        shares: From an optimum, P(rank) in every row `[num_rows, num_ranks]`; None: there are two outcomes, so that
            the probability of the one that was observed says all.
    """

    ranks: Int[np.ndarray, " num_outcomes"]
    shares: Callable[[Any], Float[np.ndarray | Array, "num_rows num_ranks"]] | None = None


def length_of_replicas(total: float, updates_each: int = 1) -> tuple[int, str]:
    """How long replicas of a recording are, and a note where that is shorter than the recording.

    >>> length_of_replicas(1000.0)
    (1000, '')
    """
    length = int(min(total, MAX_UPDATES // updates_each))
    if length == total:
        return length, ""
    return length, f"Replicas are {length:,} long, the recording {int(total):,}: their bands are too wide."
