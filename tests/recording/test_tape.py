"""Where a server may record, and what happens when it no longer can."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paceline.model.errors import Conflict, UsageError
from paceline.recording.replay import replay
from paceline.recording.tape import Tape
from tests.recording.taped import TapedWorld, live


def open_tape(path: Path) -> Tape:
    return Tape(path, contents=False, stopped=lambda text: None)


def test_only_one_server_records_to_a_file(tmp_path: Path) -> None:
    first = open_tape(tmp_path / "tape")
    with pytest.raises(Conflict, match="tape: another server records there"):
        open_tape(tmp_path / "tape")
    first.close()
    open_tape(tmp_path / "tape").close()


def test_nothing_else_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "thesis.txt"
    path.write_text("the work of years")
    with pytest.raises(UsageError, match="is there already and is no recording") as refused:
        open_tape(path)
    assert refused.value.hint == "give a path to a new file"
    assert path.read_text() == "the work of years"


def test_what_is_damaged_is_left_alone(tmp_path: Path) -> None:
    with TapedWorld(tmp_path / "tape") as world:
        live(world)
    kept = bytearray(world.path.read_bytes())
    kept[len(kept) // 2] ^= 1
    world.path.write_bytes(kept)
    with pytest.raises(UsageError, match="is damaged at byte"):
        open_tape(world.path)
    assert world.path.read_bytes() == kept


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"--record: cannot write {tmp_path}: Is a directory"):
        open_tape(tmp_path)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    with TapedWorld(tmp_path / "tape") as world, room_for(2000):
        live(world)
    assert world.said == [f"nothing is recorded to {world.path} any more: File too large"]
    found = replay(world.path)
    assert found.differences == []
    assert found.torn > 0
