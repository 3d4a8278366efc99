"""Where tasks run that name no directory is made with care."""

import os
from pathlib import Path

import pytest

from paceline.agent.scratch import make_scratch
from paceline.config import WorkerOptions
from paceline.model.errors import UsageError


def at(place: Path) -> WorkerOptions:
    return WorkerOptions(server="", name="w1", working_dir=str(place))


def test_it_is_there_for_its_owner_alone(tmp_path: Path) -> None:
    make_scratch(at(tmp_path / "work"))
    made = tmp_path / "work" / "w1" / "scratch"
    assert made.is_dir()
    assert made.stat().st_mode & 0o777 == 0o700
    make_scratch(at(tmp_path / "work"))


def test_without_a_working_directory_it_is_in_the_workers_own(tmp_path: Path) -> None:
    assert WorkerOptions(server="", name="w1", home=tmp_path).scratch == tmp_path / "workers" / "w1" / "scratch"


def test_ones_own_home_may_be_made_of_links(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "w1").symlink_to(tmp_path / "disk")
    make_scratch(WorkerOptions(server="", name="w1", home=tmp_path))
    assert (tmp_path / "disk" / "scratch").is_dir()


def test_the_working_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "work").symlink_to("disk")
    make_scratch(at(tmp_path / "work"))
    assert (tmp_path / "disk" / "w1" / "scratch").is_dir()


@pytest.mark.parametrize("link", ["w1", "w1/scratch"])
def test_a_link_below_it_is_refused(tmp_path: Path, link: str) -> None:
    (tmp_path / "precious" / "scratch").mkdir(parents=True)
    (tmp_path / "work" / link).parent.mkdir(parents=True)
    (tmp_path / "work" / link).symlink_to(tmp_path / "precious")
    with pytest.raises(UsageError, match="leads elsewhere or belongs to somebody else") as refused:
        make_scratch(at(tmp_path / "work"))
    assert "nobody else can write" in refused.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    make_scratch(at(tmp_path))
    os.chown(at(tmp_path).scratch, 1, 1)
    with pytest.raises(UsageError, match="belongs to somebody else"):
        make_scratch(at(tmp_path))


def test_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("")
    with pytest.raises(
        UsageError, match=r"worker\.working_dir: .*w1/scratch cannot be made: Not a directory"
    ) as refused:
        make_scratch(at(tmp_path / "work"))
    assert "may write" in refused.value.hint
