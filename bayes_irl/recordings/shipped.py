"""Small recordings that come with the package, for the pages of the documentation."""

from pathlib import Path

from bayes_irl._checks import one_of
from bayes_irl.recordings.formats import load_recording
from bayes_irl.recordings.recording import Recording

FOLDER = Path(__file__).parent / "examples"
EXAMPLES = ("hippocampus", "rat_clicks", "retina", "spike_count")


def load_example(name: str) -> Recording:
    """Return a small recording; `bayes_irl/recordings/examples/README.md` says where each is from, and its licence.

    | name | what it is |
    |---|---|
    | `retina` | 12 ganglion cells; a new random flash every 0.12 s, 10 minutes, bins of 5 ms |
    | `rat_clicks` | 7 units of a rat that counts clicks, 120 trials, bins of 10 ms; four states of clicks |
    | `hippocampus` | 6 units of a rat on a linear track, 8 minutes, bins of 20 ms; four parts of the track |
    | `spike_count` | 20,000 simulated updates of 6 neurons, rewarded for 2 or 4 spikes, by stimulus |

    Args:
        name: One of these.

    Returns:
        The recording.

    Raises:
        InputError: If it is another one.

    >>> print(load_example("spike_count"))
    Recording of 20,000 updates
    6 neurons, 0.456 to 0.537 spikes per update
    2 stimuli: 0 50%, 1 50%
    """
    return load_recording(FOLDER / f"{one_of('name', name, EXAMPLES)}.npz")
