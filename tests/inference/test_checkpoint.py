"""What was kept comes back to the bit; what is damaged, in use, of another fit or out of reach is refused in words."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from disk import room_for

import bayes_irl as bi
from bayes_irl._checks import InputError
from bayes_irl.inference.checkpoint import NOWHERE, Checkpoint, open_checkpoint
from bayes_irl.inference.fingerprint import fingerprint
from bayes_irl.inference.methods.stepping import BLOCK, in_blocks
from bayes_irl.inference.mode import blank
from bayes_irl.systems import observe

MARK = {"model": "a", "method": "b"}
NUM_STEPS = 4 * BLOCK - 7


def listing(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@cache
def compiled():
    """A chaotic map driven by a random key: any bit that differs would be seen in all that follows."""

    def step(state):
        position, key = state
        key, use = jax.random.split(key)
        position = (3.99 * position * (1 - position) + 0.01 * jax.random.uniform(use)) % 1
        return (position, key), {"z": position}

    state = (jnp.asarray([0.1, 0.7]), jax.random.key(3))
    return jax.jit(lambda start: jax.lax.scan(lambda now, _: step(now), start, length=BLOCK)), state


def walk(checkpoint=NOWHERE, num_steps=NUM_STEPS):
    blocks = in_blocks(*compiled(), num_steps, "walk", checkpoint)
    return np.concatenate([out["z"] for _, out in blocks])


@contextmanager
def nobody():
    """Without the right to write anywhere, which root always has."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


