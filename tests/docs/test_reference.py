"""The reference pages leave nothing out."""

import re
from collections.abc import Iterator

import pytest

from paceline.model import errors
from paceline.model.errors import PacelineError
from paceline.model.task import JUDGEMENT, Outcome, TaskState
from paceline.model.worker import WorkerState
from tests.architecture.source import ROOT, package

GLOSSARY = (ROOT / "docs/glossary.md").read_text()
ENVIRONMENT = (ROOT / "docs/reference/environment.md").read_text()
SETTINGS = (ROOT / "docs/settings.md").read_text()
EXIT_CODES = (ROOT / "docs/reference/exit-codes.md").read_text()
STATES = (ROOT / "docs/states.md").read_text()

BUDGETS = {
    "none": "no",
    "failures": "if `retry.failures` allows",
    "losses": "if `retry.losses` allows",
    "free": "always, free of charge",
}


def variables() -> set[str]:
    """Every variable of ours that the code names: in full, or by what follows PACELINE_ in ``config.variable``."""
    found: set[str] = set()
    for source in package():
        found |= set(re.findall(r"(?<!\w)PACELINE_[A-Z_]*[A-Z](?![A-Z_])", source.text))
        found |= {f"PACELINE_{name}" for name in re.findall(r"\bvariable\(\"([A-Z_]+)\"\)", source.text)}
    return found


def raised(kind: type[PacelineError] = PacelineError) -> Iterator[type[PacelineError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from raised(child)


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_explained_and_judged(outcome: Outcome) -> None:
    (row,) = [line for line in GLOSSARY.splitlines() if re.match(rf"\| [\w, ]*\b{outcome}\b[\w, ]* \|", line)]
    assert BUDGETS[JUDGEMENT[outcome].budget] == row.rstrip(" |").rpartition("| ")[2]


@pytest.mark.parametrize("state", [*TaskState, *WorkerState])
def test_every_state_is_drawn(state: str) -> None:
    assert re.search(rf"\b{state}\b", STATES)


def test_every_variable_is_listed() -> None:
    assert variables() - set(re.findall(r"PACELINE_[A-Z_]+", ENVIRONMENT + SETTINGS)) == set()


def test_no_variable_is_made_up() -> None:
    assert set(re.findall(r"PACELINE_[A-Z_]+", ENVIRONMENT)) - variables() == set()


@pytest.mark.parametrize("kind", [kind for kind in raised() if kind.__name__ not in ("TaskFailed", "LaunchError")])
def test_every_error_has_its_exit_code(kind: type[PacelineError]) -> None:
    (row,) = [line for line in EXIT_CODES.splitlines() if f"`{kind.code}`" in line]
    assert row.startswith(f"| {kind.exit_code} |")
