"""Who runs, in a file."""

from pathlib import Path

from paceline.executors.roster import Roster, survivors


def test_who_entered_and_did_not_leave_survives(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    slots = [roster.enter(pid, pid * 10) for pid in range(1, 6)]
    roster.leave(slots[0])
    roster.leave(slots[3])
    assert sorted(survivors(tmp_path / "roster")) == [(2, 20), (3, 30), (5, 50)]
    roster.close()


def test_it_grows(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    for pid in range(1, 10_001):
        roster.enter(pid, pid)
    assert len(list(survivors(tmp_path / "roster"))) == 10_000
    roster.close()


def test_slots_are_used_again(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    size = (tmp_path / "roster").stat().st_size
    for pid in range(1, 20_000):
        roster.leave(roster.enter(pid, pid))
    assert (tmp_path / "roster").stat().st_size == size
    roster.close()


def test_without_a_file_there_is_nobody(tmp_path: Path) -> None:
    assert list(survivors(tmp_path / "roster")) == []


def test_nobody_survives_the_machine(tmp_path: Path) -> None:
    Roster(tmp_path / "roster").enter(1, 1)
    data = (tmp_path / "roster").read_bytes()
    (tmp_path / "roster").write_bytes(b"00000000" + data[8:])
    assert list(survivors(tmp_path / "roster")) == []


def test_a_file_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    roster = Roster(tmp_path / "roster")
    roster.enter(1, 10)
    roster.enter(2, 20)
    roster.close()
    data = (tmp_path / "roster").read_bytes()
    (tmp_path / "roster").write_bytes(data[: 64 + 16 + 7])
    assert list(survivors(tmp_path / "roster")) == [(1, 10)]
