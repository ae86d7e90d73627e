"""Fits come back as they went in; what is no netCDF is refused, and paths are tried beforehand."""

import os
import pickle
import tempfile

import h5py
import jax
import numpy as np
import pytest
import xarray as xr
from disk import room_for

import bayes_irl as bi
from bayes_irl._checks import InputError
from bayes_irl.io.netcdf import check_writable, load_tree, save_tree


@pytest.fixture(scope="module")
def fitted() -> xr.DataTree:
    """A small fit with named stimuli and a silenced neuron."""
    stimulus = bi.Stimulus.switching(0.1)
    circuit = bi.Circuit(3, bi.Stimulus(stimulus.transition, ["left", "right"])).silence(1)
    reward = bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2})
    network = bi.optimize(circuit, reward, coding_cost=1.0, baseline="population")
    recording = bi.simulate(network, 2000, jax.random.key(0))
    with pytest.warns(bi.DataWarning, match="neuron 1 never spiked"):
        return bi.infer(bi.load_model("spike_count"), circuit, recording, method=bi.Laplace(100), key=jax.random.key(1))


def test_a_fit_survives_the_round_trip(fitted, tmp_path):
    path = tmp_path / "posterior.nc"
    save_tree(fitted, path)
    loaded = load_tree(str(path))
    with h5py.File(path, "r+"):  # HDF5 refuses if the file is still open for reading
        pass
    path.unlink()
    assert loaded.identical(fitted)
    assert loaded["system"]["silenced"].values.tolist() == [[False, True, False]]
    for group, variable in (
        ("system", "silenced"),
        ("gate", "passed"),
        ("sample_stats", "importance_weight"),
    ):
        assert loaded[group][variable].dtype == fitted[group][variable].dtype
    assert loaded["posterior"]["table"].sel(stimulus="right").sizes["spike_count"] == 4
    assert bi.verdict(loaded) == bi.verdict(fitted)
    assert bi.recorded(loaded).stimulus.labels == ("left", "right")


def test_what_is_no_fit_is_refused(tmp_path):
    def refused(name, message):
        with pytest.raises(InputError, match=message):
            load_tree(tmp_path / name)

    refused("missing.nc", "an existing file")
    (tmp_path / "folder.nc").mkdir()
    refused("folder.nc", "an existing file")
    (tmp_path / "text.nc").write_text("time,rate\n")
    refused("text.nc", "a netCDF file")
    (tmp_path / "empty.nc").write_bytes(b"")
    refused("empty.nc", "a netCDF file")


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated_files_are_refused(fitted, tmp_path, share):
    path = tmp_path / "posterior.nc"
    save_tree(fitted, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(InputError, match="a netCDF file"):
        load_tree(path)


def test_damaged_files_raise_nothing_but_input_errors(fitted, tmp_path):
    """Nor do they make h5netcdf's destructor complain, which pytest would tell us."""
    path, rng, refused = tmp_path / "posterior.nc", np.random.default_rng(0), 0
    save_tree(fitted, path)
    whole = path.read_bytes()
    for _ in range(40):
        damaged = bytearray(whole)
        for position in rng.integers(0, len(whole), 100):
            damaged[position] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            load_tree(path)
        except InputError:
            refused += 1
    assert refused > 20


class Payload:
    """Runs code when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def test_pickles_are_refused_and_not_run(tmp_path):
    path, target = tmp_path / "posterior.nc", tmp_path / "owned"
    path.write_bytes(pickle.dumps(Payload(target)))
    with pytest.raises(InputError, match="a netCDF file"):
        load_tree(path)
    assert not target.exists()


def test_paths_that_cannot_be_written_are_found_beforehand(fitted, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.nc").mkdir()
    for name in ("nowhere/posterior.nc", "file/posterior.nc", "folder.nc"):
        for attempt in (check_writable, lambda path: save_tree(fitted, path)):
            with pytest.raises(InputError, match="path: expected a file"):
                attempt(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.nc"]


def test_trying_a_path_leaves_nothing_behind_and_older_files_alone(tmp_path):
    (tmp_path / "older.nc").write_text("older")
    for name in ("older.nc", "new.nc"):
        check_writable(tmp_path / name)
    assert os.listdir(tmp_path) == ["older.nc"]
    assert (tmp_path / "older.nc").read_text() == "older"


def test_a_folder_that_refuses_files_is_found_beforehand(tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, f"Permission denied: {dir}")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # permissions do not bind root, who may run this test
    with pytest.raises(InputError, match="Permission denied"):
        check_writable(tmp_path / "posterior.nc")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.999])
def test_a_full_disk_leaves_the_older_file(fitted, tmp_path, share):
    """HDF5 used to crash the process where there was no room for the file that it was writing."""
    path = tmp_path / "posterior.nc"
    save_tree(fitted, path)
    size = path.stat().st_size
    path.write_text("older")
    with room_for(int(share * size)), pytest.raises(InputError, match="can be written, got .* \\(File too large\\)"):
        save_tree(fitted, path)
    assert path.read_text() == "older"
    assert os.listdir(tmp_path) == ["posterior.nc"]
