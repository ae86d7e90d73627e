"""The task of one's own in docs/training.md does what the page says."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import bayes_irl as bi

PAGE = Path(__file__).resolve().parents[1] / "docs" / "training.md"


@pytest.mark.slow
def test_the_task_of_ones_own_in_the_documentation_trains_and_is_counted(tmp_path, monkeypatch, capsys):
    section = PAGE.read_text(encoding="utf-8").split("## A task of your own")[1].split("\n## ")[0]
    task_file, use = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (tmp_path / "four_ways.py").write_text(task_file, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    done: dict = {}
    exec(compile(use, PAGE.name, "exec"), done)
    trials = done["trials"]
    answered = trials["answered"].values
    correct = (trials["choice"] == trials["direction"]).values[answered]
    np.testing.assert_allclose(bi.analysis.accuracy(trials)["share_correct"].values[0, 0], correct.mean())
    assert done["table"]["chance"] == 0.25 and done["table"]["confusion"].sum() == answered.sum()
    assert done["table"]["share_correct"].sel(condition="0.9", statistic="low") > 0.9
    assert isinstance(done["agent"].task, sys.modules["four_ways"].FourWays)
    assert done["agent"].task.dt == 25 and done["agent"].learned
    assert (tmp_path / "accuracy.png").exists() and "confusion" in capsys.readouterr().out
    monkeypatch.delitem(sys.modules, "four_ways")
