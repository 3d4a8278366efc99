"""When a checkpoint is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from paceline.tasks.train.params import RandomForestParams
from paceline.tasks.train.resume import Checkpoints
from paceline.testing import FakeClock
from tests.tasks.train.samples import parts
from tests.tasks.train.session import DirectorySession


def checkpoints(session: DirectorySession, clock: FakeClock) -> Checkpoints:
    return Checkpoints(RandomForestParams(data="x.csv", checkpoint_seconds=10), parts("wine"), session, clock)


def write(folder: Path) -> None:
    (folder / "weights").write_text("1 2 3")


def steps(session: DirectorySession) -> list[int]:
    return sorted(int(path.name.split()[0]) for path in session.place.glob("[0-9]*"))


def test_one_is_due_after_a_while(tmp_path: Path) -> None:
    session, clock = DirectorySession(tmp_path), FakeClock()
    kept = checkpoints(session, clock)
    for step in range(1, 31):
        clock.advance(1)
        kept.keep(write, step=step)
    assert steps(session) == [10, 20, 30]


def test_large_ones_do_not_eat_the_time(tmp_path: Path) -> None:
    clock = FakeClock()

    class Slow(DirectorySession):
        @contextmanager
        def checkpoint(self, **about: Any) -> Iterator[Path]:
            with super().checkpoint(**about) as folder:
                yield folder
            clock.advance(2)

    session = Slow(tmp_path)
    kept = checkpoints(session, clock)
    for step in range(1, 220):
        clock.advance(1)
        kept.keep(write, step=step)
    assert steps(session) == [10, 210]  # 2 s to write, then 200 s without


def test_whoever_is_to_end_writes_one_at_once(tmp_path: Path) -> None:
    session = DirectorySession(tmp_path, stops=lambda reports: True)
    with pytest.raises(SystemExit):
        checkpoints(session, FakeClock()).keep(write, step=3)
    assert steps(session) == [3]


@pytest.mark.parametrize("step", [0, 3])
def test_what_is_kept_already_is_not_written_again(tmp_path: Path, step: int) -> None:
    before = DirectorySession(tmp_path, stops=lambda reports: True)
    with pytest.raises(SystemExit):
        checkpoints(before, FakeClock()).keep(write, step=3)
    session = DirectorySession(tmp_path, stops=lambda reports: True)
    kept = checkpoints(session, FakeClock())
    assert kept.restore() is not None
    with pytest.raises(SystemExit):
        kept.keep(lambda folder: pytest.fail("written"), step=step)
