"""What each event does to jobs and tasks.

The machine of a task is the table below; ``docs/states.md`` is drawn from it. A task has no object of its own while it
waits or once it is over: its state is *where it stands* (in its job's waiting indexes, among those backing off, held by
a worker, or counted), so a transition is a move between those places, made by ``core/step.cluster.py``.
"""

from collections.abc import Mapping, Sequence

from paceline.core.job import Attempt, Job
from paceline.core.retry import judge
from paceline.core.step import Step
from paceline.core.worker import Worker
from paceline.model.columns import Attempts, Endings, column
from paceline.model.decision import Answer, Done, Settled, Stop
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    CancelAsked,
    ReportCame,
)
from paceline.model.ids import JobId
from paceline.model.job import Range
from paceline.model.records import (
    AttemptsOver,
    CancelKept,
    JobOver,
    JobShut,
    Reported,
)
from paceline.model.task import Ending, Outcome, TaskState, final_state

TASK_TRANSITIONS: Mapping[TaskState, Mapping[str, TaskState]] = {
    TaskState.BLOCKED: {"jobs before it succeeded": TaskState.WAITING, "one did not; cancel": TaskState.CANCELLED},
    TaskState.WAITING: {"granted": TaskState.ASSIGNED, "cancel": TaskState.CANCELLED},
    TaskState.BACKOFF: {"its time came": TaskState.WAITING, "cancel": TaskState.CANCELLED},
    TaskState.ASSIGNED: {
        "started": TaskState.RUNNING,
        "given back": TaskState.WAITING,
        "ended": TaskState.SUCCEEDED,
        "ended, may retry": TaskState.BACKOFF,
        "ended, may not": TaskState.FAILED,
        "cancel": TaskState.STOPPING,
    },
    TaskState.RUNNING: {
        "taken from it": TaskState.WAITING,
        "ended": TaskState.SUCCEEDED,
        "ended, may retry": TaskState.BACKOFF,
        "ended, may not": TaskState.FAILED,
        "cancel": TaskState.STOPPING,
    },
    TaskState.STOPPING: {
        "its processes are gone": TaskState.CANCELLED,
        "ended before": TaskState.SUCCEEDED,
        "failed before": TaskState.FAILED,
    },
    TaskState.SUCCEEDED: {},
    TaskState.FAILED: {},
    TaskState.CANCELLED: {},
}


def shut(step: Step, job: Job) -> None:
    """An open job has all its tasks."""
    job.open = False
    step.keep(JobShut(job=job.id, count=job.total))


# ── cancel ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def on_cancel_asked(step: Step, event: CancelAsked) -> Answer:
    """Desired state: kept first, then carried to every worker that holds one of the tasks."""
    job = step.cluster.jobs.get(event.job)
    if job is None:
        return Done()
    ranges = _within(job, event.ranges)
    if event.ranges and not ranges:
        return Done()
    cancel = CancelKept(
        job=job.id, ranges=ranges, outcome=Outcome.CANCELLED, by=event.by, reason=event.reason, at=step.now
    )
    return Done(tasks=_cancel(step, job, cancel))


def _within(job: Job, ranges: Sequence[Range]) -> Sequence[Range]:
    """Those that hold anything, and of an open job no more than the tasks it has: a cancel does not reach ahead."""
    end = job.total if job.open else None
    cut = [Range(start=r.start, stop=r.stop if end is None else min(r.stop, end), step=r.step) for r in ranges]
    return [each for each in cut if each.start < each.stop]


def _cancel(step: Step, job: Job, cancel: CancelKept) -> int:
    step.keep(cancel)
    gone = step.cluster.withdraw(job, cancel)
    if job.open and not cancel.ranges:
        shut(step, job)
    stopped = _stop(step, job, cancel)
    step.touched[job.id] = None
    return gone + stopped


