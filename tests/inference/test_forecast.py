"""How long a fit will take is said before it starts: by a density whose gradients take a known time."""

import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl.inference.checkpoint import Checkpoint
from bayes_irl.inference.forecast import say_how_long
from bayes_irl.inference.progress import Progress


class Slow:
    """A density of ten numbers, whose gradient takes so many seconds of a clock of its own."""

    num_dimensions, starts = 10, np.zeros((1, 10))

    def __init__(self, seconds: float):
        self.seconds, self.now = seconds, 0.0

    def potential(self, flat):
        raise NotImplementedError("only gradients are timed")

    prior_curvature = potential

    def value_and_grad(self, flat):
        self.now += self.seconds
        return 0.0, flat


@pytest.mark.parametrize(
    ("seconds", "method", "said"),
    [
        (0.01, bi.Nuts(num_chains=4, num_draws=1000, num_warmup=300), "This fit will take about 13 minutes.\n"),
        (0.01, bi.Laplace(1000), ""),  # half a minute
        (0.1, bi.Laplace(1000), "This fit will take about 5 minutes.\n"),
        (1.0, bi.Svi(num_steps=2000, num_particles=4), "This fit will take about 3 hours.\n"),
    ],
)
def test_a_long_fit_says_so_in_one_line_and_a_short_one_does_not(capsys, seconds, method, said):
    slow = Slow(seconds)
    say_how_long(slow, method, Progress(True), clock=lambda: slow.now)
    assert capsys.readouterr().err == said


def test_a_fit_that_goes_on_says_that_less_is_left(capsys, tmp_path):
    slow, begun = Slow(0.1), Checkpoint(tmp_path)
    begun.keep("mode", np.zeros(1), lambda: np.zeros(1))
    say_how_long(slow, bi.Laplace(1000), Progress(True), begun, clock=lambda: slow.now)
    assert capsys.readouterr().err == "This fit will take about 5 minutes, less what its checkpoint already holds.\n"


def test_nothing_is_measured_where_nobody_looks():
    slow = Slow(100.0)
    say_how_long(slow, bi.Nuts(), Progress(False), clock=lambda: slow.now)
    assert slow.now == 0


def test_it_is_said_before_the_search_for_the_mode(capsys, monkeypatch):
    monkeypatch.setattr("bayes_irl.inference.forecast.MIN_SECONDS", 0.0)
    recording = bi.Recording.from_arrays(np.random.default_rng(0).random((300, 2)) < 0.4, np.zeros(300), bin_width=0.01)
    circuit = bi.Circuit(2, bi.Stimulus.constant())
    bi.infer("spike_count", circuit, recording.snapshots(), method=bi.Laplace(100), key=0, progress=True)
    shown = capsys.readouterr().err
    assert shown.startswith("This fit will take about 0 minutes.") and shown.index("finding the mode") > 0
