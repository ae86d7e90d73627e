"""Statistics of a walk that checks compare: where the agent was, and how it moved from there."""

import numpy as np
import xarray as xr
from jaxtyping import Float, Int, PRNGKeyArray

from bayes_irl.systems.decisions.walk import draw_walk
from bayes_irl.systems.decisions.walker import Walker
from bayes_irl.systems.replicating import Replicating, StoredRecording, length_of_replicas

MEANINGS = {"place_share": "shares of time at places", "move_share": "shares of moves at places"}


def walk_statistics(stored: StoredRecording) -> Replicating:
    """Share of time at each visited place, and shares of moves there, of the recording and of walks as long."""
    places = stored.columns["place"]
    length, note = length_of_replicas(float(stored.table.sum()))

    def replicate(walker: Walker, key: PRNGKeyArray) -> dict[str, np.ndarray]:
        return of_moves(draw_walk(walker, key, length).counts().table[places], length)

    labels = {"place": places, "move": stored.system["move"].values.tolist()}
    observed = of_moves(stored.table, int(stored.table.sum()))
    recorded = {
        "place_share": xr.DataArray(observed["place_share"], {"place": places}),
        "move_share": xr.DataArray(observed["move_share"], labels, dims=tuple(labels)),
    }
    skipped = "Places that were never visited in the recording are left out."
    return Replicating(recorded, MEANINGS, replicate, note, skipped)


def of_moves(table: Int[np.ndarray, "num_places num_moves"], num_moves: int) -> dict[str, Float[np.ndarray, "..."]]:
    """Share of time at each place, and of each move there: NaN at a place that was not visited.

    >>> of_moves(np.array([[3, 1], [0, 0]]), 5)["place_share"].tolist()
    [0.8, 0.0]
    """
    visits = table.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {"place_share": visits / num_moves, "move_share": table / visits[:, None]}