def _stop(step: Step, job: Job, cancel: CancelKept) -> int:
    """Tell the workers to end what the cancel covers and is not being ended yet."""
    wanted = [range(r.start, r.stop, r.step) for r in cancel.ranges]
    by_worker: dict[Worker, list[Attempt]] = {}
    for attempt in job.live.values():
        if not attempt.stopping and (not wanted or any(attempt.index in span for span in wanted)):
            attempt.stopping = True
            by_worker.setdefault(attempt.worker, []).append(attempt)
    for worker, attempts in by_worker.items():
        step.send(worker.id, Stop(attempts=columns(job.id, attempts), reason=cancel.reason))
    return sum(map(len, by_worker.values()))


def doom(step: Step, job: Job, because: JobId) -> None:
    """The job will never run, because one that it comes after did not succeed."""
    reason = f"job {because}, which it comes after, did not succeed"
    cancel = CancelKept(job=job.id, ranges=(), outcome=Outcome.DEPENDENCY, by="paceline", reason=reason, at=step.now)
    _cancel(step, job, cancel)


# ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def on_attempts_started(step: Step, event: AttemptsStarted) -> Answer:
    """Somebody is at it. For the eyes of people only."""
    for attempt in _current(step, event.worker, event.attempts):
        if attempt is not None:
            attempt.started = True
    return Done()


def on_report(step: Step, event: ReportCame) -> Answer:
    """A step of a running attempt; a stale attempt's are dropped."""
    job, index, number = event.attempt
    [attempt] = _current(step, event.worker, Attempts(job=job, indexes=(index,), numbers=(number,)))
    if attempt is not None:
        attempt.started = True
        step.keep(Reported(attempt=event.attempt, step=event.step, values=event.values, at=step.now))
    return Done()


def on_attempts_ended(step: Step, event: AttemptsEnded) -> Answer:
    """Ends of current attempts are recorded; stale ones are not. Either way the worker is told it is done with them."""
    endings = event.endings
    reported = Attempts(job=endings.job, indexes=endings.indexes, numbers=endings.numbers)
    step.send(event.worker, Settled(attempts=reported))
    attempts = _current(step, event.worker, reported)
    if len(set(endings.indexes)) < len(attempts):
        attempts = _first_of_each(attempts)
    current = [attempt for attempt in attempts if attempt is not None]
    if not current:
        return Done()
    if len(current) < len(attempts):
        endings = endings.only([position for position, attempt in enumerate(attempts) if attempt is not None])
    _measure(current[0].job, endings)
    record_ends(step, current, endings)
    return Done(tasks=len(current))


def record_ends(step: Step, attempts: Sequence[Attempt], endings: Endings) -> None:
    """Attempts of one job on one worker ended: what they held is free, and each task is over or tries again."""
    job, worker = attempts[0].job, attempts[0].worker
    step.cluster.let_go(attempts)
    if not endings.outcomes:
        for attempt in attempts:
            job.finish(attempt.index, TaskState.SUCCEEDED)
        step.keep(AttemptsOver(worker=worker.id, endings=endings, at=step.now))
    else:
        step.keep(_judge_all(step, attempts, endings))
    step.cluster.offer(job)
    step.touched[job.id] = None


def _judge_all(step: Step, attempts: Sequence[Attempt], endings: Endings) -> AttemptsOver:
    judged = [_judge(step, attempt, endings.ending(i)) for i, attempt in enumerate(attempts)]
    whole = Endings(
        job=endings.job,
        indexes=endings.indexes,
        numbers=[attempt.number for attempt in attempts],
        outcomes=[outcome for outcome, _, _ in judged],
        codes=endings.codes,
        details=[detail for _, detail, _ in judged],
        results=endings.results,
        seconds=endings.seconds,
    )
    retry_at = [at for _, _, at in judged]
    return AttemptsOver(
        worker=attempts[0].worker.id, endings=whole, at=step.now, retry_at=retry_at if any(retry_at) else ()
    )


