"""What each event does to jobs and tasks."""

from dataclasses import replace

import pytest

from paceline.model.columns import Endings
from paceline.model.decision import Done, Drop, Grant, Settled, Stop
from paceline.model.events import AttemptsEnded, CancelAsked, JobClosed, ReportCame, TasksAppended
from paceline.model.ids import AttemptId, JobId, TaskId
from paceline.model.job import Range, Retry
from paceline.model.records import AttemptsGranted, AttemptsOver, CancelKept, JobOver, JobShut, Reported
from paceline.model.task import POISON_LIMIT, Outcome, TaskState
from paceline.testing.world import World, job_spec
from tests.core.audited import AuditedWorld

NO_WAIT = Retry(base=0.0)


def attempt(job: int, index: int = 0, number: int = 1) -> AttemptId:
    return AttemptId(JobId(job), index, number)


def cancel(world: AuditedWorld, job: int, *ranges: Range) -> Done:
    answer = world.ask(CancelAsked(job=JobId(job), ranges=ranges, by="ada", reason="enough"))
    assert isinstance(answer, Done)
    return answer


# ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_task_runs_and_its_job_is_over(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    decision = worker.end()
    assert [type(record) for record in decision.records] == [AttemptsOver, JobOver]
    assert [type(message) for _, message in decision.messages] == [Settled]
    assert world.counts(job) == {TaskState.SUCCEEDED: 1}
    assert not world.cluster.jobs
    assert not worker.held


def test_an_end_told_twice_is_recorded_once(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit(tasks=2)
    worker.end(attempt(1))
    again = worker.end(attempt(1), outcome=Outcome.FAILED)
    assert again.records == []
    assert [message for _, message in again.messages] == [
        Settled(attempts=replace(again.messages[0][1].attempts))  # type: ignore[union-attr]
    ]
    assert world.job(1).counts[TaskState.SUCCEEDED] == 1


def test_an_end_told_twice_in_one_breath_is_recorded_once(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit(tasks=2)
    ends = Endings(
        job=JobId(1),
        indexes=[0, 0, 1, 7],
        outcomes=[Outcome.SUCCEEDED, Outcome.FAILED, Outcome.FAILED, Outcome.FAILED],
        details=["well", "no", "broken", "never was"],
    )
    decision = world.step(AttemptsEnded(worker=worker.id, endings=ends))
    assert decision.answers == [Done(tasks=2)]
    [over] = [record for record in decision.records if isinstance(record, AttemptsOver)]
    assert over.endings.indexes == [0, 1]
    assert over.endings.outcomes == [Outcome.SUCCEEDED, Outcome.FAILED]
    assert over.endings.details == ["well", "broken"]
    assert world.counts(1) == {TaskState.SUCCEEDED: 1, TaskState.FAILED: 1}


def test_a_worker_cannot_end_what_another_holds(world: AuditedWorld) -> None:
    holder, other = world.join(cpu=1000), world.join(cpu=1000)
    job = world.submit()
    assert world.holder(TaskId(job, 0)) is holder
    decision = other.end(attempt(job))
    assert decision.records == []
    assert world.job(job).live[0].worker.id == holder.id


def test_a_stale_number_is_settled_and_dropped(world: AuditedWorld) -> None:
    worker = world.join()
    world.submit(replace(job_spec(), retry=Retry(failures=1, base=0.0)))
    worker.end(outcome=Outcome.FAILED, code=1)
    assert attempt(1, 0, 2) in worker.held
    decision = worker.end(attempt(1, 0, 1))
    assert decision.records == []
    assert world.job(1).live[0].number == 2


def test_an_end_of_an_unknown_job_is_settled(world: AuditedWorld) -> None:
    decision = world.join().end(attempt(77))
    assert [type(message) for _, message in decision.messages] == [Settled]
    assert decision.records == []


# ── retries ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.OOM, Outcome.TIMEOUT, Outcome.LAUNCH])
def test_a_failure_is_final_unless_asked_otherwise(world: AuditedWorld, outcome: Outcome) -> None:
    worker = world.join()
    job = world.submit()
    worker.end(outcome=outcome, code=1)
    assert world.counts(job) == {TaskState.FAILED: 1}


def test_failures_are_retried_as_often_as_asked(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(failures=2, base=4.0)))
    for waited in (4.0, 8.0):
        decision = worker.end(outcome=Outcome.FAILED, code=1)
        [over] = [record for record in decision.records if isinstance(record, AttemptsOver)]
        wait = over.retry_at[0] - world.clock.now()
        assert waited / 2 <= wait <= waited
        assert decision.wake_at <= over.retry_at[0]
        assert not worker.held
        world.advance(wait - 0.001)
        assert not worker.held
        world.advance(0.002)
        assert len(worker.held) == 1
        worker.beat()
    worker.end(outcome=Outcome.FAILED, code=1)
    assert world.endings(job) == [Outcome.FAILED] * 3
    assert world.counts(job) == {TaskState.FAILED: 1}


def test_an_exit_code_asks_for_another_attempt_free_of_charge(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    for pause in (1.0, 2.0, 4.0, 8.0, 16.0):
        worker.end(outcome=Outcome.FAILED, code=75)
        world.advance(pause / 2 - 0.001)
        assert not worker.held, "one that asks again and again waits ever longer"
        world.advance(pause / 2 + 0.001)
        worker.beat()
    worker.end()
    assert world.endings(job) == [Outcome.REQUEUED] * 5 + [Outcome.SUCCEEDED]


@pytest.mark.parametrize("outcome", [Outcome.PREEMPTED, Outcome.INTERRUPTED, Outcome.RETURNED])
def test_what_was_taken_from_a_task_is_given_again_at_once(world: AuditedWorld, outcome: Outcome) -> None:
    worker = world.join()
    job = world.submit()
    for number in range(2, 12):
        worker.end(outcome=outcome)
        assert list(worker.held) == [attempt(job, 0, number)]


def test_a_task_that_takes_workers_down_is_not_tried_for_ever(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(losses=100, base=0.0)))
    for _ in range(POISON_LIMIT):
        worker.end(outcome=Outcome.LOST)
    assert world.endings(job) == [Outcome.LOST] * (POISON_LIMIT - 1) + [Outcome.POISON]
    assert world.counts(job) == {TaskState.FAILED: 1}


def test_losses_are_counted_apart_from_failures(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(failures=1, losses=1, base=0.0)))
    worker.end(outcome=Outcome.STAGE_IN)
    worker.end(outcome=Outcome.FAILED, code=1)
    worker.end(outcome=Outcome.STAGE_IN)
    assert world.endings(job) == [Outcome.STAGE_IN, Outcome.FAILED, Outcome.STAGE_IN]
    assert world.counts(job) == {TaskState.FAILED: 1}


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.UNKILLABLE, Outcome.POISON])
def test_some_ends_are_final_whatever_was_asked(world: AuditedWorld, outcome: Outcome) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(failures=9, losses=9)))
    worker.end(outcome=outcome)
    assert world.counts(job) == {TaskState.FAILED: 1}


