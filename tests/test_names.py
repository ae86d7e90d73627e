"""One name, one thing: classes and files; and how many tests on kinds of systems stand outside their folders."""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1] / "bayes_irl"
FILES = [path for path in sorted(ROOT.rglob("*.py")) if path.name != "__init__.py"]
# A picture and a command are called what they draw and run; every system has files of the same parts.
NAMED_AFTER_SOMETHING = ("plots", "cli")
PARTS_OF_A_SYSTEM = {"observed.py", "adaptation.py", "scoring.py", "trials.py", "model_checks.py"}
MAX_KIND_TESTS = 12
KINDS = (
    "Circuit|CoupledCircuit|PartlyRecordedCircuit|ClosedLoopCircuit|SwitchingCircuit|SwitchingAgent|Wiring|Maze|Grid|Population|ManyNeurons|Offers|Evidence|Snapshots|Transitions|Updates|MoveCounts|"
    "Walker|Network|NeuronOptimum|PopulationNetwork|CoupledNetwork|Couplings|Observed[A-Z]\\w*"
)


def repeated(names: list[tuple[str, Path]]) -> dict[str, list[str]]:
    where = defaultdict(list)
    for name, path in names:
        where[name].append(str(path.relative_to(ROOT)))
    return {name: paths for name, paths in where.items() if len(paths) > 1}


def test_no_two_classes_share_a_name():
    found = [
        (name, path) for path in FILES for name in re.findall(r"(?m)^class ([A-Za-z]\w*)", path.read_text("utf-8"))
    ]
    assert repeated(found) == {}


def test_no_two_files_share_a_name_for_different_things():
    kept = [path for path in FILES if path.relative_to(ROOT).parts[0] not in NAMED_AFTER_SOMETHING]
    kept = [path for path in kept if not ("systems" in path.parts and path.name in PARTS_OF_A_SYSTEM)]
    subjects = [path for path in kept if "tasks" not in path.relative_to(ROOT).parts[:1]]
    assert repeated([(path.name, path) for path in subjects]) == {}


def test_kinds_of_systems_are_hardly_asked_for_outside_their_folders():
    pattern = re.compile(rf"isinstance\([^)]*\b({KINDS})\b")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in FILES
        if "systems" not in path.relative_to(ROOT).parts[:1]
        for line in path.read_text("utf-8").splitlines()
        if pattern.search(line)
    ]
    assert len(found) <= MAX_KIND_TESTS, "\n".join(found)


def test_only_fit_and_the_tree_know_groups_by_name():
    pattern = re.compile(r"\.children\b")
    allowed = {"inference/fit.py", "inference/tree.py"}
    found = [str(path.relative_to(ROOT)) for path in FILES if pattern.search(path.read_text("utf-8"))]
    assert set(found) <= allowed


def test_nothing_reads_prose():
    assert not [path for path in FILES if re.search(r"startswith\(.All|verdict.*startswith", path.read_text("utf-8"))]
