"""Recordings in files: one file per format."""

from bayes_irl.recordings.formats.npz import load_recording, save_recording

__all__ = ["load_recording", "save_recording"]