def _judge(step: Step, attempt: Attempt, ending: Ending) -> tuple[Outcome, str, float]:
    """Outcome and detail as recorded, and when the task may go on (0: it is over)."""
    job, index = attempt.job, attempt.index
    if ending.outcome is Outcome.SUCCEEDED:
        job.finish(index, TaskState.SUCCEEDED)
        return ending.outcome, ending.detail, 0.0
    if attempt.stopping:
        outcome = ending.outcome if ending.outcome in (Outcome.FAILED, Outcome.UNKILLABLE) else Outcome.CANCELLED
        job.finish(index, final_state(outcome))
        return outcome, ending.detail, 0.0
    verdict = judge(ending, attempt.id, job.tries_of(attempt), job.spec.retry)
    detail = verdict.detail or ending.detail
    if verdict.wait < 0:
        job.finish(index, final_state(verdict.outcome))
        return verdict.outcome, detail, 0.0
    if verdict.wait:
        step.cluster.postpone(job, index, step.now + verdict.wait)
    else:
        job.requeue(index)
    return verdict.outcome, detail, step.now + verdict.wait


def _measure(job: Job, endings: Endings) -> None:
    """Learn how long such tasks take; one given back unbegun took longer than anybody hoped."""
    if Outcome.RETURNED in endings.outcomes:
        job.queue.seconds = max(job.queue.seconds, 1.0)
    elif endings.seconds:
        job.queue.measured(sum(endings.seconds) / len(endings.seconds), len(endings.seconds))


def on_task_due(step: Step, job_id: JobId, index: int) -> None:
    """Its back-off is over."""
    job = step.cluster.jobs.get(job_id)
    if job is not None and job.backing_off.pop(index, None) is not None:
        job.requeue(index)
        step.cluster.offer(job)


def on_job_due(step: Step, job_id: JobId) -> None:
    """Its ``not_before`` has come."""
    job = step.cluster.jobs.get(job_id)
    if job is not None:
        step.cluster.release_job(job)


def settle(step: Step) -> None:
    """Jobs whose every task is over are over; those that come after them start, or are over too, and so on."""
    cluster = step.cluster
    while step.touched:
        number, _ = step.touched.popitem()
        job = cluster.jobs.get(number)
        if job is None or not job.over():
            continue
        step.keep(JobOver(job=number, at=step.now, counts={state.value: n for state, n in job.counts.items() if n}))
        cluster.forget_job(job)
        for dependent in [cluster.jobs[other] for other in sorted(job.dependents & cluster.jobs.keys())]:
            if cluster.ended[number]:
                cluster.unblock(dependent, number)
                step.touched[dependent.id] = None
            elif not dependent.over():
                doom(step, dependent, number)


# ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def columns(job: JobId, attempts: Sequence[Attempt]) -> Attempts:
    """Attempts of one job as columns."""
    return Attempts(job=job, indexes=[a.index for a in attempts], numbers=[a.number for a in attempts])


def _current(step: Step, worker_id: int, named: Attempts) -> list[Attempt | None]:
    """The attempts as they stand, None where the number or the worker is not the current one."""
    job = step.cluster.jobs.get(named.job)
    if job is None:
        return [None] * len(named.indexes)
    live = job.live
    found: list[Attempt | None] = []
    for index, number in zip(named.indexes, column(named.numbers, len(named.indexes), 1), strict=True):
        attempt = live.get(index)
        if attempt is not None and (attempt.number != number or attempt.worker.id != worker_id):
            attempt = None
        found.append(attempt)
    return found


def _first_of_each(attempts: Sequence[Attempt | None]) -> list[Attempt | None]:
    """A worker that tells an end twice in one breath has told it once."""
    seen: set[int] = set()
    once: list[Attempt | None] = []
    for attempt in attempts:
        once.append(None if attempt is None or attempt.index in seen else attempt)
        if attempt is not None:
            seen.add(attempt.index)
    return once
