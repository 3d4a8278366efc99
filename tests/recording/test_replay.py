"""What was recorded is decided again, to the byte, and whatever is not is named."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import msgspec
import pytest

from paceline.cli.main import run
from paceline.model.errors import NotFound, UsageError
from paceline.model.events import AttemptsEnded, AttemptsStarted, Event, JobsSubmitted
from paceline.model.ids import JobId
from paceline.model.task import Outcome
from paceline.recording.codec import Frame, Raised, Start, encode_frame
from paceline.recording.codec import Outcome as Decided
from paceline.recording.file import MAGIC, frame
from paceline.recording.replay import replay
from paceline.testing.world import job_spec
from tests.recording.taped import TapedWorld, frames, live, rewrite, save


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tape"


@pytest.fixture(params=[False, True], ids=["bare", "with contents"])
def world(path: Path, request: pytest.FixtureRequest) -> Iterator[TapedWorld]:
    """Has lived, and lives on."""
    with TapedWorld(path, contents=request.param) as world:
        live(world)
        yield world


@pytest.fixture
def young(path: Path) -> Iterator[TapedWorld]:
    """Nothing has happened yet."""
    with TapedWorld(path) as world:
        yield world


def test_every_decision_is_the_same(world: TapedWorld) -> None:
    found = replay(world.path)
    assert found.differences == []
    assert found.torn == -1
    [section] = found.sections
    steps = [each for each in frames(world.path) if isinstance(each, Decided)]
    assert section.steps == len(steps) > 20
    assert section.digest == steps[-1].chain.hex()
    assert section.until == world.clock.now()


def test_a_restart_is_a_section_that_begins_with_what_was_kept(world: TapedWorld) -> None:
    job = world.submit(tasks=3)
    world.restart()
    for worker in world.hands.values():
        worker.join()
    while busy := [worker for worker in world.hands.values() if worker.held]:
        for worker in busy:
            worker.end()
    assert world.counts(job)
    found = replay(world.path)
    assert found.differences == []
    assert [section.jobs for section in found.sections] == [0, 2]


def test_what_work_is_about_is_left_out_unless_asked_for(world: TapedWorld) -> None:
    kept = world.path.read_bytes()
    world.restart()
    kept += world.path.read_bytes()
    assert (b"hunter2" in kept) == world.contents
    assert b"credential" not in kept
    assert b"changed my mind" in kept


def test_a_recording_is_its_owners_alone(world: TapedWorld) -> None:
    assert world.path.stat().st_mode & 0o777 == 0o600


Change: TypeAlias = Callable[[Frame, Frame], Sequence[Frame | bytes]]
"""What stands in the place of the first two frames."""


def replaced(kept: Frame, **fields: object) -> Frame:
    return msgspec.structs.replace(kept, **fields)


def fails_once(event: Event) -> Event:
    """One task of an array did not fail after all."""
    if isinstance(event, AttemptsEnded) and Outcome.FAILED in event.endings.outcomes and 3 in event.endings.codes:
        return replace(event, endings=replace(event.endings, outcomes=(), codes=()))
    return event


def test_an_event_that_was_altered_is_found(world: TapedWorld, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(world.path, fails_once)
    [difference] = replay(world.path).differences
    assert (difference.section, difference.what) == (1, "was decided otherwise")
    assert any(line.startswith("AttemptsEnded worker=2 endings.job=1") for line in difference.events)
    assert any("keep AttemptsOver worker=2" in line and "FAILED" in line for line in difference.recorded)
    assert any("keep AttemptsOver worker=2" in line and "FAILED" not in line for line in difference.decided)

    assert run(["replay", str(world.path)]) == 1
    told = capsys.readouterr().out
    assert f"section 1, step {difference.step}, at 2023-11-14T" in told
    assert "  - keep AttemptsOver worker=2" in told
    assert "  + keep AttemptsOver worker=2" in told


def test_an_event_that_decides_nothing_cannot_be_altered_either(world: TapedWorld) -> None:

    def unsaid(event: Event) -> Event:
        return (
            replace(event, attempts=replace(event.attempts, job=JobId(99)))
            if isinstance(event, AttemptsStarted)
            else event
        )

    rewrite(world.path, unsaid)
    [difference] = replay(world.path).differences
    assert "the hash of all up to here is another" in difference.what


def test_steps_that_were_taken_out_are_missed(world: TapedWorld) -> None:
    kept = frames(world.path)
    save(world.path, [*kept[:3], *kept[5:]])
    assert len(replay(world.path).differences) == 1


@pytest.mark.parametrize("lost", [1, 7, 9, 200])
def test_a_server_that_was_killed_leaves_an_unfinished_frame(world: TapedWorld, lost: int) -> None:
    whole = replay(world.path).sections[0].steps
    size = world.path.stat().st_size
    os.truncate(world.path, size - lost)
    found = replay(world.path)
    assert found.differences == []
    assert 0 < found.torn < size
    assert found.sections[0].steps < whole


def test_the_next_server_cuts_that_off(world: TapedWorld) -> None:
    os.truncate(world.path, world.path.stat().st_size - 1)
    world.restart()
    found = replay(world.path)
    assert found.torn == -1
    assert len(found.sections) == 2


def test_a_damaged_byte_is_named(world: TapedWorld) -> None:
    kept = bytearray(world.path.read_bytes())
    kept[len(kept) // 2] ^= 1
    world.path.write_bytes(kept)
    with pytest.raises(UsageError, match=r"tape: is damaged at byte \d+, after \d+ frames"):
        replay(world.path)


def test_a_failure_of_the_core_is_on_tape(young: TapedWorld) -> None:
    bad = JobsSubmitted(specs=[job_spec(tasks=2)], payloads=[[b"one of two"]])
    with pytest.raises(ValueError, match="zip"):
        young.step(bad)
    found = replay(young.path)
    assert found.differences == []
    assert isinstance(frames(young.path)[-1], Raised)


def test_a_failure_that_is_mended_is_a_difference(young: TapedWorld) -> None:
    young.join()
    young.tape.failure([], young.clock.now(), KeyError("gone"))
    [difference] = replay(young.path).differences
    assert difference.what == "did not fail; it was recorded as KeyError('gone')"
    assert difference.decided == ["wake at 1700000020.0"]


def test_a_failure_that_is_new_is_a_difference(young: TapedWorld) -> None:
    young.submit(tasks=2, payloads=[b"a", b"b"])

    def cut(event: Event) -> Event:
        return replace(event, payloads=[[b"a"]]) if isinstance(event, JobsSubmitted) else event

    rewrite(young.path, cut)
    [difference] = replay(young.path).differences
    assert difference.what.startswith("failed: ValueError('zip()")
    assert any(line.startswith("keep JobKept") for line in difference.recorded)


def test_a_failure_of_another_kind_is_a_difference(young: TapedWorld) -> None:
    bad = JobsSubmitted(specs=[job_spec(tasks=2)], payloads=[[b"one of two"]])
    young.tape.failure([bad], young.clock.now(), KeyError("gone"))
    [difference] = replay(young.path).differences
    assert "it was recorded as KeyError('gone')" in difference.what


# ── files that are none ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="gone: No such file"):
        replay(tmp_path / "gone")


def test_what_is_something_else(path: Path) -> None:
    path.write_text("dear diary")
    with pytest.raises(UsageError, match="tape: is no recording"):
        replay(path)


def test_what_begins_in_the_middle(world: TapedWorld) -> None:
    save(world.path, [each for each in frames(world.path) if not isinstance(each, Start)])
    with pytest.raises(UsageError, match="tape: begins in the middle"):
        replay(world.path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda start, step: (b"\x81\xa4type\xa5later",), "frame 1 cannot be read: Invalid value 'later'"),
        (
            lambda start, step: (replaced(start, strategy="best"),),
            "frame 1 cannot be read: there is no strategy 'best'",
        ),
        (
            lambda start, step: (start, replaced(step, events=msgspec.Raw(b"\x91\x92\xa5Later\x80"))),
            "frame 3 cannot be read: there is no event 'Later'",
        ),
    ],
)
def test_what_another_version_wrote(young: TapedWorld, change: Change, message: str) -> None:
    young.submit()
    start, step, outcome = frames(young.path)
    save(young.path, [])
    with young.path.open("ab") as file:
        for each in (*change(start, step), outcome):
            file.write(frame(each if isinstance(each, bytes) else encode_frame(each)))
    with pytest.raises(UsageError) as refused:
        replay(young.path)
    assert refused.value.message.startswith(f"{young.path}: {message}")


def test_another_version_is_named(young: TapedWorld, capsys: pytest.CaptureFixture[str]) -> None:
    start, *rest = frames(young.path)
    save(young.path, [replaced(start, version="0.0.1"), *rest])
    assert run(["replay", str(young.path)]) == 0
    assert "recorded by version 0.0.1, played by " in capsys.readouterr().out


def test_an_empty_recording_is_one(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(MAGIC)
    assert run(["replay", str(path)]) == 0
    assert "the recording is empty" in capsys.readouterr().out


def test_it_is_told_what_was_played(world: TapedWorld, capsys: pytest.CaptureFixture[str]) -> None:
    os.truncate(world.path, world.path.stat().st_size - 1)
    assert run(["replay", str(world.path)]) == 0
    told = capsys.readouterr().out
    assert "it ends in the middle of a frame, at byte" in told
    assert told.endswith("every decision is the same\n")
