"""What the tests of logs and traces share."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from paceline import telemetry
from paceline.telemetry.logs import Output

Lines: TypeAlias = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def quiet() -> Iterator[None]:
    """What ``configure`` did is undone."""
    root, ours = logging.getLogger(), logging.getLogger("paceline")
    before = root.level, ours.level
    yield
    for each in [each for each in root.handlers if isinstance(each, Output)]:
        root.removeHandler(each)
    root.setLevel(before[0])
    ours.setLevel(before[1])
    logging.captureWarnings(capture=False)


@pytest.fixture
def lines(quiet: None) -> Lines:
    """What this process logs as JSON, from ``debug`` on."""
    out = io.StringIO()
    telemetry.configure("test", level="debug", form="json", to=out)
    return lambda: [json.loads(line) for line in out.getvalue().splitlines()]
