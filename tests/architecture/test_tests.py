"""How tests are written: they wait for what happens, not for time, and they replace none of our own code."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.exceptions import PATCHES, SLEEPS, demand
from tests.architecture.source import Source, calls, imported, parse, sources

SLEEPERS = {"time.sleep", "asyncio.sleep"}
REPLACERS = {"setattr", "delattr"}


def sleeps(source: Source) -> bool:
    """``sleep(0)`` only lets others run; every other sleep waits for time to pass."""
    return any(name in SLEEPERS and not _is_zero(node) for node, name in calls(source))


def _is_zero(node: ast.Call) -> bool:
    return len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0


def patches(source: Source) -> Iterator[str]:
    """Everything by which a test could put something else in the place of our code."""
    for _, name in imported(source.tree):
        if name.startswith(("unittest.mock", "mock")):
            yield name
    for _, name in calls(source):
        base, _, verb = name.rpartition(".")
        if base == "monkeypatch" and verb in REPLACERS:
            yield name


def test_tests_wait_for_events_not_for_time() -> None:
    found = {s.place for s in sources("tests") if s.package != "system" and sleeps(s)}
    demand(found, SLEEPS)


def test_tests_replace_none_of_our_code() -> None:
    found = {s.place for s in sources("tests") if any(patches(s))}
    demand(found, PATCHES)


@pytest.mark.parametrize(
    "text", ["import time\ntime.sleep(1)", "from asyncio import sleep\nasync def f(): await sleep(x)"]
)
def test_a_sleep_is_found(text: str) -> None:
    assert sleeps(parse(text))


def test_yielding_is_no_sleep() -> None:
    assert not sleeps(parse("import asyncio\nasync def f(): await asyncio.sleep(0)"))


@pytest.mark.parametrize("text", ["from unittest import mock", "def test(monkeypatch): monkeypatch.setattr('a', 1)"])
def test_a_patch_is_found(text: str) -> None:
    assert any(patches(parse(text)))


def test_the_environment_of_a_test_is_its_own() -> None:
    assert not any(patches(parse("def test(monkeypatch): monkeypatch.setenv('A', '1')")))
