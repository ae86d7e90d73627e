"""Trials as NumPy archives: arrays, and their axes and attributes as text. Reading them never runs code."""

import json
import os

import numpy as np
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.io.archive import npz_path, read_archive, write_archive

_META = "axes"
_NEEDED = ("taken", "num_steps", "choice", "answered", "correct")


def save_trials(trials: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write trials to an .npz archive, all of it or nothing: an older file is replaced only at the end.

    Args:
        trials: From `agents.run`.
        path: Where, ending in .npz.

    Raises:
        InputError: If the file cannot be written there, or an attribute is no plain data.

    >>> save_trials(bi.run(agent, 4, key=key), "trials.npz")
    """
    axes = {name: [*map(str, variable.dims)] for name, variable in trials.variables.items()}
    about = {"axes": axes, "coordinates": [*map(str, trials.coords)], "attributes": trials.attrs}
    described = {str(name): variable.attrs for name, variable in trials.variables.items() if variable.attrs}
    arrays = {str(name): np.asarray(variable.values) for name, variable in trials.variables.items()}
    text = json.dumps(about | {"variables": described}, default=_plain)
    write_archive(npz_path(path), {_META: np.array(text), **arrays})


def load_trials(path: str | os.PathLike[str]) -> xr.Dataset:
    """Read trials from an .npz archive. Code in a file (pickled objects) is never run.

    Args:
        path: A file that `save_trials` wrote.

    Returns:
        Trials, as `bayes_irl.trial_layout` describes them.

    Raises:
        InputError: If the file is missing, damaged or of another kind.

    >>> save_trials(bi.run(agent, 4, key=key), "trials.npz")
    >>> load_trials("trials.npz").sizes["trial"]
    4
    """
    arrays = read_archive(npz_path(path))
    try:
        about = json.loads(str(arrays.pop(_META)))
        named = {name: (about["axes"][name], array) for name, array in arrays.items()}
        trials = xr.Dataset(named).set_coords(about["coordinates"]).assign_attrs(about["attributes"])
        units = {name: {"units": unit} for name, unit in about.get("units", {}).items()}  # all that older files have
        for name, attributes in about.get("variables", units).items():
            trials[name].attrs.update(attributes)
    except Exception as error:  # a file of another kind lacks the text, or its axes do not fit its arrays
        raise InputError.of("path", "trials written by bayes_irl", f"{path} ({error})") from error
    missing = [name for name in _NEEDED if name not in trials]
    if missing:
        raise InputError.of("path", "trials written by bayes_irl", f"{path} without {missing}")
    return trials


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise InputError.of("trials", "attributes of numbers and words", type(value).__name__)