# -- what was kept


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg"])
def test_anything_kept_comes_back_to_the_bit(tmp_path, impl):
    made = {
        "key": jax.random.key(5, impl=impl),
        "numbers": (jnp.asarray([0.1, np.nan, -0.0, 5e-324]), np.arange(3)),
        "flag": jnp.asarray(True),
        "float": 0.1,
    }
    checkpoint = Checkpoint(tmp_path)
    first = checkpoint.keep("work", made, lambda: made)
    again = checkpoint.keep("work", made, lambda: pytest.fail("was done twice"))
    assert first is made
    for one, other in zip(jax.tree.leaves(made), jax.tree.leaves(again), strict=True):
        assert type(one) is type(other)
        if isinstance(one, jax.Array) and jnp.issubdtype(one.dtype, jax.dtypes.prng_key):
            one, other = map(jax.random.key_data, (one, other))
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_nothing_is_written_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_checkpoint(None, {}) as checkpoint:
        assert walk(checkpoint).shape == (4 * BLOCK, 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("num_kept", [1, 3, 4])
def test_a_walk_goes_on_to_the_very_same_end(tmp_path, num_kept):
    straight = walk()
    walk(Checkpoint(tmp_path), num_kept * BLOCK)
    assert len(list(tmp_path.iterdir())) == num_kept
    assert walk(Checkpoint(tmp_path)).tobytes() == straight.tobytes()


def test_lost_blocks_are_computed_again(tmp_path):
    straight = walk(Checkpoint(tmp_path))
    for number in (1, 3):
        (tmp_path / f"walk_{number:04}.npz").unlink()
    assert walk(Checkpoint(tmp_path)).tobytes() == straight.tobytes()


def test_the_modes_shape_is_known_beforehand():
    assert blank(3).whitening.factor.shape == (3, 3)
    assert blank(1200).whitening.directions.shape == (1200, 300)


# -- damage


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_block_is_named_and_the_others_are_left_alone(tmp_path, share):
    straight = walk(Checkpoint(tmp_path))
    path = tmp_path / "walk_0002.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    before = listing(tmp_path)
    with pytest.raises(InputError, match=r"walk_0002\.npz, which is damaged\. Delete only this file"):
        walk(Checkpoint(tmp_path))
    assert listing(tmp_path) == before
    path.unlink()
    assert walk(Checkpoint(tmp_path)).tobytes() == straight.tobytes()


def test_a_block_of_another_shape_or_kind_is_damaged(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.keep("work", jnp.zeros(2), lambda: jnp.zeros(2))
    for like in (jnp.zeros(3), jnp.zeros(2, jnp.int32), (jnp.zeros(2), jnp.zeros(2)), jax.random.key(0)):
        with pytest.raises(InputError, match="which is damaged"):
            checkpoint.keep("work", like, lambda: None)


def test_a_flipped_bit_is_noticed(tmp_path):
    """Archives carry checksums: draws are as they were written, or refused."""
    straight, path = walk(Checkpoint(tmp_path)), tmp_path / "walk_0001.npz"
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            assert walk(Checkpoint(tmp_path)).tobytes() == straight.tobytes()
        except InputError as error:
            assert "damaged" in str(error)


# -- whose it is


def test_a_folder_serves_one_fit_alone(tmp_path):
    folder = tmp_path / "fit.partial"
    with open_checkpoint(folder, MARK) as checkpoint:
        checkpoint.keep("work", 1.0, lambda: 1.0)
    kept = listing(folder)
    with pytest.raises(InputError, match=r"begun with, got another method\. Give the same arguments as before"):
        open_checkpoint(folder, MARK | {"method": "c"}).__enter__()
    assert listing(folder) == kept
    with open_checkpoint(folder, MARK) as checkpoint:
        assert checkpoint.keep("work", 1.0, lambda: 2.0) == 1.0


def test_two_fits_in_one_folder_are_refused_and_the_first_goes_on(tmp_path):
    folder = tmp_path / "fit.partial"
    with open_checkpoint(folder, MARK) as checkpoint:
        with pytest.raises(InputError, match="a folder that no other fit is using"), open_checkpoint(folder, MARK):
            pass
        checkpoint.keep("work", 1.0, lambda: 1.0)
    with open_checkpoint(folder, MARK):
        assert "work.npz" in listing(folder)


def test_a_folder_of_other_things_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("all of it")
    with pytest.raises(InputError, match="a new folder, or one that a fit was kept in"):
        open_checkpoint(tmp_path, MARK).__enter__()
    assert listing(tmp_path) == {"thesis.txt": b"all of it"}


def test_where_nothing_was_kept_nothing_is_left(tmp_path):
    folder = tmp_path / "fit.partial"
    with pytest.raises(InputError, match="bad model"), open_checkpoint(folder, MARK):
        raise InputError("bad model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000, "\xff\xfe"])
def test_a_damaged_fingerprint_is_said(tmp_path, text):
    (tmp_path / "fingerprint.json").write_bytes(text.encode("latin-1"))
    (tmp_path / "work.npz").write_bytes(b"")
    with pytest.raises(InputError, match=r"a fingerprint written by bayes_irl"):
        open_checkpoint(tmp_path, MARK).__enter__()


ONE = bi.Circuit(1, bi.Stimulus([[0.7, 0.3], [0.1, 0.9]]))


def print_of(circuit=ONE, spikes=(0, 1, 0, 1), baseline=0.3, method=None, seed=0, model="spike_count"):
    recording = bi.Recording.from_arrays(np.array(spikes)[:, None], [0, 1, 0, 1], neuron=[0] * 4)
    data = observe(circuit, recording, [baseline])
    return fingerprint(bi.load_model(model), data, method or bi.Nuts(), jax.random.key(seed))


@pytest.mark.parametrize(
    ("change", "seen_in"),
    [
        ({}, set()),
        ({"spikes": (0, 1, 1, 1)}, {"data"}),
        ({"baseline": 0.30000001}, {"system or baseline"}),
        ({"circuit": bi.Circuit(1, bi.Stimulus([[0.6, 0.4], [0.1, 0.9]]))}, {"system or baseline"}),
        ({"circuit": bi.Circuit(1, bi.Stimulus([[0.7, 0.3], [0.1, 0.9]], ["left", "right"]))}, {"system or baseline"}),
        ({"method": bi.Nuts(num_draws=999)}, {"method"}),
        ({"method": bi.Svi()}, {"method"}),
        ({"seed": 1}, {"key"}),
        ({"model": "pairwise"}, {"model"}),
    ],
)
def test_a_fingerprint_tells_what_differs(change, seen_in):
    before, after = print_of(), print_of(**change)
    assert {name for name in before | after if before[name] != after[name]} == seen_in


def test_an_edited_model_file_is_another_model(tmp_path):
    path = tmp_path / "own.py"
    shutil.copy(bi.load_model("spike_count").path, path)
    before = print_of(model=path)
    path.write_text(path.read_text().replace("Normal(0, 3)", "Normal(0, 2)"))
    assert print_of(model=path)["model"] != before["model"]


# -- where it cannot be written


def test_a_full_disk_loses_nothing(tmp_path):
    """Half-way the disk is full for real: a limit of the system on the size of files stands for it."""
    straight, folder = walk(), tmp_path / "fit.partial"
    with open_checkpoint(folder, MARK) as checkpoint:
        walk(checkpoint, 2 * BLOCK)
        before = listing(folder)
        with room_for(200), pytest.raises(InputError, match="can be written.*Finished work is kept in"):
            walk(checkpoint)
        assert listing(folder) == before
    with open_checkpoint(folder, MARK) as checkpoint:
        assert walk(checkpoint).tobytes() == straight.tobytes()


@pytest.mark.parametrize("kept", [False, True])
def test_a_read_only_folder_is_said(kept):
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to nobody altogether
        folder = Path(place) / "fit.partial"
        if kept:
            with open_checkpoint(folder, MARK) as checkpoint:
                checkpoint.keep("work", 1.0, lambda: 1.0)
            folder.chmod(0o555)
        Path(place).chmod(0o555)
        before = listing(folder) if kept else None
        try:
            with (
                nobody(),
                pytest.raises(InputError, match=r"can be written, got .*fit\.partial.* \(Permission denied\)"),
            ):
                open_checkpoint(folder, MARK).__enter__()
            assert listing(folder) == before if kept else not folder.exists()
        finally:
            Path(place).chmod(0o755)
            if kept:
                folder.chmod(0o755)


def test_a_missing_parent_is_said(tmp_path):
    with pytest.raises(InputError, match="No such file or directory"):
        open_checkpoint(tmp_path / "nowhere" / "fit.partial", MARK).__enter__()
