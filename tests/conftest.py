"""Settings for every test: double precision, and figures drawn without a screen."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import effort
import jax
import matplotlib
import numpyro.distributions as dist
import pytest

jax.config.update("jax_enable_x64", True)

# Arrays of unequal rank are aligned in writing: one that lost an axis is an error then, not a larger table. Programs
# that tests start are held to that as well. These methods of NumPyro's do not keep to it (docs/decisions.md).
jax.config.update("jax_numpy_rank_promotion", "raise")
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
for kind, method in (
    (dist.Dirichlet, "log_prob"),  # and Beta, which is made of it
    (dist.MixtureSameFamily, "sample_with_intermediates"),
    (dist.MixtureSameFamily, "component_log_probs"),
    (dist.MultivariateNormal, "sample"),
    (dist.MultivariateNormal, "log_prob"),
):
    setattr(kind, method, jax.numpy_rank_promotion("allow")(getattr(kind, method)))

# Most of a small fit is compilation. What one file, or a program that it starts, has compiled is kept for the next, for
# as long as this process runs.
COMPILED = TemporaryDirectory(prefix="bayes_irl_compiled_")
for setting, value in {
    "jax_compilation_cache_dir": COMPILED.name,
    "jax_persistent_cache_min_compile_time_secs": 0,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}.items():
    jax.config.update(setting, value)
    os.environ[setting.upper()] = str(value)

MOST_MAPPINGS = 15_000

matplotlib.use("Agg")

# Scripts, some of which import packages that this environment does not have: no test imports them.
collect_ignore = ["validation"]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real recordings, in a folder beside the repository; tests that need them are skipped without it."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the shared folder is not beside this repository")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let calibrations run in full."""
    parser.addoption("--seeds", type=int, default=None, help="run calibrations in full, with so many seeds")


def pytest_configure(config: pytest.Config) -> None:
    """Say so to tests, before they are imported."""
    effort.seeds = config.getoption("--seeds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Imports go first, since the rest needs them; then files by their slow tests, so that none begins last."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (item.path.name != "test_imports.py", -slow[item.path]))


@pytest.fixture(autouse=True, scope="module")
def forget_compiled() -> Iterator[None]:
    """What one file compiled serves the next, until there are too many of the 65,530 mappings that a process has."""
    yield
    from bayes_irl.inference.mappings import num_mappings  # here, so that its annotations are checked

    if num_mappings() > MOST_MAPPINGS:
        jax.clear_caches()
