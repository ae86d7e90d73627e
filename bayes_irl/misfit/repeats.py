"""Whether a part of the recording occurs twice."""

import numpy as np
from jaxtyping import Bool, Int, UInt64

from bayes_irl.misfit.finding import Finding
from bayes_irl.recordings import PackedRecording, Recording

LENGTH = 200  # bins of a window
LEAST_CHANGES = 30  # of the pattern in a window that cannot come twice by chance
MAX_SHARE = 0.05  # share of copies that narrows intervals by 2.5 %
BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, hence invertible modulo 2^64


def repeats(recording: Recording | PackedRecording) -> Finding | None:
    """The share of windows of 200 bins that are exact copies of another one; 0.5 if all of them occur twice.

    Only windows in which the pattern changes at least 30 times count: silence may well last for 200 bins.

    Args:
        recording: Of single updates or in bins.

    Returns:
        None if the recording is too short, or its pattern hardly changes.
    """
    bins = _numbered(recording)
    if len(bins) < 2 * LENGTH:
        return None
    changes = np.concatenate([[0], np.cumsum(_changed(recording))])
    lively = changes[LENGTH - 1 :] - changes[: len(changes) - LENGTH + 1] >= LEAST_CHANGES
    if not lively.any():
        return None
    windows = _hashes(bins)[lively]
    share = 1 - len(np.unique(windows)) / len(windows)
    return Finding(
        name="repeats",
        p_value=0.0 if share > 0 else 1.0,
        size=share,
        low=share,
        high=share,
        unit="% of the recording",
        detectable=1 / len(windows),
        limit=MAX_SHARE,
        problem=f"{share:.0%} of the recording copies another part, to the last spike",
        advice="Remove the copies: intervals are too narrow.",
    )


def _numbered(recording: Recording | PackedRecording) -> Int[np.ndarray, " num_bins"]:
    """A number for each distinct bin: pattern, stimulus and the neuron that was redrawn."""
    bits = recording.bits if isinstance(recording, PackedRecording) else np.packbits(recording.spikes, axis=1)
    bits = np.ascontiguousarray(bits).view(np.uint8)
    columns = [bits, recording.stimulus.astype("<i4")[:, None].view(np.uint8)]
    if recording.neuron is not None:
        columns.append(recording.neuron.astype("<i4")[:, None].view(np.uint8))
    joint = np.ascontiguousarray(np.hstack(columns))
    return np.unique(joint.view(f"V{joint.shape[1]}").ravel(), return_inverse=True)[1].reshape(-1)


def _changed(recording: Recording | PackedRecording) -> Bool[np.ndarray, " num_moves"]:
    """Whether the pattern differs from that of the bin before."""
    bits = recording.bits if isinstance(recording, PackedRecording) else recording.spikes
    return (bits[1:] != bits[:-1]).any(axis=1)


def _hashes(bins: Int[np.ndarray, " num_bins"]) -> UInt64[np.ndarray, " num_windows"]:
    """Of each window, a polynomial in random numbers for its bins, modulo 2^64."""
    codes = np.random.default_rng(0).integers(0, 2**64, bins.max() + 1, dtype=np.uint64)[bins]
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * _powers(BASE, len(bins)), dtype=np.uint64)])
    inverse = np.uint64(pow(int(BASE), -1, 2**64))
    return (total[LENGTH:] - total[:-LENGTH]) * _powers(inverse, len(bins) - LENGTH + 1)


def _powers(base: np.uint64, number: int) -> UInt64[np.ndarray, " number"]:
    return np.cumprod(np.concatenate([np.ones(1, np.uint64), np.full(number - 1, base)]), dtype=np.uint64)
