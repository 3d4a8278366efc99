"""A supervisor per test, in a directory of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.supervisor.host import Host


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    yield host
    host.close()
