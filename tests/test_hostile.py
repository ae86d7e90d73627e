"""Whatever comes in, the result is sound, or an error of ours says what is wrong: nothing crashes, hangs or runs."""

import io
import json
import os
import warnings
import zipfile

import lab_files
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import bayes_irl as bi
from bayes_irl._checks import DataWarning, InputError
from bayes_irl.agents.training import CHECKPOINT
from bayes_irl.inference.checkpoint import Checkpoint
from bayes_irl.io.netcdf import load_tree, save_tree

thorough = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

whole = st.integers(-3, 40) | st.sampled_from([2**31 - 1, 2**31, 2**63, -(2**31)])
number = st.floats(allow_nan=True, allow_infinity=True) | st.floats(0, 1) | st.integers(-2, 5).map(float)
dtypes = st.sampled_from(["u1", "i4", "i8", "f4", "f8", "?", "c16", "U2", "M8[s]"])
array = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
bits = hnp.arrays(np.uint8, st.tuples(st.integers(0, 12), st.integers(0, 16)), elements=st.integers(0, 1))


def attempt(call):
    """What a call returns; None where it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        try:
            return call()
        except InputError as error:
            assert str(error)
            return None


# -- circuits


@thorough
@given(array | hnp.arrays(float, (2, 2), elements=st.floats(-0.2, 1.2)), whole)
def test_stimuli_are_chains_or_refused(matrix, steps):
    for made in (attempt(lambda: bi.Stimulus(matrix)), attempt(lambda: bi.Stimulus.per_update(matrix, steps))):
        if made is not None:
            np.testing.assert_allclose(np.asarray(made.transition).sum(axis=1), 1, atol=1e-6)
            assert (np.asarray(made.transition) >= 0).all()


@thorough
@given(number, st.integers(-3, 40), number, number)
def test_stimuli_by_name_are_chains_or_refused(probability, size, coupling, bias):
    for call in (lambda: bi.Stimulus.switching(probability, size), lambda: bi.Stimulus.pixels(size, coupling, bias)):
        made = attempt(call)
        if made is not None:
            np.testing.assert_allclose(np.asarray(made.transition).sum(axis=1), 1, atol=1e-6)


@thorough
@given(st.integers(-3, 40), st.lists(st.integers(-2, 5), max_size=4), st.lists(st.integers(-2, 5), max_size=4))
def test_circuits_are_made_or_refused(size, silenced, forced):
    circuit = attempt(lambda: bi.Circuit(size, bi.Stimulus.constant()))
    if circuit is None:
        return
    changed = attempt(lambda: circuit.silence(*silenced))
    if changed is not None:
        assert changed.alive.sum() == size - len(set(silenced))
    attempt(lambda: circuit.force(*forced))


# -- recordings


@thorough
@given(bits | array, array, st.none() | array, st.none() | number, st.none() | array, st.none() | whole)
def test_recordings_are_made_or_refused(spikes, stimulus, trial, width, neuron, num_stimuli):
    made = attempt(
        lambda: bi.Recording.from_arrays(
            spikes, stimulus, trial=trial, bin_width=width, neuron=neuron, num_stimuli=num_stimuli
        )
    )
    if made is not None:
        assert set(np.unique(made.spikes)) <= {0, 1} and made.stimulus.max() < made.num_stimuli


@thorough
@given(bits, st.data())
def test_recordings_are_counted_or_refused(spikes, data):
    size = len(spikes)
    stimulus = data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    trial = data.draw(st.none() | st.lists(st.integers(0, 2), min_size=size, max_size=size))
    width = data.draw(st.none() | st.floats(1e-4, 10))
    made = attempt(lambda: bi.Recording.from_arrays(spikes, stimulus, trial=trial, bin_width=width))
    if made is None:
        return
    transition = attempt(made.transition)
    if transition is not None:
        np.testing.assert_allclose(transition.sum(axis=1), 1)
    snapshots = attempt(made.snapshots)
    if snapshots is not None:
        assert snapshots.occupancy_counts.sum() == size and 1 <= snapshots.num_bins <= size
    rate = data.draw(number)
    attempt(lambda: made.transitions(rate))
    attempt(lambda: made.updates())


@thorough
@given(array, array, st.none() | array, st.none() | array, st.none() | array)
def test_offers_are_made_or_refused(num_a, num_b, session, subject, a_left):
    made = attempt(lambda: bi.Offers.from_arrays(num_a, num_b, session=session, subject=subject, a_left=a_left))
    if made is not None:
        assert made.num_trials == len(num_b) and made.session.max() < made.num_sessions


@thorough
@given(whole, whole, whole, st.floats(allow_nan=True), whole)
def test_methods_are_made_or_refused(chains, draws, warmup, accept, depth):
    for call in (lambda: bi.Nuts(chains, draws, warmup, accept, depth), lambda: bi.Svi(draws, warmup, accept, chains)):
        method = attempt(call)
        if isinstance(method, bi.Nuts):
            assert 0 < method.target_accept < 1 and method.max_tree_depth <= 20
        elif method is not None:
            assert 0 < method.step_size < np.inf


# -- files


def recording_file(path):
    spikes = np.random.default_rng(0).integers(0, 2, (30, 3))
    bi.save_recording(bi.Recording.from_arrays(spikes, [0, 1, 2] * 10, trial=np.arange(30) // 6), path)


def trials_file(path):
    columns = {name: ("trial", np.arange(4)) for name in ("num_steps", "choice", "answered", "correct")}
    bi.save_trials(xr.Dataset(columns | {"taken": (("trial", "step"), np.zeros((4, 3), np.int8))}), path)


def tree_file(path):
    values = np.random.default_rng(0).normal(size=(2, 5))
    group = xr.Dataset({"a": (("chain", "draw"), values)}, {"draw": np.arange(5)}, {"verdict": "good"})
    save_tree(xr.DataTree.from_dict({"/posterior": group, "/gate": xr.Dataset(attrs={"verdict": "good"})}), path)


def block_file(path):
    Checkpoint(path.parent).keep(path.stem, np.zeros(50), lambda: np.zeros(50))


def read_block(path):
    return Checkpoint(path.parent).keep(path.stem, np.zeros(50), lambda: pytest.fail("there is a file"))


FEW = {unit: times[:20] for unit, times in lab_files.spikes().items()}


def read_session(path):
    return bi.load_recording(path, bin_width=0.01, stimulus="contrast")


READERS = {
    "recording": ("a.npz", recording_file, bi.load_recording),
    "nwb": ("a.nwb", lambda path: lab_files.write_plain_nwb(path, FEW), read_session),
    "mat 5": ("a.mat", lambda path: lab_files.write_mat(path, FEW), read_session),
    "mat 7.3": ("a.mat", lambda path: lab_files.write_mat73(path, FEW), read_session),
    "trials": ("a.npz", trials_file, bi.load_trials),
    "tree": ("a.nc", tree_file, load_tree),
    "block": ("a.npz", block_file, read_block),
    "agent": (CHECKPOINT, None, lambda path: bi.load_agent(path.parent)),
}


@pytest.mark.parametrize("kind", READERS)
def test_any_bytes_are_refused(kind, tmp_path):
    name, _, read = READERS[kind]
    path = tmp_path / name
    starts = st.sampled_from([b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"\x93NUMPY", b"\x80\x04", b"{}\n", b"[]\n"])

    @thorough
    @given(starts, st.binary(max_size=200))
    def check(start, rest):
        path.write_bytes(start + rest)
        assert attempt(lambda: read(path)) is None

    check()


@pytest.mark.parametrize("kind", [kind for kind, (_, write, _) in READERS.items() if write])
def test_mutated_files_are_read_or_refused(kind, tmp_path):
    name, write, read = READERS[kind]
    path = tmp_path / name
    write(path)
    valid = path.read_bytes()
    assert attempt(lambda: read(path)) is not None
    edits = st.lists(st.tuples(st.integers(0, len(valid) - 1), st.integers(0, 255)), max_size=8)

    @thorough
    @given(edits, st.integers(0, len(valid)) | st.just(len(valid)), st.binary(max_size=20))
    def check(edits, length, tail):
        changed = bytearray(valid)
        for position, value in edits:
            changed[position] = value
        path.write_bytes(changed[:length] + tail)
        attempt(lambda: read(path))

    check()


@thorough
@given(st.dictionaries(st.sampled_from(["spikes", "stimulus", "trial", "bin_width", "neuron", "num_stimuli"]), array))
def test_archives_of_any_arrays_are_recordings_or_refused(tmp_path, arrays):
    np.savez(tmp_path / "a.npz", **arrays)
    attempt(lambda: bi.load_recording(tmp_path / "a.npz"))


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["axes", "taken", "units", "a"]), inner)
    ),
    max_leaves=8,
)


task = st.fixed_dictionaries(
    {
        "class": st.sampled_from(["bayes_irl.tasks:Wager", "os:system", "", ":"]) | json_value,
        "name": json_value,
        "inputs": json_value,
        "actions": json_value,
        "options": st.dictionaries(st.sampled_from(["dt", "fixation", "coherences"]), json_value) | json_value,
    }
)


@thorough
@given(
    st.fixed_dictionaries({name: json_value for name in ("axes", "coordinates", "attributes", "variables")})
    | json_value
)
def test_trials_with_any_description_are_read_or_refused(tmp_path, about):
    np.savez(tmp_path / "a.npz", axes=np.array(json.dumps(about)), taken=np.zeros((2, 2)))
    attempt(lambda: bi.load_trials(tmp_path / "a.npz"))


@thorough
@given(
    st.fixed_dictionaries({"format": st.sampled_from([1, 2]), "task": json_value | task, "settings": json_value})
    | json_value
)
def test_agents_with_any_header_are_refused(tmp_path, header):
    (tmp_path / CHECKPOINT).write_text(json.dumps(header) + "\n")
    assert attempt(lambda: bi.load_agent(tmp_path)) is None


class Payload:
    """Runs code when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("wrapped", ["pickle", "array", "archive"])
def test_no_reader_runs_what_it_reads(kind, wrapped, tmp_path):
    name, _, read = READERS[kind]
    target, held = tmp_path / "owned", io.BytesIO()
    hostile = np.array([Payload(target)], object)
    if wrapped == "pickle":
        hostile.dump(held)
    elif wrapped == "array":
        np.save(held, hostile, allow_pickle=True)
    else:
        needed = ("spikes", "stimulus", "axes", "taken", "leaf_0")
        np.savez(held, **dict.fromkeys(needed, hostile))
    (tmp_path / name).write_bytes((b"{}\n" if kind == "agent" else b"") + held.getvalue())
    assert attempt(lambda: read(tmp_path / name)) is None
    assert not target.exists()


@pytest.mark.parametrize("size", [10**9, 10**12, 10**18])
def test_archives_that_claim_to_be_huge_are_refused_at_once(size, tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (size,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ("spikes", "stimulus", "axes", "leaf_0"):
            archive.writestr(f"{name}.npy", header.getvalue())
    for read in (bi.load_recording, bi.load_trials, read_block):
        assert attempt(lambda read=read: read(tmp_path / "a.npz")) is None
