"""Every example in every document does what the document says, against a live fleet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.architecture.test_texts import documents
from tests.docs.examples import examples, run
from tests.system.conftest import Fleet, fleet

__all__ = ["fleet"]  # the fixture


def stories() -> Iterator[Path]:
    """Documents that hold at least one example."""
    yield from (path for path in documents() if any(examples(path.read_text())))


@pytest.mark.system
@pytest.mark.parametrize("document", stories(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_do_what_is_said(document: Path, fleet: Fleet, tmp_path: Path) -> None:  # noqa: F811 - a fixture
    for example in examples(document.read_text()):
        complaint = run(example, tmp_path, fleet.environment)
        assert not complaint, f"{document.name}, {complaint}"
