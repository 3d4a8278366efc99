"""What each event does to workers.

A worker's *lease* is the time for which its work is its own. Every beat starts it anew, here and (from the moment the
beat was sent, so always a little earlier) on the worker's side. When it runs out there, the worker kills what it runs;
when it runs out here, its attempts are void and their tasks go elsewhere. A broken connection alone decides nothing:
the agent may be back in a second, and then says all it holds.
"""

from collections.abc import Mapping, Sequence

from paceline.core.cluster import Cluster
from paceline.core.job import Attempt, columns
from paceline.core.lifecycle import record_ends
from paceline.core.reminders import Due
from paceline.core.step import Step
from paceline.core.worker import DRAIN_ASKED, Worker
from paceline.model.columns import Attempts, Endings, column
from paceline.model.decision import Answer, BeatHeard, Done, Drain, Drop, Message, Stop, Welcome
from paceline.model.errors import NotFound
from paceline.model.events import DrainAsked, LinkLost, WorkerBeat, WorkerJoined, WorkerLeft
from paceline.model.ids import JobId, WorkerId
from paceline.model.records import WorkerKept
from paceline.model.task import Outcome
from paceline.model.worker import WorkerState

FORGET = 86_400.0
"""Seconds after which a worker that is gone is shown no longer, once another one joins."""

WORKER_TRANSITIONS: Mapping[WorkerState, Mapping[str, WorkerState]] = {
    WorkerState.READY: {
        "link lost": WorkerState.AWAY,
        "drain asked": WorkerState.DRAINING,
        "lease over": WorkerState.LOST,
        "says goodbye": WorkerState.LEFT,
    },
    WorkerState.AWAY: {
        "joins again": WorkerState.READY,
        "joins again, drained": WorkerState.DRAINING,
        "lease over": WorkerState.LOST,
        "says goodbye": WorkerState.LEFT,
    },
    WorkerState.DRAINING: {
        "resume asked": WorkerState.READY,
        "joins again": WorkerState.READY,
        "joins again, drained": WorkerState.DRAINING,
        "link lost": WorkerState.AWAY,
        "lease over": WorkerState.LOST,
        "says goodbye": WorkerState.LEFT,
    },
    WorkerState.LOST: {
        "joins again": WorkerState.READY,
        "joins again, drained": WorkerState.DRAINING,
        "says goodbye": WorkerState.LEFT,
    },
    WorkerState.LEFT: {"joins again": WorkerState.READY},
}


def on_worker_joined(step: Step, event: WorkerJoined) -> Answer:
    """An agent is there and says all it holds. We agree on every item: keep it, stop it, or drop it."""
    step.cluster.forget_workers(step.now - FORGET)
    worker = step.cluster.workers.get(event.worker) or step.cluster.add_worker(event.worker, event.name)
    step.send(worker.id, Welcome(worker=worker.id, beat=step.terms.beat, lease=step.terms.lease, link=event.link))
    _agree(step, worker, event)
    worker.name = event.name
    worker.link = event.link
    worker.incarnation = event.incarnation
    worker.seen_at = step.now
    step.cluster.introduce(worker, event.machine)
    _stop_again(step, worker)
    _turn(step, worker, WorkerState.DRAINING if worker.drained else WorkerState.READY, "")
    if worker.drained:
        step.send(worker.id, Drain())
    watch_lease(step, worker)
    return Done()


def _agree(step: Step, worker: Worker, event: WorkerJoined) -> None:
    theirs = set()
    restarted = worker.incarnation != event.incarnation  # either side: then what it holds is what it had begun
    for held in event.held:
        numbers = column(held.numbers, len(held.indexes), 1)
        unknown = []
        for index, number in zip(held.indexes, numbers, strict=True):
            attempt = worker.held.get((held.job, index))
            if attempt is None or attempt.number != number:
                unknown.append((index, number))
            else:
                attempt.started = attempt.started or restarted
                theirs.add((held.job, index))
        if unknown:
            indexes, stale = zip(*unknown, strict=True)
            step.send(worker.id, Drop(attempts=Attempts(job=held.job, indexes=indexes, numbers=stale)))
    missing = [attempt for key, attempt in worker.held.items() if key not in theirs]
    _give_up(step, missing, f"worker {event.name} does not hold it any more")


def _stop_again(step: Step, worker: Worker) -> None:
    """What was to be stopped still is."""
    for job, attempts in _by_job([a for a in worker.held.values() if a.stopping]).items():
        step.send(worker.id, Stop(attempts=columns(job, attempts), reason=""))


def on_worker_beat(step: Step, event: WorkerBeat) -> Answer:
    """It is alive, and hears so."""
    worker = _same(step, event.worker, event.incarnation)
    if worker is not None and worker.state is not WorkerState.LOST:
        worker.seen_at = step.now
        step.send(worker.id, BeatHeard())
    return Done()


