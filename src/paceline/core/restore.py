"""The picture as the last server left it, rebuilt from what is kept.

Workers start as away, with a full lease from now on: nobody is declared lost because the *server* was gone. What they
held they still hold, until they join again and say otherwise.
"""

from itertools import groupby

from paceline.core.cluster import Cluster
from paceline.core.indexes import covers
from paceline.core.job import Attempt, Job
from paceline.core.reminders import Due
from paceline.core.retry import Tries
from paceline.core.step import Terms
from paceline.core.worker import DRAIN_ASKED, Worker
from paceline.model.records import AttemptRow, LiveJob, Snapshot, WorkerKept
from paceline.model.resources import Need
from paceline.model.task import JUDGEMENT, Outcome, TaskState, final_state
from paceline.model.worker import WorkerState


def restore(snapshot: Snapshot, terms: Terms, now: float) -> Cluster:
    """A cluster to go on with."""
    cluster = Cluster()
    cluster.next_job = snapshot.next_job
    for worker in snapshot.workers:
        _restore_worker(cluster, worker, terms, now)
    for live in snapshot.jobs:
        _restore_job(cluster, live, now)
    for job in cluster.jobs.values():
        cluster.block(job, [other for other in job.spec.after if other in cluster.jobs])
        cluster.offer(job)
    return cluster


def _restore_worker(cluster: Cluster, kept: WorkerKept, terms: Terms, now: float) -> None:
    worker = cluster.add_worker(kept.worker, kept.name)
    cluster.introduce(worker, kept.machine)
    worker.seen_at = kept.at
    worker.state = kept.state
    worker.reason = kept.reason
    worker.drained = kept.reason.startswith(DRAIN_ASKED)
    if kept.state not in (WorkerState.LOST, WorkerState.LEFT):
        worker.state = WorkerState.AWAY
        worker.seen_at = now
        worker.watched = True
        cluster.reminders.add(now + terms.lease, Due.LEASE, worker.id)


def _restore_job(cluster: Cluster, live: LiveJob, now: float) -> None:
    job = cluster.add_job(live.kept)
    if job.open:
        job.open = not live.shut
        job.total = live.appended
        job.waiting.append(range(live.appended))
    for index, payload in live.payloads.items():
        job.payloads.add(range(index, index + 1), (payload,))
    if live.kept.token:
        ids = cluster.tokens.get(live.kept.token, ("", ()))[1]
        cluster.tokens.remember(live.kept.token, (live.kept.digest, (*ids, job.id)))
    job.waiting.discard([row.index for row in live.attempts])
    for index, rows in groupby(live.attempts, key=lambda row: row.index):
        _restore_task(cluster, job, index, list(rows), now)
    for made in live.checkpoints:
        tasks = cluster.checkpoints.setdefault(job.id, {})
        tasks[made.attempt.index] = (*tasks.get(made.attempt.index, ()), made)
    for cancel in live.cancels:
        cluster.withdraw(job, cancel)
        for attempt in job.live.values():
            attempt.stopping = attempt.stopping or covers(cancel.ranges, attempt.index)


def _restore_task(cluster: Cluster, job: Job, index: int, rows: list[AttemptRow], now: float) -> None:
    """The latest of its attempts says where the task stands; the earlier ones, what it has used up."""
    last = rows[-1]
    if last.outcome and not last.retry_at:
        job.finish((index,), _final(last))
        return
    if len(rows) > 1 or last.outcome:
        job.tries[index] = _tries(rows)
    if not last.outcome:
        worker = cluster.workers[last.worker]
        cluster.adopt(Attempt(job, index, last.number, worker, _likely_need(job, worker), last.granted_at))
    elif last.retry_at > now:
        cluster.postpone(job, index, last.retry_at)
    else:
        job.requeue(index)


def _likely_need(job: Job, worker: Worker) -> Need:
    """Which of the job's alternatives the attempt was granted under is not kept: the first that suits the worker."""
    needs = job.spec.needs
    return next((need for need in needs if worker.allows(need)), needs[0])


def _final(row: AttemptRow) -> TaskState:
    return final_state(Outcome(row.outcome))


def _tries(rows: list[AttemptRow]) -> Tries:
    tries = Tries()
    tries.number = rows[-1].number
    for row in rows:
        judgement = JUDGEMENT[Outcome(row.outcome)] if row.outcome else None
        if judgement is not None:
            tries.requeues = tries.requeues + 1 if row.outcome == Outcome.REQUEUED else 0
            tries.failures += judgement.budget == "failures"
            tries.losses += judgement.budget == "losses"
            tries.suspicion += judgement.suspicious
    return tries
