"""Many fits over any executor: as each would be alone, with failures reported and the others unharmed."""

import multiprocessing
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import jax
import numpy as np
import pytest

import bayes_irl as bi
from bayes_irl import generative
from bayes_irl._checks import InputError

ONE = bi.Circuit(1, bi.Stimulus([[0.7, 0.3], [0.1, 0.9]]))
KEY = jax.random.key(4)
METHOD = bi.Laplace(100)
MODEL = bi.load_model("spike_count")


def answers(seed):
    rng = np.random.default_rng(seed)
    return bi.Recording.from_arrays(rng.integers(0, 2, (40, 1)), rng.integers(0, 2, 40), neuron=np.zeros(40))


RECORDINGS = {
    "monday": (ONE, answers(0)),
    "broken": (bi.Circuit(2, ONE.stimulus), answers(0)),
    "tuesday": (ONE, answers(1)),
}


@pytest.fixture(scope="module")
def alone():
    """What `infer` returns for the same keys."""
    keys = {name: jax.random.fold_in(KEY, number) for number, name in enumerate(RECORDINGS)}
    return {
        name: bi.infer(MODEL, *RECORDINGS[name], [0.3], METHOD, key=keys[name])["posterior"]["table"].values
        for name in ("monday", "tuesday")
    }


def check(fits, alone):
    """Both fits are there, in double precision, as they are alone; the third says what is wrong with it."""
    found = {fit.recording: fit for fit in fits}
    assert len(fits) == 3 and {fit.model for fit in fits} == {"spike_count"}
    for name, draws in alone.items():
        assert found[name].error == ""
        assert found[name].posterior["posterior"]["table"].dtype == np.float64
        np.testing.assert_array_equal(found[name].posterior["posterior"]["table"].values, draws)
    assert found["broken"].posterior is None
    assert "neurons" in found["broken"].error


def test_threads(alone):
    with ThreadPoolExecutor(2) as pool:
        check(list(bi.sweep([MODEL], RECORDINGS, [0.3], METHOD, key=KEY, executor=pool)), alone)


def test_populations_are_swept_too():
    rng = np.random.default_rng(0)
    recording = bi.Recording.from_arrays(rng.integers(0, 2, (400, 3)), rng.integers(0, 2, 400))
    population, method = bi.Population(3, ONE.stimulus), bi.Sandwich(2)
    model = bi.load_model("large_population")
    with ThreadPoolExecutor(1) as pool:
        (fit,) = bi.sweep([model], {"monday": (population, recording)}, method=method, key=KEY, executor=pool)
    assert fit.error == ""
    alone = bi.infer(model, population, recording, method=method, key=jax.random.fold_in(KEY, 0))
    for name in ("fields", "pairs"):
        np.testing.assert_array_equal(fit.posterior["reward"][name].values, alone["reward"][name].values)


@pytest.mark.slow
def test_spawned_processes(alone):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        check(list(bi.sweep([MODEL], RECORDINGS, [0.3], METHOD, key=KEY, executor=pool)), alone)


@pytest.mark.slow
def test_dask(alone):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client:
        check(list(bi.sweep([MODEL], RECORDINGS, [0.3], METHOD, key=KEY, executor=client.get_executor())), alone)


class ByHand(Executor):
    """Runs what it is told to, when it is told to."""

    def __init__(self):
        self.jobs = []

    def submit(self, function, *args):
        self.jobs.append((Future(), function, args))
        return self.jobs[-1][0]

    def run(self, number):
        future, function, args = self.jobs[number]
        future.set_running_or_notify_cancel()
        future.set_result(function(*args))


def test_fits_come_as_they_end_and_those_not_wanted_are_cancelled():
    hands = ByHand()
    empty = {name: ((), ()) for name in ("first", "second", "third")}
    fits = bi.sweep([MODEL], empty, key=KEY, executor=hands)
    hands.run(1)
    assert next(fits).recording == "second"
    hands.run(0)
    assert next(fits).recording == "first"
    fits.close()
    assert hands.jobs[2][0].cancelled()


def test_a_dead_process_is_reported():
    hands = ByHand()
    fits = bi.sweep([MODEL], {"a": ((), ()), "b": ((), ())}, key=KEY, executor=hands)
    hands.jobs[0][0].set_exception(RuntimeError("out of memory"))
    hands.run(1)
    assert {fit.recording: fit.error.partition(",")[0] for fit in fits} == {
        "a": "RuntimeError: out of memory",
        "b": "system has 0 entries",
    }


def test_a_bug_in_a_model_is_reported_with_its_place(tmp_path):
    path = tmp_path / "buggy.py"
    path.write_text('"""A bug."""\n\ndef model(circuit, recording=None):\n    1 / (0 if recording else 1)\n')
    with ThreadPoolExecutor(1) as pool:
        (fit,) = bi.sweep([bi.load_model(path)], {"a": (ONE, answers(0))}, [0.3], METHOD, key=KEY, executor=pool)
    assert fit.posterior is None and fit.error


def test_what_can_be_told_at_once_is():
    hands, unnamed = ByHand(), generative.Model("made", "By hand.", lambda circuit, recording=None: None)
    for models, recordings, message in (
        ([], RECORDINGS, "at least one of each"),
        ([MODEL], {}, "at least one of each"),
        ([MODEL, MODEL], RECORDINGS, "different names"),
        ([unnamed], RECORDINGS, "models from files"),
    ):
        with pytest.raises(InputError, match=message):
            bi.sweep(models, recordings, key=KEY, executor=hands)
    assert hands.jobs == []