def test_a_task_that_goes_again_goes_before_its_jobs_others(world: AuditedWorld) -> None:
    worker = world.join(cpu=1000)
    world.submit(tasks=5)
    worker.end(outcome=Outcome.RETURNED)
    assert list(worker.held) == [attempt(1, 0, 2)]


# ── cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cancelled_job_that_nobody_holds_is_over_at_once(world: AuditedWorld) -> None:
    job = world.submit(tasks=1_000)
    assert cancel(world, job) == Done(tasks=1_000)
    assert world.counts(job) == {TaskState.CANCELLED: 1_000}


def test_what_runs_is_stopped_and_then_cancelled(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    job = world.submit(tasks=5)
    decision = world.step(CancelAsked(job=job, by="ada", reason="enough"))
    assert decision.answers == [Done(tasks=5)]
    assert [type(record) for record in decision.records] == [CancelKept]
    [(_, stop)] = decision.messages
    assert isinstance(stop, Stop)
    assert (stop.attempts.indexes, stop.reason) == ([0, 1], "enough")
    worker.end(outcome=Outcome.CANCELLED)
    assert world.counts(job) == {TaskState.CANCELLED: 5}


def test_asking_again_stops_nothing_twice(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    job = world.submit(tasks=5)
    cancel(world, job)
    worker.take()
    assert cancel(world, job) == Done(tasks=0)
    assert worker.take() == []


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.SUCCEEDED, TaskState.SUCCEEDED),
        (Outcome.FAILED, TaskState.FAILED),
        (Outcome.UNKILLABLE, TaskState.FAILED),
        (Outcome.CANCELLED, TaskState.CANCELLED),
        (Outcome.RETURNED, TaskState.CANCELLED),
        (Outcome.LOST, TaskState.CANCELLED),
        (Outcome.OOM, TaskState.CANCELLED),
        (Outcome.REQUEUED, TaskState.CANCELLED),
    ],
)
def test_no_end_of_what_is_being_stopped_is_retried(world: AuditedWorld, outcome: Outcome, state: TaskState) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(failures=9, losses=9)))
    cancel(world, job)
    worker.end(outcome=outcome, code=0 if outcome is Outcome.SUCCEEDED else 75)
    assert world.counts(job) == {state: 1}


