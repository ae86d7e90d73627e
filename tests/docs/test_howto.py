"""The code of the how-to pages runs, page by page, on a small recording."""

import re
from pathlib import Path

import jax
import pytest

import bayes_irl as bi

PAGES = Path(__file__).resolve().parents[2] / "docs" / "howto"


@pytest.fixture(scope="module")
def names():
    """What the pages speak of: a circuit, and its recording in bins."""
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.05))
    network = bi.optimize(circuit, bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2}), 0.5, 0.4)
    recording = bi.simulate(network, 3000, jax.random.key(0))
    return {"bi": bi, "jax": jax, "circuit": circuit, "recording": recording}


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (PAGES / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_model_of_ones_own_is_fitted(names, tmp_path, monkeypatch):
    file, use = blocks("write_a_model")
    monkeypatch.chdir(tmp_path)
    Path("weighted_count.py").write_text(file, encoding="utf-8")
    done = dict(names)
    exec(use, done)
    assert done["posterior"]["posterior"]["weight"].dims == ("chain", "draw", "neuron")
    assert bi.passed(done["posterior"])


@pytest.mark.parametrize("page", ["write_a_method", "write_a_system"])
def test_a_page_runs(page, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = names | {"__name__": "page"}
    for block in blocks(page):
        exec(block, done)
    assert bi.passed(done["posterior"])


def test_the_checks_of_the_page_on_failed_verdicts_exist():
    """The page names checks as the code does."""
    rows = re.findall(r"^\| ([^|]+) \|", (PAGES / "failed_verdict.md").read_text(encoding="utf-8"), re.MULTILINE)
    code = "".join(path.read_text(encoding="utf-8") for path in (PAGES.parents[1] / "bayes_irl").rglob("*.py"))
    named = [name for row in rows[1:] for name in row.split(", ")]
    assert len(named) > 15 and not [name for name in named if f'"{name}' not in code]
