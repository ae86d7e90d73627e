"""Files: written in one piece, and read without running code."""

from bayes_irl.io.trial_archive import load_trials, save_trials

__all__ = ["load_trials", "save_trials"]
