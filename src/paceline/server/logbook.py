"""What the server logs of what it keeps: whatever became so is told from the record that makes it last.

At the usual level nothing is put together for a task that goes well: a batch costs one look at each record, and there
are far fewer of them than tasks. Where much of a kind comes at once (a thousand jobs in a second, a worker lost with a
hundred attempts) it is one line that counts them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from paceline.core.indexes import spans
from paceline.model.columns import column
from paceline.model.ids import AttemptId, WorkerId
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
from paceline.model.task import Outcome
from paceline.model.worker import WorkerState
from paceline.telemetry import Log
from paceline.telemetry.lines import moment

CROWD = 8
"""Jobs of one batch above which they are only counted."""
TROUBLE = frozenset(
    (Outcome.LOST, Outcome.OOM, Outcome.TIMEOUT, Outcome.DISK_LIMIT, Outcome.POISON, Outcome.UNKILLABLE)
)
"""Ends that are an operator's business too; how a program ends otherwise is its owner's."""
STATES: Mapping[WorkerState, str] = {
    WorkerState.READY: "worker joined",
    WorkerState.AWAY: "worker away",
    WorkerState.DRAINING: "worker draining",
    WorkerState.LOST: "worker lost",
    WorkerState.LEFT: "worker left",
}


class Logbook:
    """``workers``: by what name they are known so far."""

    def __init__(self, log: Log, workers: Iterable[WorkerKept]) -> None:
        self._log = log
        self._workers = {each.worker: each for each in workers}

    def kept(self, records: Sequence[Record]) -> None:
        """These are durable now."""
        by_kind: defaultdict[type[Record], list[Record]] = defaultdict(list)
        for record in records:
            by_kind[type(record)].append(record)
        for kind, found in by_kind.items():
            if told := self._told.get(kind):
                told(self, found)

    # ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _submitted(self, found: Sequence[JobKept]) -> None:
        if len(found) > CROWD:
            self._log.info("jobs submitted", count=len(found), first=found[0].job, last=found[-1].job, by=found[0].by)
            return
        for each in found:
            spec = each.spec
            count = {"open": True} if spec.open else {"tasks": sum(map(len, spans(spec.ranges)))}
            self._log.info("job submitted", job=each.job, name=spec.name, kind=spec.run.kind, **count, by=each.by)

    def _job_over(self, found: Sequence[JobOver]) -> None:
        if len(found) > CROWD:
            self._log.info("jobs over", count=len(found), first=found[0].job, last=found[-1].job)
            return
        for each in found:
            self._log.info("job over", job=each.job, state=each.state, tasks=dict(each.counts))

    def _cancelled(self, found: Sequence[CancelKept]) -> None:
        for each in found:
            part = {"tasks": sum(map(len, spans(each.ranges)))} if each.ranges else {}
            self._log.info("cancel", job=each.job, **part, outcome=each.outcome, reason=each.reason, by=each.by)

    # ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _granted(self, found: Sequence[AttemptsGranted]) -> None:
        for each in found if self._log.detailed else ():
            name, (job, indexes, numbers) = self._name(each.worker), _columns(each.attempts)
            for index, number in zip(indexes, numbers, strict=True):
                self._log.debug("attempt granted", **_attempt(job, index, number), worker=name)

    def _over(self, found: Sequence[AttemptsOver]) -> None:
        for each in found:
            if self._log.detailed:
                self._each_over(each)
            if not TROUBLE.isdisjoint(each.endings.outcomes):
                self._trouble(each)

    def _each_over(self, over: AttemptsOver) -> None:
        name, (job, indexes, numbers) = self._name(over.worker), _columns(over.endings)
        for position, (index, number) in enumerate(zip(indexes, numbers, strict=True)):
            end = over.endings.ending(position)
            told = {"outcome": end.outcome, "code": end.code, "seconds": round(end.seconds, 3)}
            self._log.debug("attempt ended", **_attempt(job, index, number), worker=name, **told)

    def _trouble(self, over: AttemptsOver) -> None:
        """One line for each sort of it. A program's own words are not told: who knows what is in them."""
        job, indexes, numbers = _columns(over.endings)
        for outcome in TROUBLE.intersection(over.endings.outcomes):
            places = [place for place, each in enumerate(over.endings.outcomes) if each == outcome]
            first = _attempt(job, indexes[places[0]], numbers[places[0]])
            count = {"count": len(places)} if len(places) > 1 else {}
            word = "attempts ended badly" if count else "attempt ended badly"
            self._log.warning(word, outcome=outcome, **count, **first, worker=self._name(over.worker))

    # ── workers, credentials, models ────────────────────────────────────────────────────────────────────────────────

    def _worker(self, found: Sequence[WorkerKept]) -> None:
        for each in found:
            known = self._workers.get(each.worker)
            self._workers[each.worker] = each
            say = self._log.warning if each.state is WorkerState.LOST else self._log.info
            why = {name: text for name, text in (("reason", each.reason), ("by", each.by)) if text}
            say(_arrival(known, each), worker=each.name, host=each.machine.host, **why)

    def _token_made(self, found: Sequence[TokenKept]) -> None:
        for each in found:
            until = {"until": moment(each.expires_at)} if each.expires_at else {}
            self._log.info("token created", role=each.role, name=each.name, **until, by=each.by)

    def _token_spent(self, found: Sequence[TokenSpent]) -> None:
        for each in found:
            self._log.info("token spent", by=each.by)

    def _model(self, found: Sequence[ModelChanged]) -> None:
        for each in found:
            to = {"to": each.to} if each.to else {}
            self._log.info(f"model {each.change}", model=each.key, name=each.name, **to, by=each.by)

    def _name(self, worker: WorkerId) -> str:
        known = self._workers.get(worker)
        return known.name if known else str(worker)

    _told: Mapping[type[Record], Callable[["Logbook", Any], None]] = {
        JobKept: _submitted,
        JobOver: _job_over,
        CancelKept: _cancelled,
        AttemptsGranted: _granted,
        AttemptsOver: _over,
        WorkerKept: _worker,
        TokenKept: _token_made,
        TokenSpent: _token_spent,
        ModelChanged: _model,
    }


def _arrival(before: WorkerKept | None, now: WorkerKept) -> str:
    """ "worker joined", or how else it comes to be ready."""
    if now.state is WorkerState.READY and before is not None:
        again = {WorkerState.AWAY: "worker back", WorkerState.DRAINING: "worker resumed"}
        return again.get(before.state, STATES[now.state])
    return STATES[now.state]


def _columns(attempts: Any) -> tuple[int, Sequence[int], Sequence[int]]:
    """Of ``Attempts`` or ``Endings``."""
    return attempts.job, attempts.indexes, column(attempts.numbers, len(attempts.indexes), 1)


def _attempt(job: int, index: int, number: int) -> dict[str, object]:
    attempt = AttemptId(job, index, number)  # type: ignore[arg-type]  # as it stands in the columns
    return {"job": job, "task": str(attempt.task), "attempt": str(attempt)}
