"""Every example in every document does what the document says, against a live fleet."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tests.architecture.test_texts import documents
from tests.docs.examples import examples, run
from tests.system.conftest import Fleet


def stories() -> Sequence[Path]:
    """Documents that hold at least one example."""
    return [path for path in documents() if any(examples(path.read_text()))]


@pytest.fixture
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """As a reader has it: nothing done yet, and the shell finds ``paceline`` and the ``python`` it is installed in."""
    fleet = Fleet(tmp_path_factory.mktemp("fleet"))
    fleet.env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    fleet.start_server()
    fleet.start_worker("w1", "--cpus", "4")
    yield fleet
    fleet.stop()


@pytest.mark.system
@pytest.mark.parametrize("document", stories(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_examples_do_what_is_said(document: Path, fleet: Fleet, tmp_path: Path) -> None:
    for example in examples(document.read_text()):
        complaint = run(example, tmp_path, fleet.env)
        if complaint:
            pytest.fail(f"{document.name}, {complaint}", pytrace=False)
