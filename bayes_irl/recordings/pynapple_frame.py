"""Recordings for pynapple, which is imported here alone, when it is asked for."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bayes_irl._checks import InputError
from bayes_irl.recordings.bin_arrays import first_bins

if TYPE_CHECKING:
    from bayes_irl.recordings.recording import Recording


def to_frame(recording: "Recording") -> Any:
    """Return a pynapple `TsdFrame`; see `Recording.to_pynapple`."""
    if recording.bin_width is None or recording.neuron is not None:
        raise InputError.of("recording", "bins of known width", "others", "Give bin_width to Recording.from_arrays.")
    try:
        import pynapple
    except ImportError as error:
        raise InputError.of("pynapple", "pynapple", "none", 'pip install "bayes_irl[pynapple]"') from error
    width, trial = recording.bin_width, recording.trial
    firsts = np.zeros(1, int) if trial is None else first_bins(trial)
    ends = np.append(firsts[1:], recording.num_bins)
    return pynapple.TsdFrame(
        t=(np.arange(recording.num_bins) + 0.5) * width,
        d=recording.spikes,
        columns=list(recording.unit_names),
        time_support=pynapple.IntervalSet(firsts * width + width / 4, ends * width - width / 4),
    )
