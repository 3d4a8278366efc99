"""Who runs, in a file."""

import subprocess
from pathlib import Path

import pytest

from paceline.executors.roster import Roster, moment, survivors
from paceline.executors.tree import look


def test_who_entered_and_did_not_leave_survives(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    before = moment()
    slots = [roster.enter(pid) for pid in range(1, 6)]
    roster.leave(slots[0])
    roster.leave(slots[3])
    left = dict(survivors(tmp_path / "roster"))
    assert sorted(left) == [2, 3, 5]
    assert all(before <= then <= moment() for then in left.values())
    roster.close()


def test_it_grows(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    for pid in range(1, 10_001):
        roster.enter(pid)
    assert len(list(survivors(tmp_path / "roster"))) == 10_000
    roster.close()


def test_slots_are_used_again(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    size = (tmp_path / "roster").stat().st_size
    for pid in range(1, 20_000):
        roster.leave(roster.enter(pid))
    assert (tmp_path / "roster").stat().st_size == size
    roster.close()


def test_without_a_file_there_is_nobody(tmp_path: Path) -> None:
    assert list(survivors(tmp_path / "roster")) == []


def test_nobody_survives_the_machine(tmp_path: Path) -> None:
    Roster(tmp_path / "roster").enter(1)
    data = (tmp_path / "roster").read_bytes()
    (tmp_path / "roster").write_bytes(b"00000000" + data[8:])
    assert list(survivors(tmp_path / "roster")) == []


def test_a_file_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    roster.enter(1)
    roster.enter(2)
    roster.close()
    data = (tmp_path / "roster").read_bytes()
    (tmp_path / "roster").write_bytes(data[: 64 + 16 + 7])
    assert [pid for pid, _ in survivors(tmp_path / "roster")] == [1]


@pytest.mark.system
def test_a_moment_is_told_apart_from_a_later_start() -> None:
    process = subprocess.Popen(["sleep", "1000"])
    then = moment()
    found = look(process.pid)
    process.kill()
    process.wait()
    assert found is not None
    assert then - 1000 < found.started <= then
