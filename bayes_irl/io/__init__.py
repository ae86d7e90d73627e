"""Recordings and trials in files."""

from bayes_irl.io.npz import load_recording, save_recording
from bayes_irl.io.trials import load_trials, save_trials

__all__ = ["load_recording", "load_trials", "save_recording", "save_trials"]
