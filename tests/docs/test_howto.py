"""The code of the how-to pages, and of a tutorial, runs."""

import re
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from drifting import fields_of_days, sessions
from jump_process import Glm, simulate
from scipy.signal import lfilter

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


def test_the_page_on_glms_runs():
    """On three neurons; coefficients are the true ones, laid out as nemos has them."""
    moves, tau = np.full((3, 3), 0.5) - 1.5 * np.eye(3), 0.03
    coupling = np.array([[-1.0, 0.4, 0.0], [0.4, -1.0, -0.3], [0.0, -0.3, -0.5]])
    log_rate = np.log([[10.0, 8.0, 12.0], [20.0, 8.0, 6.0], [10.0, 16.0, 12.0]])
    glm = Glm(coupling, log_rate, np.full(3, tau), moves, np.exp(log_rate[0]))
    counts, stimulus, _ = simulate(glm, 1, 20_000, 0.001, np.random.default_rng(0))
    counts, stimulus = counts[:, 0], stimulus[:, 0]
    decay = np.exp(-0.001 / tau)
    traces = lfilter([0.0, decay], [1.0, -decay], counts, axis=0)
    coef, intercept = np.vstack([coupling, log_rate[1:] - log_rate[0]]), log_rate[0] + np.log(0.001)
    fitted = SimpleNamespace(coef_=coef, intercept_=intercept, predict=lambda X: np.exp(X @ coef + intercept))
    done = {"bi": bi, "np": np, "glm": fitted, "counts": counts, "stimulus": stimulus}
    done["features"] = np.column_stack([traces, stimulus == 1, stimulus == 2])
    done["kernel"] = np.exp(-np.arange(1, 151) * 0.001 / tau)
    (block,) = blocks("from_a_glm")
    exec(block, done)
    terms = done["reward"].terms
    assert terms["p_value"] == pytest.approx(1) and terms["linear"].dims == ("chain", "draw", "stimulus", "neuron")
    assert terms["coupling"].mean(("chain", "draw")).values == pytest.approx(coupling, abs=0.1)


def test_the_page_on_counts_runs():
    """On four neurons whose counts vary more than Poisson ones."""
    rng, direction = np.random.default_rng(0), np.arange(2000) % 4
    mean = rng.uniform(0.5, 4.0, (4, 4))[direction]
    counts = rng.poisson(mean * rng.gamma(3, 1 / 3, mean.shape))
    done = {"bi": bi, "counts": counts, "direction": direction, "trial": np.arange(2000) // 40}
    (block,) = blocks("spike_counts")
    exec(block.replace("silence(3)", "silence(3), num_draws=2"), done)
    assert bi.passed(done["fit"]), bi.verdict(done["fit"])
    assert "tuning_curve" in done["prediction"]["predictions"]


def test_the_page_on_drifts_runs():
    """On three neurons whose fields walk."""
    population = bi.Population(3, bi.Stimulus.switching(0.1))
    fields = fields_of_days(6, (2, 3), 0.3, 0.0, np.random.default_rng(0))
    done = {"bi": bi, "population": population, "sessions": sessions(population, fields, 3000, 0)}
    (block,) = blocks("drift")
    exec(block, done)
    assert bi.passed(done["tree"]), bi.verdict(done["tree"])
    assert done["tree"].attrs["changed"] == "yes" and "tuning_curve" in done["prediction"]["predictions"]


def test_the_checks_of_the_page_on_failed_verdicts_exist():
    """The page names checks as the code does."""
    rows = re.findall(r"^\| ([^|]+) \|", (PAGES / "failed_verdict.md").read_text(encoding="utf-8"), re.MULTILINE)
    code = "".join(path.read_text(encoding="utf-8") for path in (PAGES.parents[1] / "bayes_irl").rglob("*.py"))
    named = [name for row in rows[1:] for name in row.split(", ")]
    assert len(named) > 15 and not [name for name in named if f'"{name}' not in code]


def test_a_tutorial_runs_today():
    """Its stored outputs can be those of an older version, with which its code ran."""
    done = {"__name__": "page"}
    exec((PAGES.parent / "tutorials" / "two_claims.py").read_text(encoding="utf-8"), done)
    assert list(done["table"].claim.values) == ["spike_count", "pairwise"]
    assert list(done["table"]["passed"].values) == [True, False]
