"""Bugs in the decisions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from paceline.core import cancel, lifecycle, restore, retry, submission, workers
from paceline.core.cluster import Cluster
from paceline.core.indexes import Indexes
from paceline.core.job import Attempt, Job
from paceline.core.reminders import Due
from paceline.core.step import Step, Terms
from paceline.core.worker import Worker
from paceline.model.columns import Attempts, Endings
from paceline.model.decision import Answer, Done
from paceline.model.errors import NotFound
from paceline.model.events import JobsSubmitted, LinkLost, TasksAppended, WorkerJoined
from paceline.model.records import TasksKept, WorkerKept
from paceline.model.task import Outcome
from paceline.model.worker import WorkerState
from tests.simulation.mutants.mutant import Mutant, always, instead, nothing

Original = Callable[..., Any]


# ── which end counts ────────────────────────────────────────────────────────────────────────────────────────────────


def current_by_task(step: Step, worker_id: int, named: Attempts) -> list[Attempt | None]:
    """A blind terminal write: whatever attempt is live has ended, whoever says so of whichever."""
    job = step.cluster.jobs.get(named.job)
    return [job.live.get(index) if job else None for index in named.indexes]


def current_by_owner(step: Step, worker_id: int, named: Attempts) -> list[Attempt | None]:
    """State and owner are looked at, the number is not."""
    found = current_by_task(step, worker_id, named)
    return [attempt if attempt and attempt.worker.id == worker_id else None for attempt in found]


# ── books ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def without_release(original: Original) -> Original:
    """The worker's books are not told."""

    def record_ends(step: Step, attempts: Sequence[Attempt], endings: Any) -> None:
        worker, need, count = attempts[0].worker, attempts[0].need, len(attempts)
        original(step, attempts, endings)
        worker.book(need, count)

    return record_ends


def without_shares(original: Original) -> Original:
    """What a job occupies only grows."""

    def let_go(cluster: Cluster, attempts: Sequence[Attempt]) -> None:
        busy = attempts[0].job.busy
        original(cluster, attempts)
        attempts[0].job.busy = busy

    return let_go


def keeps_one(original: Original) -> Original:
    """A task that was taken is still there to be taken: double grant."""

    def take(indexes: Indexes, most: int) -> list[int]:
        taken: list[int] = original(indexes, most)
        indexes.put_back(taken[0])
        return taken

    return take


# ── leases, links, lives ────────────────────────────────────────────────────────────────────────────────────────────


def restore_without_extension(cluster: Cluster, kept: WorkerKept, terms: Terms, now: float) -> None:
    """A lease that ran out while the server was gone is over."""
    worker = cluster.add_worker(kept.worker, kept.name)
    cluster.introduce(worker, kept.machine)
    worker.seen_at = kept.at
    worker.state = WorkerState.AWAY if kept.state not in (WorkerState.LOST, WorkerState.LEFT) else kept.state
    worker.watched = True
    cluster.reminders.add(kept.at + terms.lease, Due.LEASE, worker.id)


def judges_too_early(original: Original) -> Original:
    """Leases are half as long here as there."""

    def due(step: Step, worker_id: Any) -> None:
        step.terms = Terms(beat=step.terms.beat, lease=step.terms.lease / 2)
        original(step, worker_id)

    return due


def does_not_count(original: Original) -> Original:
    """A beat is answered, and that is all."""

    def beat(step: Step, event: Any) -> Answer:
        worker = step.cluster.workers.get(event.worker)
        seen_at = worker.seen_at if worker else 0.0
        answer: Answer = original(step, event)
        if worker:
            worker.seen_at = seen_at
        return answer

    return beat


def loses_but_keeps(step: Step, worker_id: Any) -> None:
    """A lost worker's attempts stay its own, so a late report still counts."""
    worker = step.cluster.workers[worker_id]
    worker.watched = False
    if step.now >= worker.seen_at + step.terms.lease:
        worker.state = WorkerState.LOST
    else:
        workers.watch_lease(step, worker)


