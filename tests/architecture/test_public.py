"""What other people's code may rely on. A change here is a change of what we promise: it needs a news fragment."""

import importlib
from collections.abc import Mapping

import pytest

PUBLIC: Mapping[str, set[str]] = {
    "paceline": {
        "Client",
        "Conflict",
        "Executor",
        "Future",
        "NeverFits",
        "NotAllowed",
        "NotFound",
        "PacelineError",
        "TaskFailed",
        "TryAgain",
        "Unreachable",
        "UsageError",
        "VersionMismatch",
        "find",
        "map",
        "submit",
        "task",
    },
    "paceline.testing": {"FakeClock", "World"},
    "paceline.train": {"Checkpoint", "checkpoint", "publish", "report", "requeue", "restore", "should_stop"},
}


@pytest.mark.parametrize("module", sorted(PUBLIC))
def test_public_names_are_these(module: str) -> None:
    assert set(importlib.import_module(module).__all__) == PUBLIC[module]


@pytest.mark.parametrize("name", sorted(f"{module}:{name}" for module, names in PUBLIC.items() for name in names))
def test_public_names_explain_themselves(name: str) -> None:
    module, _, attribute = name.partition(":")
    thing = getattr(importlib.import_module(module), attribute)
    assert isinstance(thing, str) or (thing.__doc__ or "").strip(), name
