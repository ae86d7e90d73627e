"""Recordings in files."""

from bayes_irl.io.npz import load_recording, save_recording

__all__ = ["load_recording", "save_recording"]