def same_worker(step: Step, worker_id: Any, incarnation: int) -> Worker | None:
    """One start of a worker is as good as another."""
    return step.cluster.workers.get(worker_id)


def any_link(original: Original) -> Original:
    """The loss of a connection that was replaced counts."""

    def lost(step: Step, event: LinkLost) -> Answer:
        worker = step.cluster.workers.get(event.worker)
        answer: Answer = original(step, replace(event, link=worker.link) if worker else event)
        return answer

    return lost


def trusts_hellos(original: Original) -> Original:
    """What a worker no longer holds is believed to be there."""

    def joined(step: Step, worker: Worker, event: WorkerJoined) -> None:
        held = [Attempts(job=job, indexes=[i], numbers=[a.number]) for (job, i), a in worker.held.items()]
        original(step, worker, replace(event, held=[*event.held, *held]))

    return joined


def reuses_numbers(original: Original) -> Original:
    """A restart forgets which numbers were given out."""

    def tries(rows: Any) -> Any:
        found = original(rows)
        found.number -= 1
        return found

    return tries


# ── retries ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def charges(most: int) -> Callable[[object], Original]:
    """So many more tries than asked for."""

    def make(original: object) -> Original:
        def charge(budget: str, attempt: Any, tries: retry.Tries, asked: Any) -> float:
            if budget == "none" or getattr(tries, budget) >= getattr(asked, budget) + most:
                return -1.0
            setattr(tries, budget, getattr(tries, budget) + 1)
            return retry.backoff(asked, attempt, tries.failures + tries.losses)

        return charge

    return make


def at_once(cluster: Cluster, job: Job, index: int, until: float) -> None:
    """Nobody waits for the time of the next try."""
    job.requeue(index)


def tries_cancelled(original: Original) -> Original:
    """Whether an attempt is being stopped is not looked at."""

    def judge(step: Step, attempt: Attempt, ending: Any) -> Any:
        attempt.stopping = False
        return original(step, attempt, ending)

    return judge


# ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def starts_now(original: Original) -> Original:
    """Nobody waits for ``not_before``."""

    def add(cluster: Cluster, kept: Any) -> Job:
        job: Job = original(cluster, kept)
        job.held_until = 0.0
        return job

    return add


def over_while_open(job: Job) -> bool:
    """Nothing to do for now counts as done."""
    return sum(job.counts.values()) == job.total and bool(job.total)


def without_after(original: Original) -> Original:
    """Who comes after whom is known only as long as nobody asks."""

    def submitted(step: Step, event: JobsSubmitted) -> Answer:
        answer: Answer = original(step, event)
        for job in step.cluster.jobs.values():
            job.blockers.clear()
            step.cluster.offer(job)
        return answer

    return submitted


def unblocks_anyway(original: Original) -> Original:
    """A job that others come after counts as a success."""

    def forget(cluster: Cluster, job: Job) -> None:
        original(cluster, job)
        cluster.ended[job.id] = True

    return forget


def appends_again(step: Step, event: TasksAppended) -> Answer:
    """A repeat is new work."""
    job = step.cluster.jobs.get(event.job)
    if job is None or not job.open:
        return NotFound("it is closed")
    step.keep(TasksKept(job=job.id, first=job.total, payloads=event.payloads))
    step.cluster.append_tasks(job, job.total, event.payloads)
    return Done(tasks=len(event.payloads))


def forgets_cancels(original: Original) -> Original:
    """A cancel is carried out and not kept."""

    def withdraw(step: Step, job: Job, kept: Any) -> Any:
        before = len(step.records)
        answer = original(step, job, kept)
        del step.records[before]
        return answer

    return withdraw


