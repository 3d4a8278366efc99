"""What the tests of the core share."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.audited import AuditedWorld


@pytest.fixture
def world() -> AuditedWorld:
    """An empty fleet that is checked after every step."""
    return AuditedWorld()


@pytest.fixture
def settle() -> Callable[[Path, str], None]:
    """Compare a scenario's file with how it goes now, or with ``PACELINE_REWRITE`` set, write that down."""

    def compare(path: Path, told: str) -> None:
        if os.environ.get("PACELINE_REWRITE"):
            path.write_text(told)
        assert path.read_text() == told

    return compare
