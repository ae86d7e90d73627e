"""Recordings, their counts, and functions that choose stimulus states and neurons."""

from bayes_irl.recordings.answers import Answers
from bayes_irl.recordings.count_recording import CountRecording
from bayes_irl.recordings.counts import Snapshots, Transitions, Updates
from bayes_irl.recordings.covariates import pick_neurons, stimulus_states
from bayes_irl.recordings.dependence import design_effect, thinning_step
from bayes_irl.recordings.packed import PackedRecording
from bayes_irl.recordings.recording import Recording
from bayes_irl.recordings.trajectory import MoveCounts, Trajectory

__all__ = [
    "Answers",
    "CountRecording",
    "MoveCounts",
    "PackedRecording",
    "Recording",
    "Snapshots",
    "Trajectory",
    "Transitions",
    "Updates",
    "design_effect",
    "pick_neurons",
    "stimulus_states",
    "thinning_step",
]
