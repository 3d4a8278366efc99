"""Jobs enter the picture."""

from dataclasses import replace

import pytest

from paceline.model.decision import Done, Submitted
from paceline.model.errors import Conflict, NotFound, UsageError
from paceline.model.events import JobClosed, JobsSubmitted, TasksAppended
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range
from paceline.model.records import CancelKept, JobKept, TasksKept
from paceline.model.task import Outcome, TaskState
from paceline.testing.world import job_spec
from tests.core.audited import AuditedWorld


def after(name: str, *names: str) -> JobSpec:
    return replace(job_spec(name), after_names=names)


def test_jobs_are_numbered_in_the_order_of_their_specs(world: AuditedWorld) -> None:
    assert world.submit_all(job_spec("a"), job_spec("b")) == [1, 2]
    assert world.submit_all(job_spec("c")) == [3]


def test_whose_credential_jobs_came_with_is_kept(world: AuditedWorld) -> None:
    world.step(JobsSubmitted(specs=[job_spec("a"), job_spec("b")], by="ada"))
    assert [world.tables.jobs[JobId(number)].kept.by for number in (1, 2)] == ["ada", "ada"]


def test_names_become_numbers(world: AuditedWorld) -> None:
    world.submit()
    first, second, third = world.submit_all(
        after("c", "a", "b"), replace(job_spec("a"), after=(JobId(1),)), after("b", "a")
    )
    kept = world.tables.jobs[first].kept.spec
    assert (kept.after, kept.after_names) == ((second, third), ())
    assert world.job(first).blockers == {second, third}
    assert world.job(second).dependents == {first, third}


