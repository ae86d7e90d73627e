"""Settings for every test: double precision, and figures drawn without a screen."""

from pathlib import Path

import jax
import matplotlib
import pytest

jax.config.update("jax_enable_x64", True)
matplotlib.use("Agg")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real recordings, in a folder beside the repository; tests that need them are skipped without it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the shared folder is not beside this repository")
    return folder
