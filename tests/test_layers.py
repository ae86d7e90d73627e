"""Modules import from lower layers alone: read off the import statements."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "bayes_irl"
LAYERS = [
    {"_progress"},
    {"_types", "_checks", "_threads", "_numpyro", "_compiled"},
    {"_keys"},
    {"io", "trial_layout"},
    {"recordings"},
    {"solvers", "tasks"},
    {"misfit"},
    {"systems", "agents"},
    {"rewards"},
    {"generative"},
    {"inference"},
    {"analysis"},
    {"prediction"},
    {"evaluation"},
    {"plots"},
    {"report"},
    {"cli"},
]
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}


def modules() -> dict[str, list[Path]]:
    """Source files of each module that is there; a folder is one module."""
    found: dict[str, list[Path]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        inside = path.relative_to(ROOT)
        if inside.parts[0] != "__init__.py":
            found.setdefault(inside.parts[0].removesuffix(".py"), []).append(path)
    return found


MODULES = modules()


def imported(source: str, package: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """Modules of ours that the source of a file in `package` imports, with the line: `""` is the package itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = list(package[: len(package) - node.level + 1]) if node.level else []
            base = above + (node.module.split(".") if node.module else [])
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for parts in names:
            if parts[0] == "bayes_irl":
                module = parts[1] if len(parts) > 1 else ""
                yield (module if (ROOT / module).is_dir() or (ROOT / f"{module}.py").is_file() else ""), node.lineno


def complaint(module: str, other: str) -> str | None:
    """What is wrong with `module` importing `other`, if anything."""
    if other == module or (module in LAYERS[-1] and other == ""):
        return None  # nothing lies above the last layer: it may use the package as a user does
    if other not in LEVEL:
        return "the package itself; import from the module that defines the name"
    if LEVEL[other] == LEVEL[module]:
        return f"{other}, its sibling in layer {LEVEL[module]}"
    if LEVEL[other] > LEVEL[module]:
        return f"{other} of layer {LEVEL[other]}, above its own layer {LEVEL[module]}"
    return None


def test_every_module_has_a_layer():
    strangers = sorted(set(MODULES) - set(LEVEL))
    assert not strangers, f"give these modules of bayes_irl a layer in {Path(__file__).name}: {', '.join(strangers)}"


@pytest.mark.parametrize("module", sorted(set(MODULES) & set(LEVEL)))
def test_imports_point_downwards(module):
    wrong = []
    for path in MODULES[module]:
        package = ("bayes_irl", *path.relative_to(ROOT).parts[:-1])
        for other, line in imported(path.read_text(encoding="utf-8"), package):
            if problem := complaint(module, other):
                wrong.append(f"{path.relative_to(ROOT.parent)}:{line} imports {problem}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("import bayes_irl.systems.circuit", ["systems"]),
        ("from bayes_irl.systems.circuit import Circuit", ["systems"]),
        ("from bayes_irl import _checks, systems", ["_checks", "systems"]),
        ("from bayes_irl import optimize", [""]),
        ("import bayes_irl as bi", [""]),
        ("from . import bellman", ["solvers"]),
        ("from .. import systems", ["systems"]),
        ("from ..systems.optimum import Optimum", ["systems"]),
        ("def late():\n    from bayes_irl import solvers", ["solvers"]),
        ("import jax.numpy, numpy\nfrom equinox import Module", []),
    ],
)
def test_imports_are_read_however_they_are_written(statement, names):
    assert [name for name, _ in imported(statement, ("bayes_irl", "solvers"))] == names


def test_sibling_upward_and_root_imports_are_complained_about():
    assert complaint("systems", "solvers") is None
    assert "sibling" in complaint("solvers", "tasks")
    assert "above" in complaint("solvers", "systems")
    assert "package itself" in complaint("solvers", "")
    assert complaint("cli", "") is None
