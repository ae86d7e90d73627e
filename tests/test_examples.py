"""The README's lines and the examples run, at a small size."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(example: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run an example as a user would, at its small size; NumPyro is free to promote ranks, as it is for users."""
    small = {"BAYES_IRL_SMALL": "1", "BAYES_IRL_OUT": str(folder), "MPLBACKEND": "Agg"}
    return subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{example}.py")],
        env=os.environ | small | {"JAX_NUMPY_RANK_PROMOTION": "allow"} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def printed(example: str, folder: Path, **environment: str) -> str:
    """What an example prints, if it runs to its end."""
    finished = run(example, folder, **environment)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def pictures(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.png")}


def test_the_readme_runs(tmp_path, monkeypatch):
    """The first block of Python, with a shorter recording and a faster method, does what it says."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.split()) <= 900
    lines = re.findall(r"```python\n(.*?)```", readme.split("## Ten lines")[1], re.DOTALL)[0]
    assert lines in (ROOT / "docs" / "start" / "ten_lines.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for full, small in (
        ("num_neurons=8", "num_neurons=4"),
        ("1: 6", "1: 3"),
        ("100_000", "5_000"),
        ("Nuts()", "Laplace()"),
    ):
        assert full in lines
        lines = lines.replace(full, small)
    names: dict = {}
    exec(compile(lines, "README.md", "exec"), names)
    change = names["prediction"]["predictions"]["mean_response"].mean(("chain", "draw"))
    assert float(change.sel(circuit="changed", neuron=3)) == 0
    assert float(change.sel(circuit="unchanged", neuron=3)) > 0.3
    assert pictures(tmp_path) == {"reward", "silenced"}


@pytest.mark.slow
def test_retina_runs(shared, tmp_path):
    words = printed("retina", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    assert "300.0 s in 30,000 bins of 10 ms" in words and "6 stimuli: “bright, 2” " in words
    assert re.search(r"^bright: cell \d+ \d+% after a change, \d+% later", words, re.MULTILINE)
    assert pictures(tmp_path) == {"retina_raster"}


@pytest.mark.slow
def test_brain_computer_interface_runs(shared, tmp_path):
    """Of a sixth of the units: rewards point where the decoder points, and the new decoder changes them little."""
    words = printed("brain_computer_interface", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    cosines = re.search(r"block 1: decoder 1 ([\d.-]+) .*decoder 2 ([\d.-]+) ", words)
    assert cosines and float(cosines[1]) > max(0.4, float(cosines[2]))
    turns = re.search(r"block 1: decoder 1 ([\d.-]+) ± ([\d.]+), decoder 2 ([\d.-]+) ± ([\d.]+) \(median", words)
    assert turns and float(turns[1]) < -10 * float(turns[2]) and abs(float(turns[3])) < 4 * float(turns[4])
    away = re.search(r"all the way: ([\d.-]+) ± ([\d.]+)", words)
    assert away and float(away[1]) < -4 * float(away[2])
    assert pictures(tmp_path) == {"brain_computer_interface"}


@pytest.mark.slow
def test_labyrinth_runs(shared, tmp_path):
    """A reward adds to a habit by turns, as without any reward, and nothing to one by places; known water is found."""
    words = printed("labyrinth", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    habits = {name: float(score) for name, score in re.findall(r"habit by (\w+, memory of \d) +(-[\d.]+) ±", words)}
    assert habits["places, memory of 1"] < -0.8 < -0.727 < habits["turns, memory of 1"] < habits["places, memory of 2"]
    found = re.findall(
        r"^(mice|simulated, [^:]+), (turns|places), memory of \d: gain ([\d.-]+) ± ([\d.]+)", words, re.M
    )
    gains = {(who, kind): (float(gain), float(error)) for who, kind, gain, error in found}
    for who in ("mice", "simulated, another habit", "simulated, a known reward (1)"):
        assert gains[who, "turns"][0] > 4 * gains[who, "turns"][1]
    assert gains["simulated, no reward", "turns"][0] < 0.0005
    assert all(abs(gains[who, "places"][0]) < 0.0005 for who in ("mice", "simulated, no reward"))
    worth = re.search(r"known reward \(1\), turns.*\n  the water is worth [\d.]+ \(([\d.-]+) to", words)
    assert worth and float(worth[1]) > 0.05
    assert pictures(tmp_path) == {"labyrinth"}


@pytest.mark.slow
def test_retina_surprise_runs(shared, tmp_path):
    """Of an eighth of the cells: a change predicts their answers, permuted run lengths do not, all states do best."""
    words = printed("retina_surprise", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    gains = {
        name: float(gain)
        for name, gain in re.findall(r"^  (change|all states): ([\d.]+) ± [\d.]+, ", words, re.MULTILINE)
    }
    assert gains["all states"] > gains["change"] > 0
    (permuted,) = re.findall(r"^run lengths permuted .*: ([\d.]+) ±", words, re.MULTILINE)
    assert float(permuted) < 0.5 * gains["change"]
    told = dict(re.findall(r"^  (change|free): (-?[\d.]+) ± ", words.split("less that of free")[1], re.MULTILINE))
    assert float(told["change"]) < 0 == float(told["free"])
    assert pictures(tmp_path) == {"retina_surprise"}


@pytest.mark.slow
def test_rat_clicks_runs(shared, tmp_path):
    words = printed("rat_clicks", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    densities = dict(re.findall(r"^(independent units|spike_count|pairwise) +(-[\d.]+)$", words, re.MULTILINE))
    assert float(densities["pairwise"]) > float(densities["independent units"]) > float(densities["spike_count"])
    assert pictures(tmp_path) == {"rat_raster", "rat_reward", "rat_silenced", "rat_spike_counts"}


def test_an_example_without_its_data_says_what_is_missing(tmp_path):
    finished = run("rat_clicks", tmp_path, BAYES_IRL_DATA=str(tmp_path))
    assert finished.returncode != 0
    assert "BAYES_IRL_DATA" in finished.stderr and "Traceback" not in finished.stderr


@pytest.mark.slow
def test_trained_network_runs(tmp_path):
    """It learns, holds what it was paid for, and silenced units make it worse."""
    words = printed("trained_network", tmp_path)
    assert words.startswith("The criterion was met")
    ((estimate,),) = [re.findall(r"1 A is worth ([\d.]+) B", words)]
    assert 1.6 < float(estimate) < 2.8
    assert pictures(tmp_path) == {f"network_{name}" for name in ("indifference", "selectivity", "value", "silenced")}


@pytest.mark.slow
def test_monkey_economic_choice_runs(shared, tmp_path):
    """Difference of concave values predicts best, what comes second counts for more, and SVI is near NUTS."""
    words = printed("monkey_economic_choice", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    gaps = dict(re.findall(r"^(economic_choice\w*) +-[\d.]+ +(-?[\d.]+)", words, re.MULTILINE))
    assert float(gaps["economic_choice"]) == 0 > float(gaps["economic_choice_log_ratio"])
    biases = re.findall(r"order bias \(B\) +-[\d.]+ \(-[\d.]+ to (-?[\d.]+)\)", words)
    assert len(biases) == 2 and all(float(each) < 0 for each in biases)
    assert pictures(tmp_path) == {"monkey_choices", "monkey_relative_values"}


@pytest.mark.slow
def test_monkey_reaction_time_runs(shared, tmp_path):
    """A cost of time beats none, and its size is printed."""
    words = printed("monkey_reaction_time", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    gaps = dict(re.findall(r"^(cost per second|discount|no cost) +-[\d.]+ +(-?[\d.]+)", words, re.MULTILINE))
    assert float(gaps["no cost"]) < float(gaps["cost per second"]) == 0
    (cost,) = re.findall(r"cost_of_time +b: ([\d.]+)", words)
    assert 0.2 < float(cost) < 0.45
    assert pictures(tmp_path) == {f"monkey_times_{name}" for name in ("cost_per_second", "no_cost")}


@pytest.mark.slow
def test_hippocampus_runs(shared, tmp_path):
    """Gates pass, the reward depends on position and no wrong decoder explains as much of it."""
    words = printed("hippocampus", tmp_path, BAYES_IRL_DATA=str(shared / "data"))
    assert words.count("All 5 checks passed") == 4
    ((place, both),) = re.findall(r"place alone +(-[\d.]+)(?:.|\n)*place and direction +(-[\d.]+)", words)
    assert float(both) > float(place)
    shares = dict(
        re.findall(r"^R² of (log p\(x \| σ\)|positions turned|units exchanged) +([\d.]+)", words, re.MULTILINE)
    )
    wrong = max(float(each) for each in re.findall(r"at most ([\d.]+) of", words))
    assert float(shares["log p(x | σ)"]) > wrong
    assert "VERDICT" in words
    assert pictures(tmp_path) == {"hippocampus_reward"}


@pytest.mark.slow
def test_efficient_coding_runs(tmp_path):
    words = printed("efficient_coding", tmp_path)
    verdicts = dict(
        re.findall(r"^(code|other_feature|spike_target): .*?(Consistent|Not consistent)", words, re.MULTILINE)
    )
    assert verdicts == {"code": "Consistent", "other_feature": "Not consistent", "spike_target": "Not consistent"}
    assert {"code_answers", "code_information", "code_cell_types", "code_verdict_code"} <= pictures(tmp_path)


@pytest.mark.slow
def test_ring_runs(tmp_path):
    """The rewarded patterns come first, the wrong models predict worse, and the frozen ring is not trusted."""
    words = printed("ring", tmp_path)
    assert "ranks of the 6 rewarded patterns: [1, 2, 3, 4, 5, 6]" in words
    (least,) = re.findall(r"their least inclusion probability: ([\d.]+)", words)
    assert float(least) >= 0.95
    densities = dict(re.findall(r"^(sparse|pairwise|spike_count) +(-[\d.]+)", words, re.MULTILINE))
    assert float(densities["sparse"]) > float(densities["pairwise"]) > float(densities["spike_count"])
    assert "nearly frozen: it sat in one pattern" in words
    names = ("ranked", "cost", "cost_neurons", "forced", "forced_neurons", "cut", "cut_neurons", "frozen")
    assert pictures(tmp_path) == {f"ring_{name}" for name in names}


@pytest.mark.slow
def test_coupled_runs(tmp_path):
    """Couplings are never better than free answers, and the reward comes back within its intervals."""
    words = printed("coupled", tmp_path)
    ((coupled, free),) = re.findall(r"^L ([\d.]+) with couplings, ([\d.]+) with any answers", words, re.MULTILINE)
    assert 0 < float(coupled) <= float(free)
    ((inside, number),) = re.findall(r"^(\d+) of (\d+) rewards lie", words, re.MULTILINE)
    assert int(inside) >= 0.7 * int(number)
    assert pictures(tmp_path) == {f"coupled_{name}" for name in ("optimum", "recorded", "reward")}


@pytest.mark.slow
def test_maze_runs(tmp_path):
    """The goal is found at both coding costs, and the prediction holds where the agent will be."""
    words = printed("maze", tmp_path)
    assert re.findall(r"best place in (\d+)% of draws", words) == ["100", "100"]
    held = [int(share) for share in re.findall(r"hold the truth in (\d+)% of places", words)]
    assert len(held) == 2 and held[1] >= 60
    assert pictures(tmp_path) == {f"maze_{name}" for name in ("walks", "reward", "changed_0.05", "changed_0.2")}