def test_a_part_of_an_array_is_cancelled_wherever_its_tasks_stand(world: AuditedWorld) -> None:
    worker = world.join(cpu=3000)
    job = world.submit(replace(job_spec(tasks=10), retry=Retry(failures=1, base=60.0)))
    worker.end(attempt(job, 0), attempt(job, 1), outcome=Outcome.FAILED)  # backing off; 2, 3, 4 run
    assert sorted(a.index for a in worker.held) == [2, 3, 4]
    assert cancel(world, job, Range(start=1, stop=4), Range(start=6, stop=10, step=2)) == Done(tasks=5)
    live = world.job(job)
    assert sorted(live.waiting) == [5, 7, 9]
    assert list(live.backing_off) == [0]
    assert sorted(worker.stopping) == [attempt(job, 2), attempt(job, 3)]
    assert live.counts[TaskState.CANCELLED] == 3


def test_a_cancel_of_no_index_at_all_cancels_nothing(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    job = world.submit(replace(job_spec(tasks=4), retry=Retry(failures=1, base=60.0)))
    worker.end(attempt(job, 0), outcome=Outcome.FAILED)
    assert cancel(world, job, Range(start=5, stop=5)) == Done(tasks=0)
    assert list(world.job(job).backing_off) == [0]
    assert world.job(job).counts[TaskState.CANCELLED] == 0


def test_a_cancelled_task_leaves_no_payload_behind(world: AuditedWorld) -> None:
    job = world.submit(tasks=3, payloads=[b"a", b"b", b"c"])
    cancel(world, job, Range(start=0, stop=2))
    assert world.job(job).payloads == {2: b"c"}


def test_a_cancelled_task_leaves_no_counts_behind(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(tasks=2), retry=Retry(failures=1, base=60.0)))
    worker.end(attempt(job, 0), outcome=Outcome.FAILED)
    cancel(world, job, Range(start=0, stop=1))
    assert world.job(job).tries == {}


def test_cancelling_what_is_over_or_never_was_touches_nothing(world: AuditedWorld) -> None:
    assert cancel(world, 9) == Done(tasks=0)


def test_cancel_and_end_in_one_batch_are_taken_in_their_order(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    ends = Endings(job=job, indexes=[0])
    decision = world.step(AttemptsEnded(worker=worker.id, endings=ends), CancelAsked(job=job))
    assert world.counts(job) == {TaskState.SUCCEEDED: 1}
    assert decision.answers == [Done(tasks=1), Done(tasks=0)]


def test_a_backing_off_task_that_was_cancelled_stays_so(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(), retry=Retry(failures=1, base=4.0)))
    worker.end(outcome=Outcome.FAILED)
    cancel(world, job)
    assert world.counts(job) == {TaskState.CANCELLED: 1}
    assert world.advance(5.0).records == []


