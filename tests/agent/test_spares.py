"""What attempts leave behind serves the next ones, and nothing of what was in it does."""

import os
from pathlib import Path

import pytest

from paceline.agent.spares import MOST, Spares


@pytest.fixture
def spares(tmp_path: Path) -> Spares:
    return Spares(tmp_path / "spares")


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """The output of an attempt."""
    path = tmp_path / "1.0.1.out"
    path.touch(mode=0o600)
    path.write_text("a secret")
    return path


def test_a_file_comes_back_empty_under_another_name(spares: Spares, used: Path, tmp_path: Path) -> None:
    inode = used.stat().st_ino
    spares.take_file(str(used))
    assert not used.exists()
    other = tmp_path / "1.1.1.out"
    spares.put_file(str(other))
    assert (other.stat().st_ino, other.stat().st_size) == (inode, 0)


def test_without_spares_nothing_is_put(spares: Spares, tmp_path: Path) -> None:
    spares.put_file(str(tmp_path / "file"))
    spares.put_directory(str(tmp_path / "directory"))
    assert [path.name for path in tmp_path.iterdir()] == ["spares"]


def test_what_is_there_is_never_replaced(spares: Spares, used: Path, tmp_path: Path) -> None:
    spares.take_file(str(used))
    used.write_text("output of an attempt that was adopted")
    spares.put_file(str(used))
    assert used.read_text() == "output of an attempt that was adopted"


def test_a_file_that_somebody_still_has_open_is_removed(spares: Spares, used: Path, tmp_path: Path) -> None:
    with used.open("a") as leaked:
        spares.take_file(str(used))
        leaked.write("late")
    assert not used.exists()
    spares.put_file(str(tmp_path / "next"))
    assert not (tmp_path / "next").exists()


@pytest.mark.parametrize("change", ["mode", "link", "symlink", "fifo"])
def test_a_file_that_is_not_as_we_made_it_is_removed(spares: Spares, used: Path, tmp_path: Path, change: str) -> None:
    if change == "mode":
        used.chmod(0o666)
    elif change == "link":
        os.link(used, tmp_path / "kept by the user")
    else:
        used.unlink()
        if change == "fifo":
            os.mkfifo(used, 0o600)
        else:
            used.symlink_to(tmp_path / "elsewhere")
    spares.take_file(str(used))
    assert not os.path.lexists(used)
    spares.put_file(str(tmp_path / "next"))
    assert not (tmp_path / "next").exists()
    if change == "link":
        assert (tmp_path / "kept by the user").read_text() == "a secret"


def test_an_empty_directory_serves_again(spares: Spares, tmp_path: Path) -> None:
    scratch, other = tmp_path / "1.0.1", tmp_path / "1.1.1"
    scratch.mkdir()
    inode = scratch.stat().st_ino
    assert spares.take_directory(str(scratch))
    spares.put_directory(str(other))
    assert other.stat().st_ino == inode
    assert list(other.iterdir()) == []


def test_a_directory_with_something_in_it_stays_where_it_is(spares: Spares, tmp_path: Path) -> None:
    scratch = tmp_path / "1.0.1"
    scratch.mkdir()
    (scratch / "model.bin").touch()
    assert not spares.take_directory(str(scratch))
    assert (scratch / "model.bin").exists()


def test_a_directory_that_is_not_as_we_made_it_is_removed(spares: Spares, tmp_path: Path) -> None:
    scratch = tmp_path / "1.0.1"
    scratch.mkdir()
    scratch.chmod(0o777)
    assert spares.take_directory(str(scratch))
    assert not scratch.exists()
    spares.put_directory(str(scratch))
    assert not scratch.exists()


def test_what_is_not_there_is_as_good_as_removed(spares: Spares, tmp_path: Path) -> None:
    spares.take_file(str(tmp_path / "nothing"))
    assert spares.take_directory(str(tmp_path / "nothing"))


def test_only_so_many_are_kept_and_none_of_an_earlier_agent(spares: Spares, tmp_path: Path) -> None:
    for number in range(MOST + 5):
        path = tmp_path / f"{number}.out"
        path.touch(mode=0o600)
        spares.take_file(str(path))
    assert len(list((tmp_path / "spares").iterdir())) == MOST
    Spares(tmp_path / "spares")
    assert list((tmp_path / "spares").iterdir()) == []
