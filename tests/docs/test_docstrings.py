"""Docstrings of public functions: sections, and an example that runs."""

import inspect
import re
from functools import cache

import pytest

import bayes_irl as bi

ROOMS = ("agents", "analysis", "checks", "generative", "identifiability", "plots", "rewards", "tasks")
LOWER = re.compile(r"[\w*]+(?: \([^)]*\))?: +[a-z]{2,}[ ,;.]")


@cache
def functions():
    """Public functions, by the module and name under which they are found."""
    found = {}
    for room in (bi, *(getattr(bi, name) for name in ROOMS)):
        own = [name for name, value in vars(room).items() if getattr(value, "__module__", "") == room.__name__]
        for name in getattr(room, "__all__", own):
            value = getattr(room, name)
            if inspect.isfunction(value) and not name.startswith("_"):
                found[f"{value.__module__}.{value.__name__}"] = value
    return found


@cache
def docstrings():
    return {name: inspect.getdoc(function) or "" for name, function in functions().items()}


def entries(docstring: str, section: str) -> list[str]:
    """First lines of a section's entries."""
    block = re.search(rf"^{section}:\n((?:    .*\n?|\n)*)", docstring, re.MULTILINE)
    return re.findall(r"^    (\S.*)$", block[1], re.MULTILINE) if block else []


def test_every_room_is_looked_at():
    assert len(functions()) > 100
    assert {name.split(".")[1] for name in functions()} >= {"agents", "analysis", "generative", "plots", "tasks"}


@pytest.mark.parametrize("section", ["Args", "Returns"])
def test_every_public_function_explains_what_it_takes_and_returns(section):
    def wanted(function) -> bool:
        signature = inspect.signature(function)
        return bool(signature.parameters) if section == "Args" else signature.return_annotation not in (None, "None")

    names = [name for name, each in functions().items() if wanted(each)]
    assert not [name for name in names if f"\n{section}:\n" not in docstrings()[name]]


def test_every_public_function_has_an_example_that_is_not_skipped():
    assert not [name for name, text in docstrings().items() if ">>> " not in text or "+SKIP" in text]


@pytest.mark.parametrize("section", ["Args", "Raises"])
def test_entries_begin_with_a_capital(section):
    wrong = [
        (name, entry) for name, text in docstrings().items() for entry in entries(text, section) if LOWER.match(entry)
    ]
    assert not wrong
