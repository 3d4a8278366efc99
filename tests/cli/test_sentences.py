"""Lines of the event log as people read them."""

import click
import pytest

from paceline.cli.sentences import Sentences
from paceline.model.columns import Endings
from paceline.model.job import Range
from paceline.model.records import AttemptsOver, JobOver, JobShut, ModelChanged, Record, TokenSpent
from paceline.model.task import Outcome, TaskState
from paceline.model.views import EventView
from paceline.model.worker import WorkerState
from paceline.stores.audit import event
from tests.contracts.records import (
    JOB,
    NOW,
    WORKER,
    cancelled,
    checkpoint,
    dropped,
    ended,
    granted,
    job,
    payloads,
    spec,
    token,
    worker,
)

OVER = JobOver(job=JOB, at=NOW, state=TaskState.FAILED, counts={"SUCCEEDED": 4, "FAILED": 1, "CANCELLED": 0})
MANY = Endings(job=JOB, indexes=range(3), outcomes=[Outcome.SUCCEEDED, Outcome.FAILED, Outcome.SUCCEEDED])
RENAMED = ModelChanged(key="k-1", name="Forest", change="renamed", to="best", by="ada", at=NOW)


def said(record: Record) -> str:
    """Without colours and time."""
    text = click.unstyle(Sentences({3: "w3"}).of(event(record, NOW)))
    assert text.startswith("2023-11-14T22:13:2")
    return text.partition("  ")[2]


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (job(), 'job 1 "sum" was submitted by lab for ada: command, 4 tasks'),
        (job(of=spec(is_open=True)), 'job 1 "sum" was submitted by lab for ada: command, open'),
        (payloads(0, b"x", b"y"), "job 1 was handed the arguments of tasks 0-1"),
        (JobShut(job=JOB, count=7), "job 1 has all its tasks: 7"),
        (OVER, "job 1 is over: FAILED (4 succeeded, 1 failed)"),
        (cancelled(), "job 1 was cancelled by ada: typo"),
        (cancelled(Range(start=0, stop=2), Range(start=7, stop=8)), "job 1 (tasks 0-1, task 7) was cancelled by ada"),
        (granted(0, 1), "2 tasks of job 1 went to w3"),
        (granted(3, number=2), "task 1.3 (attempt 2) went to w3"),
        (AttemptsOver(worker=WORKER, endings=MANY, at=NOW), "3 tasks of job 1 ended on w3: 2 SUCCEEDED, 1 FAILED"),
        (ended(3, Outcome.FAILED), "task 1.3 ended on w3: FAILED (killed by signal 9 (SIGKILL)) after 0.1s"),
        (ended(3, Outcome.LOST, retry_at=NOW + 3), "after 0.1s; again from 2023-11-14T22:13:23.125Z on"),
        (worker(state=WorkerState.DRAINING), "worker w3 is DRAINING, by lab"),
        (token(expires_at=NOW + 60), 'join token abababababab "lab" was made by admin, good until 2023-11-14T22:14:20'),
        (TokenSpent(digest="ab" * 32, at=NOW, by="gpu"), "token abababababab was used up by gpu"),
        (TokenSpent(digest="ab" * 32, at=NOW, by="ada", revoked=True), "token abababababab was revoked by ada"),
        (RENAMED, 'model k-1 "Forest" was renamed "best" by ada'),
        (checkpoint(3), "attempt 1.0#1 left a checkpoint at step 3: 1 file, 1TiB"),
        (dropped(1, 2), "job 1: 2 checkpoints needed no more"),
    ],
)
def test_each_line_is_a_sentence(record: Record, text: str) -> None:
    assert text in said(record)


def test_a_name_is_learnt_from_the_line_that_tells_it() -> None:
    sentences = Sentences({})
    assert "went to worker 3" in sentences.of(event(granted(0), NOW))
    sentences.of(event(worker(), NOW))
    assert "went to w3" in sentences.of(event(granted(0), NOW))


def test_a_line_of_a_newer_server_is_told_as_it_is() -> None:
    line = EventView(seq=1, at=NOW, kind="gang_formed", subject="7", body='{"ranks": 4}')
    assert Sentences({}).of(line) == '2023-11-14T22:13:20.125Z  gang_formed 7 {"ranks": 4}'


def test_a_name_cannot_speak_to_the_terminal() -> None:
    wild = ModelChanged(key="k", name="\x1b[2J\n2026 job 1 was cancelled", change="removed", by="ada", at=NOW)
    assert said(wild) == 'model k "\\u001b[2J\\n2026 job 1 was cancelled" was removed by ada'