@pytest.mark.parametrize(
    ("specs", "text"),
    [
        ([after("a", "b")], "a: needs 'b', but none of the jobs here is called so"),
        ([after("a", "b"), job_spec("b"), job_spec("b")], "a: needs 'b', but several of the jobs here is called so"),
        ([after("a", "a")], "needs: these jobs wait for each other: a → a"),
        ([job_spec("x"), after("a", "b"), after("b", "c", "x"), after("c", "a")], "wait for each other: a → b → c → a"),
        ([after("x", "a"), after("a", "b"), after("b", "a")], "wait for each other: a → b → a"),
    ],
)
def test_jobs_that_could_never_start_are_refused(world: AuditedWorld, specs: list[JobSpec], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        world.submit_all(*specs)
    assert not world.cluster.jobs
    assert world.submit_all(job_spec("fine")) == [1]


def test_a_job_after_none_is_refused(world: AuditedWorld) -> None:
    with pytest.raises(NotFound, match="after: there is no job 7"):
        world.submit(replace(job_spec(), after=(JobId(7),)))
    assert not world.tables.jobs


def test_a_job_after_one_that_succeeded_starts_at_once(world: AuditedWorld) -> None:
    worker = world.join()
    first = world.submit()
    worker.end()
    world.submit(replace(job_spec(), after=(first,)))
    assert len(worker.held) == 1


def test_a_job_after_one_that_failed_is_over_at_once(world: AuditedWorld) -> None:
    worker = world.join()
    first = world.submit()
    worker.end(outcome=Outcome.FAILED)
    job, next_job = world.submit_all(replace(job_spec("b"), after=(first,)), after("c", "b"))
    assert world.counts(job) == world.counts(next_job) == {TaskState.CANCELLED: 1}
    assert world.tables.jobs[job].cancels[0].reason == f"job {first}, which it comes after, did not succeed"
    assert world.tables.jobs[job].cancels[0].outcome is Outcome.DEPENDENCY


@pytest.mark.parametrize(("succeeded", "over"), [(True, False), (False, True)])
def test_what_only_the_store_knows_of_counts(world: AuditedWorld, succeeded: bool, over: bool) -> None:  # noqa: FBT001 - cases
    spec = replace(job_spec(), after=(JobId(5),))
    decision = world.step(JobsSubmitted(specs=[spec], ended={JobId(5): succeeded}))
    assert decision.answers == [Submitted(jobs=[JobId(1)])]
    assert (not world.cluster.jobs) is over


# ── once, however often it is sent ──────────────────────────────────────────────────────────────────────────────────


def test_the_same_token_is_the_same_submission(world: AuditedWorld) -> None:
    first = world.ask(JobsSubmitted(specs=[job_spec()], token="t", digest="d"))
    assert first == Submitted(jobs=[JobId(1)])
    again = world.step(
        JobsSubmitted(specs=[job_spec()], token="t", digest="d"),
        JobsSubmitted(specs=[job_spec()], token="t", digest="d"),
    )
    assert again.answers == [Submitted(jobs=(JobId(1),), again=True)] * 2
    assert again.records == []


def test_the_same_token_for_something_else_is_a_conflict(world: AuditedWorld) -> None:
    world.submit_all(job_spec(), token="t", digest="d")
    with pytest.raises(Conflict, match="submit token 't' was already used for job 1, which asks for something else"):
        world.submit_all(job_spec(), token="t", digest="other")


def test_a_token_that_the_store_knows_is_remembered_after_a_restart(world: AuditedWorld) -> None:
    world.submit_all(job_spec("a"), job_spec("b"), token="t", digest="d")
    world.restart()
    again = world.ask(JobsSubmitted(specs=[job_spec("a"), job_spec("b")], token="t", digest="d"))
    assert again == Submitted(jobs=(JobId(1), JobId(2)), again=True)
    known = world.ask(JobsSubmitted(specs=[job_spec("a")], token="old", digest="d", known=[JobId(1)]))
    assert known == Submitted(jobs=[JobId(1)], again=True)


def test_a_submission_of_nothing_is_fine_and_nothing(world: AuditedWorld) -> None:
    for _ in range(2):
        assert world.ask(JobsSubmitted(specs=[], token="t", digest="d")) == Submitted(jobs=[])


# ── what is kept ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_array_is_one_record_however_large(world: AuditedWorld) -> None:
    spec = replace(job_spec(), ranges=(Range(start=0, stop=1_000_000),))
    [kept] = world.scheduler.step([JobsSubmitted(specs=[spec])], world.clock.now()).records
    assert isinstance(kept, JobKept)


def test_payloads_are_kept_with_their_job(world: AuditedWorld) -> None:
    decision = world.step(JobsSubmitted(specs=[job_spec(tasks=2)], payloads=[[b"a", b"b"]]))
    assert [type(record) for record in decision.records] == [JobKept, TasksKept]
    assert decision.records[1] == TasksKept(job=JobId(1), first=0, payloads=[b"a", b"b"])


def test_a_job_with_holes_has_the_tasks_its_ranges_name(world: AuditedWorld) -> None:
    spec = replace(job_spec(), ranges=(Range(start=10, stop=14, step=2), Range(start=1, stop=3)))
    job = world.submit(spec)
    assert list(world.job(job).waiting) == [10, 12, 1, 2]
    assert world.job(job).total == 4


# ── open jobs ───────────────────────────────────────────────────────────────────────────────────────────────────────


def opened(world: AuditedWorld, *before: JobId) -> JobId:
    return world.submit(replace(job_spec(), open=True, after=before))


def test_an_append_with_a_gap_is_refused(world: AuditedWorld) -> None:
    job = opened(world)
    with pytest.raises(Conflict, match="job 1 has 0 tasks; the next index is not 1"):
        world.ask(TasksAppended(job=job, first=1, payloads=[b"a"]))


def test_a_closed_job_takes_no_more(world: AuditedWorld) -> None:
    job = opened(world)
    world.ask(TasksAppended(job=job, first=0, payloads=[b"a"]))
    world.ask(JobClosed(job=job))
    with pytest.raises(Conflict, match="job 1 takes no more tasks: it is closed"):
        world.ask(TasksAppended(job=job, first=1, payloads=[b"b"]))


def test_a_job_that_is_over_takes_no_more(world: AuditedWorld) -> None:
    with pytest.raises(Conflict, match="job 4 takes no more tasks: it is over"):
        world.ask(TasksAppended(job=JobId(4), first=0, payloads=[b"a"]))


def test_an_open_job_may_end_without_a_task(world: AuditedWorld) -> None:
    job = opened(world)
    world.ask(JobClosed(job=job))
    assert world.counts(job) == {}
    assert world.cluster.ended[job]


def test_a_job_without_tasks_still_waits_for_those_before_it(world: AuditedWorld) -> None:
    worker = world.join()
    first = world.submit()
    middle = opened(world, first)
    last = world.submit(replace(job_spec(), after=(middle,)))
    world.ask(JobClosed(job=middle))
    assert last in world.cluster.jobs
    assert world.job(last).blockers == {middle}
    worker.end()
    assert world.counts(middle) == {}
    assert [a.job for a in worker.held] == [last]


def test_a_failure_goes_through_a_job_that_has_no_task_yet(world: AuditedWorld) -> None:
    worker = world.join()
    first = world.submit()
    middle = opened(world, first)
    last = world.submit(replace(job_spec(), after=(middle,)))
    worker.end(outcome=Outcome.FAILED)
    assert world.counts(middle) == {}
    assert world.counts(last) == {TaskState.CANCELLED: 1}
    assert not world.cluster.jobs


def test_a_blocked_open_job_takes_tasks_and_starts_them_later(world: AuditedWorld) -> None:
    worker = world.join()
    first = world.submit()
    job = opened(world, first)
    assert world.ask(TasksAppended(job=job, first=0, payloads=[b"a"])) == Done(tasks=1)
    assert all(a.job == first for a in worker.held)
    worker.end()
    assert worker.held == {next(iter(worker.held)): b"a"}


# ── starting later ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_job_does_not_start_before_its_time(world: AuditedWorld) -> None:
    worker = world.join()
    begin = world.clock.now() + 10.0
    decision = world.step(JobsSubmitted(specs=[replace(job_spec(), not_before=begin)]))
    assert decision.wake_at == begin
    world.advance(9.9)
    assert not worker.held
    world.restart()
    worker.join()
    assert not worker.held
    world.advance(0.1)
    assert len(worker.held) == 1


def test_a_job_that_was_cancelled_meanwhile_does_not_start(world: AuditedWorld) -> None:
    worker = world.join()
    first = world.submit()
    spec = replace(job_spec(), not_before=world.clock.now() + 10.0, after=(first,))
    world.submit(spec)
    decision = worker.end(outcome=Outcome.FAILED)
    assert sum(isinstance(record, CancelKept) for record in decision.records) == 1
    assert world.advance(11.0).records == []
