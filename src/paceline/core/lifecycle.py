"""What each event does to jobs and tasks.

The machine of a task is the table below; ``docs/states.md`` is drawn from it. A task has no object of its own while it
waits or once it is over: its state is *where it stands* (in its job's waiting indexes, among those backing off, held by
a worker, or counted), so a transition is a move between those places, made by ``core/cluster.py``.
"""

from collections.abc import Mapping, Sequence

from paceline.core.cancel import doom
from paceline.core.checkpoints import drop_all
from paceline.core.job import Attempt, Job
from paceline.core.retry import judge
from paceline.core.step import Step
from paceline.model.columns import Attempts, Endings, column
from paceline.model.decision import Answer, Done, Settled
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    ReportCame,
)
from paceline.model.ids import JobId
from paceline.model.records import (
    AttemptsOver,
    JobOver,
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
        job.finish([attempt.index for attempt in attempts], TaskState.SUCCEEDED)
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
        job.finish((index,), TaskState.SUCCEEDED)
        return ending.outcome, ending.detail, 0.0
    if attempt.stopping:
        outcome = ending.outcome if ending.outcome in (Outcome.FAILED, Outcome.UNKILLABLE) else Outcome.CANCELLED
        job.finish((index,), final_state(outcome))
        return outcome, ending.detail, 0.0
    verdict = judge(ending, attempt.id, job.tries_of(attempt), job.spec.retry)
    detail = verdict.detail or ending.detail
    if verdict.wait < 0:
        job.finish((index,), final_state(verdict.outcome))
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
        counts = {state.value: n for state, n in job.counts.items() if n}
        drop_all(step, number)
        step.keep(JobOver(job=number, at=step.now, state=job.final_state(), counts=counts))
        cluster.forget_job(job)
        for dependent in [cluster.jobs[other] for other in sorted(job.dependents & cluster.jobs.keys())]:
            if cluster.ended[number]:
                cluster.unblock(dependent, number)
                step.touched[dependent.id] = None
            elif not dependent.over():
                doom(step, dependent, number)


# ── which of them are current ────────────────────────────────────────────────────────────────────────────────────────


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
