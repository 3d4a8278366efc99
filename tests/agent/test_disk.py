"""The disks that a worker works on."""

from pathlib import Path

import pytest

from paceline.agent.disk import look


def test_free_space_of_one_disk(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    found = look(tmp_path, tmp_path / "work", tmp_path)
    assert found.free > 0
    assert not found.fault
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


def test_a_disk_that_cannot_be_written_is_the_worst(tmp_path: Path) -> None:
    found = look(tmp_path, Path("/sys"))
    assert found.fault
    assert look(Path("/sys"), tmp_path) == found


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        look(tmp_path, tmp_path / "gone")