def cancels_at_once(original: Original) -> Original:
    """A cancelled attempt is over before its worker says so."""

    def stop(step: Step, job: Job, kept: Any) -> int:
        count: int = original(step, job, kept)
        for attempt in [attempt for attempt in job.live.values() if attempt.stopping]:
            index, number, outcome = [attempt.index], [attempt.number], [Outcome.CANCELLED]
            ends = Endings(job=job.id, indexes=index, numbers=number, outcomes=outcome)
            lifecycle.record_ends(step, [attempt], ends)
        return count

    return stop


MUTANTS = (
    Mutant(name="a blind terminal write", owner=lifecycle, attribute="_current", make=instead(current_by_task)),
    Mutant(name="an end counts by its worker", owner=lifecycle, attribute="_current", make=instead(current_by_owner)),
    Mutant(name="a reported end leaks", owner=lifecycle, attribute="record_ends", make=without_release),
    Mutant(name="a lost attempt leaks", owner=workers, attribute="record_ends", make=without_release),
    Mutant(name="a job's share leaks", owner=Cluster, attribute="let_go", make=without_shares),
    Mutant(name="a double grant", owner=Indexes, attribute="take", make=keeps_one),
    Mutant(
        name="a restart extends no lease",
        owner=restore,
        attribute="_restore_worker",
        make=instead(restore_without_extension),
    ),
    Mutant(name="a lease is over too early", owner=workers, attribute="on_lease_due", make=judges_too_early),
    Mutant(name="a beat does not count", owner=workers, attribute="on_worker_beat", make=does_not_count),
    Mutant(name="a lease is never over", owner=workers, attribute="on_lease_due", make=nothing),
    Mutant(
        name="a late report counts after the lease",
        owner=workers,
        attribute="on_lease_due",
        make=instead(loses_but_keeps),
    ),
    Mutant(name="the incarnation is ignored", owner=workers, attribute="_same", make=instead(same_worker)),
    Mutant(name="the loss of an old link counts", owner=workers, attribute="on_link_lost", make=any_link),
    Mutant(name="what a worker lost is believed", owner=workers, attribute="_agree", make=trusts_hellos),
    Mutant(name="a cancel is not repeated", owner=workers, attribute="_stop_again", make=nothing),
    Mutant(name="numbers are used again", owner=restore, attribute="_tries", make=reuses_numbers),
    Mutant(name="one retry too many", owner=retry, attribute="_charge", make=charges(1)),
    Mutant(name="one retry too few", owner=retry, attribute="_charge", make=charges(-1)),
    Mutant(name="a back-off is not waited for", owner=Cluster, attribute="postpone", make=instead(at_once)),
    Mutant(name="a back-off is nothing", owner=retry, attribute="backoff", make=always(0.0)),
    Mutant(name="poison is tried once more", owner=retry, attribute="POISON_LIMIT", make=instead(4)),
    Mutant(name="what is cancelled is tried again", owner=lifecycle, attribute="_judge", make=tries_cancelled),
    Mutant(name="a limit is ignored", owner=Job, attribute="room", make=instead(lambda job: job.waiting.count)),
    Mutant(name="a dependency is ignored", owner=submission, attribute="on_jobs_submitted", make=without_after),
    Mutant(name="a failed dependency is ignored", owner=Cluster, attribute="forget_job", make=unblocks_anyway),
    Mutant(name="a start time is ignored", owner=Cluster, attribute="add_job", make=starts_now),
    Mutant(name="a submission counts twice", owner=submission, attribute="_earlier_submission", make=nothing),
    Mutant(
        name="appended tasks count twice", owner=submission, attribute="on_tasks_appended", make=instead(appends_again)
    ),
    Mutant(name="an open job is over", owner=Job, attribute="over", make=instead(over_while_open)),
    Mutant(name="a cancel is not kept", owner=cancel, attribute="_withdraw", make=forgets_cancels),
    Mutant(name="a cancel is not carried out", owner=cancel, attribute="_stop", make=always(0)),
    Mutant(name="cancelled is said before it is so", owner=cancel, attribute="_stop", make=cancels_at_once),
)