def answer_beat(cluster: Cluster, event: WorkerBeat) -> Sequence[tuple[WorkerId, Message]]:
    """What it hears while a decision waits to be kept. Nothing changes: the next step must hear of the beat too."""
    worker = cluster.workers.get(event.worker)
    alive = worker is not None and worker.incarnation == event.incarnation and worker.state is not WorkerState.LOST
    return [(event.worker, BeatHeard())] if alive else []


def on_link_lost(step: Step, event: LinkLost) -> Answer:
    """It may be back in a second; until its lease is over nothing else changes."""
    worker = _same(step, event.worker, event.incarnation)
    if worker is None or worker.link != event.link:
        return Done()
    if worker.state in (WorkerState.READY, WorkerState.DRAINING):
        _turn(step, worker, WorkerState.AWAY, "the connection broke")
    return Done()


def on_worker_left(step: Step, event: WorkerLeft) -> Answer:
    """It said goodbye, so it holds nothing."""
    worker = _same(step, event.worker, event.incarnation)
    if worker is not None and worker.state is not WorkerState.LEFT:
        _end(step, list(worker.held.values()), Outcome.RETURNED, "the worker left")
        worker.drained = False
        _turn(step, worker, WorkerState.LEFT, "")
    return Done()


def on_drain_asked(step: Step, event: DrainAsked) -> Answer:
    """Nothing new for this worker, or new work again, which takes both the operator and the worker."""
    worker = step.cluster.workers.get(event.worker)
    if worker is None or worker.state not in (WorkerState.READY, WorkerState.DRAINING):
        return NotFound(f"there is no worker {event.worker} at work", hint="`paceline worker ls` lists them")
    before = (worker.state, worker.drained)
    worker.drained = worker.drained if event.own else not event.resume
    ready = event.resume and not worker.drained
    wanted = WorkerState.READY if ready else WorkerState.DRAINING
    reason = "" if ready or worker.drained else event.reason or "drains itself"
    if before != (wanted, worker.drained) or reason not in ("", worker.reason):
        _turn(step, worker, wanted, reason, event.by)
    if before != (wanted, worker.drained) or ready != event.resume or event.now:
        step.send(worker.id, Drain(resume=ready, now=event.now))
        step.cluster.worker_changed(worker)
    return Done()


def on_lease_due(step: Step, worker_id: WorkerId) -> None:
    """If nothing was heard since the reminder was set, the worker is lost and its work goes elsewhere."""
    worker = step.cluster.workers[worker_id]
    worker.watched = False
    if worker.state in (WorkerState.LOST, WorkerState.LEFT):
        return
    if step.now < worker.seen_at + step.terms.lease:
        watch_lease(step, worker)
        return
    silent = f"worker {worker.name} was not heard of for {step.now - worker.seen_at:.0f} s"
    _give_up(step, list(worker.held.values()), silent)
    _turn(step, worker, WorkerState.LOST, silent)


def watch_lease(step: Step, worker: Worker) -> None:
    """One reminder a worker is enough: it sets the next."""
    if not worker.watched:
        worker.watched = True
        step.cluster.reminders.add(worker.seen_at + step.terms.lease, Due.LEASE, worker.id)


def _same(step: Step, worker_id: WorkerId, incarnation: int) -> Worker | None:
    """The worker, unless a later start of it has taken over."""
    worker = step.cluster.workers.get(worker_id)
    return worker if worker is not None and worker.incarnation == incarnation else None


def _turn(step: Step, worker: Worker, state: WorkerState, reason: str, by: str = "") -> None:
    worker.state = state
    worker.reason = "; ".join(filter(None, (DRAIN_ASKED if worker.drained else "", reason)))
    step.keep(
        WorkerKept(
            worker=worker.id,
            name=worker.name,
            state=state,
            machine=worker.machine,
            at=step.now,
            reason=worker.reason,
            by=by,
        )
    )


def _by_job(attempts: list[Attempt]) -> dict[JobId, list[Attempt]]:
    grouped: dict[JobId, list[Attempt]] = {}
    for attempt in attempts:
        grouped.setdefault(attempt.job.id, []).append(attempt)
    return grouped


def _give_up(step: Step, attempts: list[Attempt], why: str) -> None:
    """These are not with the worker any more. Whether one had begun decides if the worker may have died of it."""
    _end(step, [attempt for attempt in attempts if attempt.started], Outcome.LOST, why)
    _end(step, [attempt for attempt in attempts if not attempt.started], Outcome.RETURNED, why)


def _end(step: Step, attempts: list[Attempt], outcome: Outcome, why: str) -> None:
    """These attempts end here, without a word from the worker."""
    for job, group in _by_job(attempts).items():
        named = columns(job, group)
        endings = Endings(
            job=job,
            indexes=named.indexes,
            numbers=named.numbers,
            outcomes=[outcome] * len(group),
            details=[why] * len(group),
        )
        record_ends(step, group, endings)
