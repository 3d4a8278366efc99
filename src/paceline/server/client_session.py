"""The hot path of an SDK: one stream, many calls in flight, and the ends of what it follows as they are kept."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from typing import Any

from paceline.core.indexes import spans
from paceline.model.columns import Endings
from paceline.model.errors import PacelineError, UsageError
from paceline.model.ids import JobId
from paceline.model.job import Range
from paceline.model.queries import Jobs
from paceline.model.records import AttemptsGranted, AttemptsOver, CancelKept, JobOver, Record
from paceline.model.task import Outcome
from paceline.model.views import ResultRow
from paceline.server.fleet import Fleet
from paceline.server.gate import Stream
from paceline.server.operations import looking, submitting
from paceline.wire.convert import endings_to_wire, from_wire
from paceline.wire.gen import fleet_pb2 as pb
from paceline.wire.outgoing import Outgoing

Decode = Callable[[pb.SubmitRequest], submitting.Request]
Put = Callable[[pb.FleetWord], None]


class ClientSession:
    """One client's stream."""

    def __init__(self, fleet: Fleet, stream: Stream, decode: Decode) -> None:
        self._fleet = fleet
        self._stream = stream
        self._decode = decode
        self._outgoing: Outgoing[pb.FleetWord] = Outgoing()
        self._following = ExitStack()
        self._followed: set[JobId] = set()
        self._calls: set[asyncio.Task[None]] = set()
        self._held: set[JobId] = set()

    async def run(self) -> None:
        """Serve the stream until the client ends it."""
        writing = asyncio.create_task(self._write())
        try:
            with self._following:
                async for message in self._stream:
                    for word in message.words:
                        self._take(word)
        finally:
            for call in self._calls:
                call.cancel()
            for job in self._held:
                self._fleet.open_jobs.let_go(job)
            self._outgoing.close()
            await asyncio.wait({writing}, timeout=1.0)
            writing.cancel()

    async def _write(self) -> None:
        async for words in self._outgoing.batches():
            await self._stream.write(pb.ToClient(words=words))

    def _take(self, word: pb.ClientWord) -> None:
        put = self._outgoing.put
        match word.WhichOneof("word"):
            case "append":
                call, work = word.append.call, self._append(word.append)
                if JobId(word.append.job) in self._followed:  # then it hears of the ends, and waits for them
                    put = self._outgoing.put_by
            case "submit":
                call, work = word.submit.call, self._submit(word.submit)
            case "follow":
                call, work = word.follow.call, self._follow(word.follow)
            case "cancel":
                call, work = word.cancel.call, self._cancel(word.cancel)
            case "close":
                call, work = word.close.call, self._close(word.close)
            case _:
                raise UsageError("an empty word, or one of a newer version")
        self._call(call, work, put)

    def _call(self, number: int, work: Coroutine[Any, Any, pb.Answered], put: Put) -> None:
        """Do it beside the others; its answer carries its number."""
        task = asyncio.create_task(self._answer(number, work, put))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _answer(self, number: int, work: Coroutine[Any, Any, pb.Answered], put: Put) -> None:
        try:
            answered = await work
        except PacelineError as error:
            problem = pb.Problem(code=error.code, message=error.message, hint=error.hint)
            answered = pb.Answered(problem=problem)
        answered.call = number
        put(pb.FleetWord(answered=answered))

    def _hold(self, job: JobId) -> None:
        """We may append to it as long as this session lasts."""
        if job not in self._held:
            self._held.add(job)
            self._fleet.open_jobs.hold(job)

    async def _append(self, word: pb.Append) -> pb.Answered:
        self._hold(JobId(word.job))
        tasks = await submitting.append(self._fleet, JobId(word.job), word.first, list(word.payloads))
        return pb.Answered(tasks=tasks)

    async def _submit(self, word: pb.SubmitCall) -> pb.Answered:
        accepted = await submitting.submit(self._fleet, self._decode(word.request))
        for job in accepted.jobs:
            self._hold(job)
        return pb.Answered(jobs=accepted.jobs, again=accepted.again)

    async def _close(self, word: pb.CloseJob) -> pb.Answered:
        await submitting.close(self._fleet, JobId(word.job))
        return pb.Answered()

    async def _cancel(self, word: pb.CancelCall) -> pb.Answered:
        request = word.request
        ranges = [from_wire(each, Range) for each in request.ranges]
        tasks = await submitting.cancel(self._fleet, JobId(request.job), ranges, request.reason)
        return pb.Answered(tasks=tasks)

    async def _follow(self, word: pb.Follow) -> pb.Answered:
        """Ends as they are kept from now on, and before them those kept already. Some may come twice."""
        job = JobId(word.job)
        await looking.jobs_exist(self._fleet, [job])
        if job not in self._followed:
            self._followed.add(job)
            self._following.enter_context(self._fleet.watch.job(job, self._heard))
        async for rows in looking.all_results(self._fleet, job):
            self._say_ended(_columns(job, rows))
        for cancel, indexes in await looking.unbegun(self._fleet, job):
            self._say_unbegun(cancel, indexes)
        [view] = await looking.jobs(self._fleet, Jobs(ids=(job,), limit=1))
        if view.ended_at:
            self._outgoing.put(pb.FleetWord(over=pb.JobOver(job=job, state=view.state)))
        return pb.Answered(jobs=[job])

    def _heard(self, record: Record) -> None:
        match record:
            case AttemptsOver(endings=endings):
                self._say_ended(_final(record, endings))
            case AttemptsGranted(attempts=attempts):
                started = pb.Started(job=attempts.job, indexes=attempts.indexes)
                self._outgoing.put_by(pb.FleetWord(started=started), 8 * len(attempts.indexes))
            case CancelKept() if record.ranges:
                live = self._fleet.cluster.jobs.get(record.job)
                indexes = [i for span in spans(record.ranges) for i in span]
                self._say_unbegun(record, [i for i in indexes if live is None or i not in live.live])
            case JobOver(job=job, state=state):
                self._outgoing.put(pb.FleetWord(over=pb.JobOver(job=job, state=state)))
            case _:
                pass

    def _say_ended(self, endings: Endings) -> None:
        if endings.indexes:
            size = 16 * len(endings.indexes) + sum(map(len, endings.results))
            self._outgoing.put(pb.FleetWord(ended=endings_to_wire(endings)), size)

    def _say_unbegun(self, cancel: CancelKept, indexes: Sequence[int]) -> None:
        outcomes = [cancel.outcome] * len(indexes)
        details = [cancel.reason] * len(indexes)
        self._say_ended(Endings(job=cancel.job, indexes=indexes, outcomes=outcomes, details=details))


def _final(record: AttemptsOver, endings: Endings) -> Endings:
    """Those of the ends after which no further attempt follows."""
    if not record.retry_at:
        return endings
    return endings.only([position for position, at in enumerate(record.retry_at) if not at])


def _columns(job: JobId, rows: Sequence[ResultRow]) -> Endings:
    return Endings(
        job=job,
        indexes=[row.index for row in rows],
        numbers=[row.number for row in rows],
        outcomes=[Outcome(row.outcome) for row in rows],
        codes=[row.code for row in rows],
        details=[row.detail for row in rows],
        results=[row.result for row in rows],
        seconds=[row.seconds for row in rows],
    )
