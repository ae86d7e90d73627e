"""Items on threads: in order, the first one alone, as many at once as asked for or as there are CPUs."""

import os
import threading

import pytest

from bayes_irl import _threads
from bayes_irl._threads import available_cpus, map_threads


def test_results_are_in_order_and_the_first_is_of_this_thread():
    threads = map_threads(lambda item: (item, threading.get_ident()), range(20), num_threads=4)
    assert [item for item, _ in threads] == list(range(20))
    assert threads[0][1] == threading.get_ident()
    assert threading.get_ident() not in {thread for _, thread in threads[1:]}
    assert map_threads(str, []) == []


@pytest.mark.parametrize("asked", [None, 3])
def test_as_many_items_are_worked_at_as_there_are_threads(asked, monkeypatch):
    monkeypatch.setattr(_threads, "available_cpus", lambda: 5)
    num = asked or 5
    together = threading.Barrier(num, timeout=30)  # broken, and raises, if fewer items than this are under way at once
    map_threads(lambda item: item and together.wait(), range(1 + 2 * num), num_threads=asked)


def test_more_threads_than_help_are_never_taken(monkeypatch):
    monkeypatch.setattr(_threads, "available_cpus", lambda: 1000)
    assert len(set(map_threads(lambda _: threading.get_ident(), range(500)))) <= 1 + _threads.MOST_THREADS


def test_cpus_are_those_of_the_process_where_the_system_tells(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {2, 3, 5}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert available_cpus() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    assert available_cpus() == 64
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cpus() == 1
