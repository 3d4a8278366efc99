"""Which spans follow from what a server keeps."""

from collections.abc import Callable, Iterable, Sequence

import pytest

from paceline.model.columns import Attempts, Endings
from paceline.model.ids import JobId, WorkerId
from paceline.model.job import JobSpec, Range, Spec
from paceline.model.records import (
    AttemptRow,
    AttemptsGranted,
    AttemptsOver,
    JobKept,
    JobOver,
    LiveJob,
    Snapshot,
    TasksKept,
    WorkerKept,
)
from paceline.model.resources import Capacity
from paceline.model.task import Outcome, TaskState
from paceline.model.worker import Machine, WorkerState
from paceline.server.tracing import Tracing
from paceline.telemetry.span import Span, Verdict
from paceline.telemetry.traceparent import Traceparent, begin
from paceline.testing import FakeClock

PLACE = Traceparent(trace="4bf92f3577b34da6a3ce929d0e0e4736", span="00f067aa0ba902b7")
JOB, W1 = JobId(3), WorkerId(1)
WORKER = WorkerKept(
    worker=W1,
    name="w1",
    state=WorkerState.READY,
    at=0.0,
    machine=Machine(host="h", capacity=Capacity(cpu=1000, memory=0, disk=0)),
)


class Told:
    """Who collects, in a list."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def add(self, count: int, recipe: Callable[[], Iterable[Span]]) -> None:
        self.spans += recipe()


def job(place: Traceparent | None = PLACE, *, open: bool = False) -> JobKept:  # noqa: A002 - the spec's word
    env = (("TRACEPARENT", str(place)),) if place else ()
    run = Spec(kind="command", body=b"{}", env=env)
    return JobKept(job=JOB, spec=JobSpec(name="a", run=run, open=open, experiment="e"), at=100.0)


def granted(index: int, number: int, at: float) -> AttemptsGranted:
    return AttemptsGranted(worker=W1, attempts=Attempts(job=JOB, indexes=[index], numbers=[number]), at=at)


def over(index: int, number: int, at: float, outcome: Outcome, *, code: int = 0, retry_at: float = 0.0) -> AttemptsOver:
    endings = Endings(job=JOB, indexes=[index], numbers=[number], outcomes=[outcome], codes=[code], seconds=[1.5])
    return AttemptsOver(worker=W1, endings=endings, at=at, retry_at=[retry_at] if retry_at else ())


def snapshot(*jobs: LiveJob) -> Snapshot:
    return Snapshot(epoch=1, now=0.0, next_job=1, jobs=jobs, workers=[WORKER], tokens=[])


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def tracing(told: Told) -> Tracing:
    return Tracing(told, FakeClock(), snapshot())


def test_an_attempt_is_a_span_below_the_submission(told: Told, tracing: Tracing) -> None:
    tracing.kept([job(), granted(0, 1, 102.0)])
    tracing.kept([over(0, 1, 105.0, Outcome.SUCCEEDED)])
    [span] = told.spans
    assert (span.name, span.parent, span.at) == ("attempt a", PLACE.span, PLACE.of_attempt("3.0#1"))
    assert (span.began_at, span.ended_at, span.verdict) == (102.0, 105.0, Verdict.OK)
    assert span.attributes == {
        "paceline.job": 3,
        "paceline.job.name": "a",
        "paceline.experiment": "e",
        "paceline.task": "3.0",
        "paceline.attempt": 1,
        "paceline.kind": "command",
        "paceline.worker": "w1",
        "paceline.outcome": "SUCCEEDED",
        "process.exit.code": 0,
        "paceline.run_seconds": 1.5,
        "paceline.queued_seconds": 2.0,
    }


def test_a_further_attempt_waits_from_the_end_of_the_one_before(told: Told, tracing: Tracing) -> None:
    tracing.kept([job(), granted(0, 1, 102.0), over(0, 1, 105.0, Outcome.FAILED, code=3, retry_at=106.0)])
    tracing.kept([granted(0, 2, 109.0), over(0, 2, 110.0, Outcome.SUCCEEDED)])
    first, second = told.spans
    assert (first.verdict, first.told) == (Verdict.ERROR, "FAILED, exit code 3")
    assert (second.at.span, second.attributes["paceline.queued_seconds"]) == (PLACE.of_attempt("3.0#2").span, 4.0)


def test_what_a_worker_gave_back_unbegun_leaves_no_span_and_waited_on(told: Told, tracing: Tracing) -> None:
    tracing.kept([job(), granted(0, 1, 102.0), over(0, 1, 105.0, Outcome.RETURNED, retry_at=105.0)])
    tracing.kept([granted(0, 2, 106.0), over(0, 2, 110.0, Outcome.SUCCEEDED)])
    [span] = told.spans
    assert span.attributes["paceline.queued_seconds"] == 6.0


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.LOST, Verdict.ERROR),
        (Outcome.OOM, Verdict.ERROR),
        (Outcome.REJECTED, Verdict.ERROR),
        (Outcome.CANCELLED, Verdict.UNSET),
        (Outcome.REQUEUED, Verdict.UNSET),
        (Outcome.INTERRUPTED, Verdict.UNSET),
    ],
)
def test_what_is_nobodys_fault_is_no_error(outcome: Outcome, verdict: Verdict, told: Told, tracing: Tracing) -> None:
    tracing.kept([job(), granted(0, 1, 102.0), over(0, 1, 105.0, outcome)])
    assert [span.verdict for span in told.spans] == [verdict]


def test_tasks_of_an_open_job_wait_from_when_they_came(told: Told) -> None:
    tracing = Tracing(told, FakeClock(150.0), snapshot())
    tracing.kept([job(open=True), TasksKept(job=JOB, first=0, payloads=[b"", b""])])
    tracing.kept([granted(1, 1, 152.0), over(1, 1, 153.0, Outcome.SUCCEEDED)])
    assert [span.attributes["paceline.queued_seconds"] for span in told.spans] == [2.0]


def test_a_trace_that_the_server_began_has_a_submission(told: Told, tracing: Tracing) -> None:
    own = begin(bytes(range(16)))
    tracing.kept([job(own), granted(0, 1, 102.0), over(0, 1, 105.0, Outcome.SUCCEEDED)])
    submitted, attempt = told.spans
    assert (submitted.name, submitted.parent, submitted.at) == ("submit a", "", own)
    assert attempt.parent == own.span


def untraced() -> Sequence[Traceparent | None]:
    return [None, Traceparent(trace=PLACE.trace, span=PLACE.span, sampled=False)]


@pytest.mark.parametrize("place", untraced(), ids=["in no trace", "in one that nobody collects"])
def test_a_job_that_nobody_follows_leaves_nothing(place: Traceparent | None, told: Told, tracing: Tracing) -> None:
    tracing.kept([job(place), granted(0, 1, 102.0), over(0, 1, 105.0, Outcome.SUCCEEDED)])
    assert told.spans == []


def test_the_next_server_tells_of_what_began_under_the_last(told: Told) -> None:
    rows = [
        AttemptRow(index=0, number=1, worker=W1, granted_at=101.0),
        AttemptRow(index=1, number=1, worker=W1, granted_at=101.0, outcome="FAILED", retry_at=104.0),
    ]
    live = LiveJob(kept=job(begin(bytes(range(16)))), appended=0, shut=True, payloads={}, attempts=rows, cancels=[])
    tracing = Tracing(told, FakeClock(), snapshot(live))
    tracing.kept([over(0, 1, 105.0, Outcome.SUCCEEDED), granted(1, 2, 106.0), over(1, 2, 107.0, Outcome.SUCCEEDED)])
    first, second = told.spans
    assert (first.began_at, first.attributes["paceline.queued_seconds"]) == (101.0, 1.0)
    assert (second.began_at, second.attributes["paceline.queued_seconds"]) == (105.5, 2.0)


def test_a_job_that_is_over_is_forgotten(told: Told, tracing: Tracing) -> None:
    tracing.kept([job(), JobOver(job=JOB, at=106.0, state=TaskState.SUCCEEDED, counts={})])
    tracing.kept([over(0, 1, 107.0, Outcome.LOST)])
    assert told.spans == []


def test_arrays(told: Told, tracing: Tracing) -> None:
    run = Spec(kind="command", body=b"{}", env=(("TRACEPARENT", str(PLACE)),))
    kept = JobKept(job=JOB, spec=JobSpec(name="a", run=run, ranges=(Range(start=0, stop=1000),)), at=100.0)
    attempts, endings = Attempts(job=JOB, indexes=range(1000)), Endings(job=JOB, indexes=range(1000))
    tracing.kept([kept, AttemptsGranted(worker=W1, attempts=attempts, at=101.0)])
    tracing.kept([AttemptsOver(worker=W1, endings=endings, at=102.0)])
    assert len({span.at.span for span in told.spans}) == 1000