def test_a_reminder_of_a_cancelled_task_wakes_nobody_else(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit(replace(job_spec(tasks=2), retry=Retry(failures=1, base=4.0)))
    worker.end(attempt(job, 0), outcome=Outcome.FAILED)
    cancel(world, job, Range(start=0, stop=1))
    world.advance(5.0)
    assert list(worker.held) == [attempt(job, 1)]


# ── open jobs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def open_job(world: AuditedWorld) -> JobId:
    return world.submit(replace(job_spec(), open=True))


def test_an_open_job_grows_and_is_over_only_once_closed(world: AuditedWorld) -> None:
    worker = world.join()
    job = open_job(world)
    assert world.ask(TasksAppended(job=job, first=0, payloads=[b"a", b"b"])) == Done(tasks=2)
    assert worker.held == {attempt(job, 0): b"a", attempt(job, 1): b"b"}
    worker.end()
    assert job in world.cluster.jobs
    decision = world.step(JobClosed(job=job))
    assert [type(record) for record in decision.records] == [JobShut, JobOver]
    assert world.counts(job) == {TaskState.SUCCEEDED: 2}


def test_an_append_sent_again_adds_only_what_is_new(world: AuditedWorld) -> None:
    job = open_job(world)
    world.ask(TasksAppended(job=job, first=0, payloads=[b"a", b"b"]))
    assert world.ask(TasksAppended(job=job, first=0, payloads=[b"a", b"b"])) == Done(tasks=0)
    assert world.ask(TasksAppended(job=job, first=1, payloads=[b"b", b"c"])) == Done(tasks=1)
    assert world.job(job).payloads == {0: b"a", 1: b"b", 2: b"c"}


def test_an_append_sent_again_after_the_close_is_no_error(world: AuditedWorld) -> None:
    job = open_job(world)
    world.ask(TasksAppended(job=job, first=0, payloads=[b"a", b"b"]))
    world.ask(JobClosed(job=job))
    assert world.ask(TasksAppended(job=job, first=0, payloads=[b"a", b"b"])) == Done(tasks=0)


def test_closing_again_changes_nothing(world: AuditedWorld) -> None:
    job = open_job(world)
    world.ask(TasksAppended(job=job, first=0, payloads=[b"a"]))
    world.ask(JobClosed(job=job))
    assert world.step(JobClosed(job=job)).records == []
    assert world.step(JobClosed(job=JobId(99))).records == []


def test_a_cancelled_open_job_takes_nothing_more(world: AuditedWorld) -> None:
    job = open_job(world)
    world.ask(TasksAppended(job=job, first=0, payloads=[b"a"]))
    assert cancel(world, job) == Done(tasks=1)
    assert world.counts(job) == {TaskState.CANCELLED: 1}


def test_a_cancel_of_part_of_an_open_job_does_not_reach_into_the_future(world: AuditedWorld) -> None:
    job = open_job(world)
    world.ask(TasksAppended(job=job, first=0, payloads=[b"a"]))
    assert cancel(world, job, Range(start=0, stop=10)) == Done(tasks=1)
    world.ask(TasksAppended(job=job, first=1, payloads=[b"b"]))
    assert list(world.job(job).waiting) == [1]
    assert cancel(world, job, Range(start=5, stop=10)) == Done(tasks=0)


# ── progress ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_start_is_noted_and_not_kept(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    assert worker.start(attempt(job), attempt(job, 5)).records == []
    assert world.job(job).live[0].started


def test_a_report_of_a_current_attempt_is_kept(world: AuditedWorld) -> None:
    worker = world.join()
    job = world.submit()
    decision = world.step(ReportCame(worker=worker.id, attempt=attempt(job), step=3, values="{}"))
    assert decision.records == [Reported(attempt=attempt(job), step=3, values="{}", at=world.clock.now())]
    assert world.job(job).live[0].started


@pytest.mark.parametrize("stale", [attempt(1, 0, 2), attempt(1, 1, 1), attempt(9)])
def test_a_report_of_a_stale_attempt_is_dropped(world: AuditedWorld, stale: AttemptId) -> None:
    worker = world.join()
    world.submit()
    assert world.step(ReportCame(worker=worker.id, attempt=stale, step=3, values="{}")).records == []


# ── jobs after jobs ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_job_starts_once_those_before_it_succeeded(world: AuditedWorld) -> None:
    worker = world.join()
    first = world.submit(tasks=2)
    second = world.submit(replace(job_spec(), after=(first,)))
    worker.end(attempt(first, 0))
    assert list(worker.held) == [attempt(first, 1)]
    decision = worker.end(attempt(first, 1))
    assert list(worker.held) == [attempt(second)]
    assert [type(record) for record in decision.records] == [AttemptsOver, JobOver, AttemptsGranted]


def test_a_job_after_one_that_failed_is_cancelled_once(world: AuditedWorld) -> None:
    worker = world.join()
    first, other = world.submit(), world.submit()
    last = world.submit(replace(job_spec(), after=(first, other)))
    decision = worker.end(outcome=Outcome.FAILED)
    kept = [record for record in decision.records if isinstance(record, CancelKept)]
    assert [(record.job, record.outcome, record.by) for record in kept] == [(last, Outcome.DEPENDENCY, "paceline")]
    assert world.counts(last) == {TaskState.CANCELLED: 1}


def test_a_job_cancelled_together_with_one_before_it_is_cancelled_once(world: AuditedWorld) -> None:
    first = world.submit()
    job = world.submit(replace(job_spec(), after=(first,)))
    decision = world.step(CancelAsked(job=job), CancelAsked(job=first))
    kept = [(r.job, r.outcome) for r in decision.records if isinstance(r, CancelKept)]
    assert kept == [(job, Outcome.CANCELLED), (first, Outcome.CANCELLED)]
    assert sum(isinstance(record, JobOver) for record in decision.records) == 2


def test_a_chain_of_five_thousand_falls_like_dominoes() -> None:
    world = World()
    plain = replace(job_spec(), after=())
    world.submit(plain)
    names = [replace(plain, name=f"n{i}", after_names=(f"n{i - 1}",) if i else ()) for i in range(5_000)]
    last = world.submit_all(*(replace(names[0], after=(JobId(1),)), *names[1:]))[-1]
    decision = world.step(CancelAsked(job=JobId(1)))
    assert sum(isinstance(record, JobOver) for record in decision.records) == 5_001
    assert world.counts(last) == {TaskState.CANCELLED: 1}
    assert not world.cluster.jobs


def test_grants_tell_all_that_is_needed(world: AuditedWorld) -> None:
    worker = world.join(cpu=2000)
    job = world.submit(tasks=3, payloads=[b"a", b"b", b"c"])
    [grant] = [message for message in worker.take() if isinstance(message, Grant)]
    assert (grant.attempts.job, grant.attempts.indexes, grant.payloads) == (job, [0, 1], [b"a", b"b"])
    assert not [message for message in worker.take() if isinstance(message, Drop)]
