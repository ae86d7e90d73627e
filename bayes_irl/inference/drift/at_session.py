"""The fit of one session of a drift, for functions of fits."""

from typing import Any

import xarray as xr

from bayes_irl._checks import InputError, one_of
from bayes_irl.inference.fit import Fit


def at_session(tree: xr.DataTree, session: Any) -> xr.DataTree:
    """The fit of one session of a drift, as `adapt` and others expect it.

    Args:
        tree: The tree that `drift` returned, for neurons.
        session: The session's name in the tree, or its number.

    Returns:
        A tree with that session's parameters and rewards, its population and its recorded means. Its gate is that of
        the drift.

    Raises:
        InputError: If this is no drift of neurons, or has no such session.

    >>> monday = at_session(drifted, 0)
    >>> bi.recorded(monday).num_neurons  # bi.adapt(monday, bi.recorded(monday).silence(0)) predicts that lesion
    3
    """
    fit = Fit(tree)
    if not fit.has("value"):
        raise InputError.of("tree", "a drift of a Population or a Circuit", "another tree", "Pass what drift returned.")
    names = [str(name) for name in fit.posterior["session"].values]
    at = names.index(one_of("session", str(session), names))
    groups = {
        "posterior": fit.posterior.isel(session=at),
        "patterns": fit.group("patterns"),
        "reward": fit.group("value").isel(session=at),
        "reward_at_mode": fit.group("value_at_mode").isel(session=at),
        "system": fit.group("sessions").isel(recording=[at]),
        "gate": fit.group("gate"),
    }
    found = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})
    found.attrs |= tree.attrs | {"session": names[at]}
    return found
