"""What the tests of the core share."""

import pytest

from tests.core.audited import AuditedWorld


@pytest.fixture
def world() -> AuditedWorld:
    """An empty fleet that is checked after every step."""
    return AuditedWorld()
