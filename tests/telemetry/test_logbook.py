"""What the server logs of what it keeps."""

from collections.abc import Sequence
from typing import Any

import pytest

from paceline import telemetry
from paceline.model.columns import Attempts, Endings
from paceline.model.ids import JobId, WorkerId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    JobKept,
    JobOver,
    ModelChanged,
    Record,
    TokenKept,
    TokenSpent,
    WorkerKept,
)
from paceline.model.resources import Capacity
from paceline.model.task import Outcome, TaskState
from paceline.model.worker import Machine, WorkerState
from paceline.server.logbook import Logbook
from tests.telemetry.conftest import Lines

JOB, W1 = JobId(3), WorkerId(1)
MACHINE = Machine(host="h", capacity=Capacity(cpu=1000, memory=0, disk=0))
SECRET = "S3cret-S3cret-S3cret"


def job(number: int = 3, **spec: Any) -> JobKept:
    run = Spec(kind="command", body=SECRET.encode(), env=(("KEY", SECRET),))
    return JobKept(job=JobId(number), spec=JobSpec(name="a", run=run, **spec), at=1.0, by="ada")


def worker(state: WorkerState, reason: str = "", by: str = "") -> WorkerKept:
    return WorkerKept(worker=W1, name="w1", state=state, machine=MACHINE, at=1.0, reason=reason, by=by)


def over(*outcomes: Outcome) -> AttemptsOver:
    endings = Endings(job=JOB, indexes=range(len(outcomes)), outcomes=outcomes, details=[SECRET] * len(outcomes))
    return AttemptsOver(worker=W1, endings=endings, at=2.0)


def told(lines: Lines, *records: Record) -> list[dict[str, Any]]:
    """Without what every line has; from ``info`` on."""
    Logbook(telemetry.log("server"), [worker(WorkerState.READY)]).kept(records)
    found = [each for each in lines() if each["level"] != "debug"]
    return [{name: value for name, value in each.items() if name not in ("time", "process")} for each in found]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (
            job(ranges=(Range(start=0, stop=10, step=2),)),
            {"event": "job submitted", "job": 3, "name": "a", "kind": "command", "tasks": 5, "by": "ada"},
        ),
        (
            job(open=True),
            {"event": "job submitted", "job": 3, "name": "a", "kind": "command", "open": True, "by": "ada"},
        ),
        (
            JobOver(job=JOB, at=2.0, state=TaskState.FAILED, counts={"FAILED": 1, "SUCCEEDED": 4}),
            {"event": "job over", "job": 3, "state": "FAILED", "tasks": {"FAILED": 1, "SUCCEEDED": 4}},
        ),
        (
            CancelKept(
                job=JOB,
                ranges=[Range(start=0, stop=4)],
                outcome=Outcome.CANCELLED,
                by="ada",
                reason="enough",
                at=1.0,
            ),
            {"event": "cancel", "job": 3, "tasks": 4, "outcome": "CANCELLED", "reason": "enough", "by": "ada"},
        ),
        (
            TokenKept(digest="d", role="join", name="w2", at=1.0, expires_at=1_700_000_000.0, by="ada"),
            {
                "event": "token created",
                "role": "join",
                "name": "w2",
                "until": "2023-11-14T22:13:20.000Z",
                "by": "ada",
            },
        ),
        (TokenSpent(digest="d", at=1.0, by="w2"), {"event": "token spent", "by": "w2"}),
        (
            ModelChanged(key="rf-1", name="RandomForest", change="published", by="w1", at=1.0),
            {"event": "model published", "model": "rf-1", "name": "RandomForest", "by": "w1"},
        ),
    ],
    ids=lambda each: type(each).__name__ if not isinstance(each, dict) else "",
)
def test_what_became_so(record: Record, line: dict[str, Any], lines: Lines) -> None:
    assert told(lines, record) == [{"level": "info", **line}]


@pytest.mark.parametrize(
    ("states", "events"),
    [
        ([WorkerState.AWAY, WorkerState.READY], ["worker away", "worker back"]),
        ([WorkerState.DRAINING, WorkerState.READY], ["worker draining", "worker resumed"]),
        ([WorkerState.LOST, WorkerState.READY], ["worker lost", "worker joined"]),
        ([WorkerState.LEFT, WorkerState.READY], ["worker left", "worker joined"]),
        ([WorkerState.READY], ["worker joined"]),
    ],
)
def test_how_workers_come_and_go(states: Sequence[WorkerState], events: list[str], lines: Lines) -> None:
    found = told(lines, *map(worker, states))
    assert [each["event"] for each in found] == events
    assert [each["level"] == "warning" for each in found] == [each == "worker lost" for each in events]


def test_who_wanted_it_so(lines: Lines) -> None:
    [line] = told(lines, worker(WorkerState.DRAINING, reason="maintenance", by="ada"))
    assert (line["reason"], line["by"]) == ("maintenance", "ada")


def test_a_crowd_is_counted(lines: Lines) -> None:
    ends = [JobOver(job=JobId(n), at=2.0, state=TaskState.SUCCEEDED, counts={}) for n in range(1, 101)]
    found = told(lines, *(job(number) for number in range(1, 101)), *ends)
    assert found == [
        {"level": "info", "event": "jobs submitted", "count": 100, "first": 1, "last": 100, "by": "ada"},
        {"level": "info", "event": "jobs over", "count": 100, "first": 1, "last": 100},
    ]


def test_attempts_that_went_well_or_failed_by_their_own_doing_are_not_told(lines: Lines) -> None:
    granted = AttemptsGranted(worker=W1, attempts=Attempts(job=JOB, indexes=range(3)), at=1.0)
    assert told(lines, granted, over(), over(Outcome.SUCCEEDED, Outcome.FAILED, Outcome.CANCELLED)) == []


def test_those_that_an_operator_should_know_of_are_one_line_for_each_sort(lines: Lines) -> None:
    found = told(lines, over(Outcome.LOST, Outcome.SUCCEEDED, Outcome.OOM, Outcome.LOST))
    assert sorted(found, key=lambda each: str(each["outcome"])) == [
        {
            "level": "warning",
            "event": "attempts ended badly",
            "outcome": "LOST",
            "count": 2,
            "job": 3,
            "task": "3.0",
            "attempt": "3.0#1",
            "worker": "w1",
        },
        {
            "level": "warning",
            "event": "attempt ended badly",
            "outcome": "OOM",
            "job": 3,
            "task": "3.2",
            "attempt": "3.2#1",
            "worker": "w1",
        },
    ]


def test_in_detail_every_attempt_is_told(lines: Lines) -> None:
    granted = AttemptsGranted(worker=W1, attempts=Attempts(job=JOB, indexes=[0, 1], numbers=[1, 4]), at=1.0)
    told(lines, granted, over(Outcome.FAILED))
    events = [(each["event"], each["attempt"], each["worker"]) for each in lines()]
    assert events == [
        ("attempt granted", "3.0#1", "w1"),
        ("attempt granted", "3.1#4", "w1"),
        ("attempt ended", "3.0#1", "w1"),
    ]


def test_no_argument_environment_or_word_of_a_program_is_ever_told(lines: Lines) -> None:
    told(lines, job(), over(Outcome.OOM, Outcome.FAILED), TokenKept(digest=SECRET, role="admin", name="x", at=1.0))
    assert lines()
    assert SECRET not in str(lines())
