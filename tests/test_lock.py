"""The lock file gives one exact version, from anywhere, of everything that pyproject.toml asks for."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
LOCKED = [
    Requirement(line.partition("#")[0])
    for line in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")  # a line that names an index or a folder is no requirement, and raises
]


def test_versions_are_exact_and_come_from_no_given_place():
    assert all(requirement.url is None for requirement in LOCKED)
    assert all([one.operator for one in requirement.specifier] == ["=="] for requirement in LOCKED)
    names = [canonicalize_name(requirement.name) for requirement in LOCKED if requirement.marker is None]
    assert len(names) == len(set(names))


def test_the_lock_is_that_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["dev"]]
    wrong = []
    for wanted in map(Requirement, [*asked, *project["build-system"]["requires"]]):
        found = [one for one in LOCKED if canonicalize_name(one.name) == canonicalize_name(wanted.name)]
        versions = [next(iter(one.specifier)).version for one in found]
        if not versions or not all(wanted.specifier.contains(version) for version in versions):
            wrong.append(f"{wanted}: locked {versions}")
    assert not wrong, f"run make lock: {wrong}"
