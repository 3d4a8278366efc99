"""Updates of tasks, carried out: output kept, progress and ends told to the core, and an answer for each."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence

from paceline.model.decision import Done
from paceline.model.errors import Forbidden, NotFound, UsageError
from paceline.model.events import AttemptsEnded, AttemptsStarted, ReportCame
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.queries import Log
from paceline.model.records import LogKept
from paceline.server.fleet import Fleet
from paceline.server.polling.mailbox import Handed, by_job
from paceline.server.polling.updates import (
    FORBIDDEN,
    KEPT,
    NOT_FOUND,
    STALE,
    Rows,
    Told,
    answers,
    check,
    ending,
    standing,
)
from paceline.wire.gen import worker_pb2 as pb

UPDATES_LIMIT = 10_000
"""Updates in one call."""

_AGAIN = (STALE, "said twice in one call: the first one counts")


class Reports:
    """For all workers. ``handed``: what a worker has, where it is known."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def one(
        self, worker: WorkerId, handed: Mapping[AttemptId, Handed], update: pb.UpdateTaskStatusRequest
    ) -> pb.UpdateTaskStatusResponse:
        """Raises NotFound for a task that never was, Forbidden for another worker's, UsageError for nonsense."""
        [(answer, why)] = await self._take(worker, handed, [check(update)])
        if answer == NOT_FOUND:
            raise NotFound(f"task_id: {why}", hint="echo Task.id as it came")
        if answer == FORBIDDEN:
            raise Forbidden(f"task_id: {why}", hint="report your own tasks, with your own key")
        return pb.UpdateTaskStatusResponse(answer=answer, message=why)

    async def batch(
        self, worker: WorkerId, handed: Mapping[AttemptId, Handed], updates: Sequence[pb.TaskStatusUpdate]
    ) -> pb.BatchUpdateTaskStatusResponse:
        """All of them, in their order. Raises UsageError before anything is done if one of them is nonsense."""
        if len(updates) > UPDATES_LIMIT:
            raise UsageError(
                f"updates: {len(updates):,} in one call, limit {UPDATES_LIMIT:,}", hint="send the rest in another call"
            )
        told = [check(update, f"updates[{place}].") for place, update in enumerate(updates)]
        return pb.BatchUpdateTaskStatusResponse(answers=answers(await self._take(worker, handed, told)))

    async def _take(
        self, worker: WorkerId, handed: Mapping[AttemptId, Handed], updates: Sequence[Told]
    ) -> Sequence[tuple[str, str]]:
        """What becomes of each, once it is kept."""
        self._fleet.loop.hold.demand()
        found: list[tuple[str, str]] = []
        over: set[AttemptId] = set()
        good: list[tuple[int, Told]] = []
        for place, told in enumerate(updates):
            state = _AGAIN if told.attempt in over else standing(self._fleet.cluster, worker, told.attempt)
            found.append(state)
            if state[0] == KEPT:
                good.append((place, told))
                if told.ended:
                    over.add(told.attempt)
        await self._keep_output(handed, [told for _, told in good])
        progress = self._tell_progress(worker, [told for _, told in good])
        _, late = await asyncio.gather(progress, self._end(worker, handed, good))
        for place in late:
            found[place] = standing(self._fleet.cluster, worker, updates[place].attempt)
        return found

    async def _keep_output(self, handed: Mapping[AttemptId, Handed], updates: Sequence[Told]) -> None:
        """In order, and before any end is told: whoever sees a task finished can read everything it wrote."""
        written: dict[AttemptId, dict[str, int]] = {}
        records = []
        for told in updates:
            attempt, update = told.attempt, told.update
            if not update.output:
                continue
            known = handed[attempt].written if attempt in handed else written.setdefault(attempt, {})
            stream, data = update.stream or "out", update.output.encode()
            if stream not in known:
                page = await self._fleet.store.read(Log(attempt=attempt, stream=stream, limit=1))
                known.setdefault(stream, page.size)
            offset = update.output_offset if update.HasField("output_offset") else known[stream]
            known[stream] = max(known[stream], offset + len(data))
            records.append(LogKept(attempt=attempt, stream=stream, offset=offset, data=data))
        if records:
            await self._fleet.loop.keep_now(*records)

    async def _tell_progress(self, worker: WorkerId, updates: Sequence[Told]) -> None:
        """Return once the reports are kept. That somebody is at it is for the eyes of people only."""
        running = [told.attempt for told in updates if not told.ended]
        for attempts in by_job(dict.fromkeys(running)):
            self._fleet.loop.post(AttemptsStarted(worker=worker, attempts=attempts))
        said = [(told.attempt, told.update.progress) for told in updates if told.update.HasField("progress")]
        reports = [ReportCame(worker=worker, attempt=who, step=what.step, values=what.values) for who, what in said]
        await asyncio.gather(*map(self._fleet.loop.ask, reports))

    async def _end(
        self, worker: WorkerId, handed: Mapping[AttemptId, Handed], updates: Sequence[tuple[int, Told]]
    ) -> Sequence[int]:
        """Have the ends recorded. Returns the places of those that have become stale meanwhile."""
        now = self._fleet.clock.steady()
        jobs: dict[JobId, Rows] = defaultdict(Rows)
        for place, told in updates:
            if told.ended:
                since = handed[told.attempt].since if told.attempt in handed else now
                rows = jobs[told.attempt.job]
                rows.places.append(place)
                rows.attempts.append(told.attempt)
                rows.endings.append(ending(told, now - since))
        asked = [AttemptsEnded(worker=worker, endings=rows.columns(job)) for job, rows in jobs.items()]
        done = await asyncio.gather(*map(self._fleet.loop.ask, asked))
        return [
            place for rows, answer in zip(jobs.values(), done, strict=True) if answer == Done() for place in rows.places
        ]
