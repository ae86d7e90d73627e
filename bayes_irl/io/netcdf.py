"""Fits and predictions as netCDF files: what ArviZ users share, read without running code."""

import io
import os
import tempfile
from pathlib import Path
from typing import Literal

import h5py
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl.io.whole import unwritable, written_whole

_ENGINE: Literal["h5netcdf"] = "h5netcdf"


def save_tree(tree: xr.DataTree, path: str | os.PathLike[str]) -> None:
    """Write a tree, all of it or nothing: an older file is replaced only at the end.

    Args:
        tree: From `infer` or `adapt`.
        path: Where, usually ending in .nc.

    Raises:
        InputError: If the file cannot be written there.
    """
    check_writable(path)
    content = io.BytesIO()  # HDF5 crashes the process where a disk is full, and so does the buffer that xarray returns
    tree.to_netcdf(content, engine=_ENGINE)
    with written_whole(Path(path)) as partial:
        partial.write_bytes(content.getvalue())


def load_tree(path: str | os.PathLike[str]) -> xr.DataTree:
    """Read a tree into memory and close its file. Nothing in the file is ever run.

    Args:
        path: A file written by `save_tree`, or by ArviZ.

    Raises:
        InputError: If the file is missing, damaged or of another kind.
    """
    if not Path(path).is_file():
        raise InputError.of("path", "an existing file", path)
    try:
        with h5py.File(path, "r") as file:  # before h5netcdf, whose destructor prints a traceback if this fails
            file.attrs.get("_nc3_strict")
        with xr.open_datatree(path, engine=_ENGINE) as tree:
            for node in tree.subtree:
                for variable in node.variables.values():  # DataTree.load forgets those named like a group
                    variable.load()
            return tree
    except Exception as error:  # a damaged file fails in any of a dozen ways, in HDF5, h5netcdf or xarray
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise InputError.of("path", "a netCDF file written by bayes_irl", f"{path} ({reason})") from error


def check_writable(path: str | os.PathLike[str]) -> None:
    """Make sure, before long work starts, that its result can be written; nothing is left behind.

    Raises:
        InputError: If the folder is missing or may not be written to, or `path` is a folder or read-only.
    """
    target = Path(path)
    folder = target.parent
    try:
        os.lstat(target)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:  # its name is too long
        raise unwritable(path, error) from error
    if target.is_dir():
        raise InputError.of("path", "a file that can be written", f"the folder {path}")
    if not folder.is_dir():
        raise InputError.of("path", "a file in a folder that exists", path, f"Make the folder {folder} first.")
    if target.exists() and not os.access(target, os.W_OK):
        raise InputError.of("path", "a file that can be written", f"{path}, which is read-only")
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise unwritable(path, error) from error
