"""What a client can ask. Answers are the views of ``model/views.py``."""

import dataclasses
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Unpack

from paceline.model.ids import TaskId
from paceline.model.job import Range
from paceline.model.queries import EventsAsked
from paceline.model.task import FINAL_STATES
from paceline.model.views import (
    CheckpointView,
    EntryRow,
    EventView,
    Explanation,
    JobView,
    LogPage,
    ReportView,
    ResultRow,
    TaskView,
    WorkerView,
)
from paceline.sdk.connection import Connection
from paceline.sdk.replies import Info, Update
from paceline.wire.convert import from_wire, to_wire
from paceline.wire.gen import fleet_pb2 as fleet
from paceline.wire.protocol import check_protocol

ALL_REPORTS = 10_000


class Queries(Connection):
    """The reading half of ``Client``."""

    async def info(self) -> Info:
        """Who answers. Raises VersionMismatch if we could not talk to each other."""
        reply = await self._ask("Info", fleet.InfoRequest(), fleet.InfoReply)
        if mismatch := check_protocol(reply.protocol, "the server", reply.version):
            raise mismatch
        return from_wire(reply, Info)

    async def jobs(
        self, ids: Sequence[int] = (), before: int = 0, name: str = "", limit: int = 100
    ) -> Sequence[JobView]:
        """Jobs, newest first; ``before`` pages on."""
        request = fleet.JobsRequest(ids=ids, before=before, name=name, limit=limit)
        reply = await self._ask("Jobs", request, fleet.JobsReply)
        return [from_wire(each, JobView) for each in reply.jobs]

    async def tasks(
        self, job: int, ranges: Sequence[Range] = (), states: Sequence[str] = (), after: int = -1, limit: int = 1000
    ) -> Sequence[TaskView]:
        """Tasks of a job with their latest attempts, by index; ``after`` pages on."""
        wanted = [to_wire(each, fleet.Range) for each in ranges]
        request = fleet.TasksRequest(job=job, ranges=wanted, states=states, after=after, limit=limit)
        reply = await self._ask("Tasks", request, fleet.TasksReply)
        return [from_wire(each, TaskView) for each in reply.tasks]

    async def attempts(self, task: TaskId) -> Sequence[TaskView]:
        """All attempts of a task, oldest first."""
        reply = await self._ask("Attempts", fleet.AttemptsRequest(job=task.job, index=task.index), fleet.TasksReply)
        return [from_wire(each, TaskView) for each in reply.tasks]

    async def checkpoints(self, task: TaskId) -> Sequence[CheckpointView]:
        """Those that a task has, the one from which its next attempt goes on first; none once its job is over."""
        request = fleet.CheckpointsRequest(job=task.job, index=task.index)
        reply = await self._ask("Checkpoints", request, fleet.CheckpointsReply)
        return [from_wire(each, CheckpointView) for each in reply.checkpoints]

    async def results(self, job: int, after: int = -1, limit: int = 1000) -> Sequence[ResultRow]:
        """Final ends of a job's tasks, by index; ``after`` pages on."""
        reply = await self._ask("Results", fleet.ResultsRequest(job=job, after=after, limit=limit), fleet.ResultsReply)
        return [from_wire(each, ResultRow) for each in reply.rows]

    async def entries(self, job: int, after: int = -1, limit: int = 1000) -> Sequence[EntryRow]:
        """What a job's tasks were made from, by index; ``after`` pages on. Nothing for tasks that take nothing."""
        reply = await self._ask("Entries", fleet.EntriesRequest(job=job, after=after, limit=limit), fleet.EntriesReply)
        return [from_wire(each, EntryRow) for each in reply.rows]

    async def reports(self, job: int, index: int = -1) -> Sequence[ReportView]:
        """Progress reports in the order they came; of all tasks if ``index`` is below 0."""
        request = fleet.ReportsRequest(job=job, index=index, limit=ALL_REPORTS)
        reply = await self._ask("Reports", request, fleet.ReportsReply)
        return [from_wire(each, ReportView) for each in reply.reports]

    async def explain(self, task: TaskId) -> Explanation:
        """All that keeps a task from running."""
        reply = await self._ask("Explain", fleet.ExplainRequest(job=task.job, index=task.index), fleet.ExplainReply)
        return from_wire(reply, Explanation)

    async def workers(self, all: bool = False) -> Sequence[WorkerView]:  # noqa: A002, FBT001, FBT002 - a filter's name
        """Workers there are; with ``all`` also lost ones and those that left."""
        reply = await self._ask("Workers", fleet.WorkersRequest(all=all), fleet.WorkersReply)
        return [from_wire(each, WorkerView) for each in reply.workers]

    async def events(self, **asked: Unpack[EventsAsked]) -> Sequence[EventView]:
        """A page of the event log, as ``model.queries.Events`` says."""
        reply = await self._ask("Events", fleet.EventsRequest(**asked), fleet.EventsReply)
        return [from_wire(each, EventView) for each in reply.events]

    async def follow_events(self, **asked: Unpack[EventsAsked]) -> AsyncGenerator[EventView]:
        """The same, and then whatever is added to it; outlasts a restart of the server, and no line comes twice."""
        request = fleet.EventsRequest(**asked)
        async with aclosing(self._persist(lambda: self._stream("FollowEvents", request, fleet.EventsReply))) as replies:
            async for reply in replies:
                for each in reply.events:
                    yield from_wire(each, EventView)
                    request = fleet.EventsRequest(after=each.seq, kinds=request.kinds, subject=request.subject)

    async def watch(self, jobs: Sequence[int], interval: float = 0.2) -> AsyncGenerator[Update]:
        """The jobs now, then what changes, at most every ``interval`` seconds, until all are over.

        Outlasts a restart of the server; the jobs' views then come again.
        """
        request = fleet.WatchRequest(jobs=jobs, interval=interval, reports=True)
        async with aclosing(self._persist(lambda: self._stream("Watch", request, fleet.WatchReply))) as replies:
            async for reply in replies:
                yield Update(
                    jobs=[from_wire(each, JobView) for each in reply.jobs],
                    reports=[from_wire(each, ReportView) for each in reply.reports],
                )

    async def logs(
        self,
        task: TaskId,
        attempt: int = 0,
        stream: str = "",
        offset: int = 0,
        follow: bool = False,  # noqa: FBT001, FBT002 - as in `tail -f`
        tail: int = -1,
    ) -> AsyncGenerator[tuple[str, LogPage]]:
        """Output from ``offset`` on, or the last ``tail`` bytes, with the name of its stream ("out", "err").

        ``attempt`` 0 is the latest, ``stream`` "" both. With ``follow`` until the attempt is over, or for ``attempt`` 0
        until the task is, further attempts included; that outlasts a restart of the server, and no byte comes twice.
        """
        request = fleet.LogsRequest(
            job=task.job, index=task.index, number=attempt, stream=stream, offset=offset, follow=follow, tail=tail
        )
        place = _Place(request)
        async with aclosing(self._persist(lambda: self._output(task, place))) as replies:
            async for reply in replies:
                if page := place.unseen(reply):
                    yield reply.stream, page

    async def _output(self, task: TaskId, place: "_Place") -> AsyncGenerator[fleet.LogsReply]:
        """From the place on. The server goes on to later attempts by itself, unless it is asked for a certain one."""
        resumed = place.resumed
        async with aclosing(self._stream("Logs", place.request, fleet.LogsReply)) as replies:
            async for reply in replies:
                yield reply
        number = place.number
        while resumed and (number := await self._further_attempt(task, number)):
            async with aclosing(self._stream("Logs", place.beginning_of(number), fleet.LogsReply)) as replies:
                async for reply in replies:
                    yield reply

    async def _further_attempt(self, task: TaskId, number: int) -> int:
        """The task's attempt after this one, once there is one; 0 if the task is over without."""
        only = Range(start=task.index, stop=task.index + 1)
        async with aclosing(self.watch([task.job])) as updates:
            async for _ in updates:
                [view] = await self.tasks(task.job, [only], limit=1)
                if view.attempt > number:
                    return number + 1
                if view.state in FINAL_STATES:
                    return 0
        return 0


class _Place:
    """How far a reader of logs has come, so that it can begin again there. Every attempt begins at its first byte."""

    def __init__(self, request: fleet.LogsRequest) -> None:
        self.request = request
        self.number = 0
        self._further = request.follow and not request.number
        self._offset = request.offset  # where a stream begins of which nothing has come yet
        self._seen: dict[str, int] = {}

    @property
    def resumed(self) -> bool:
        """Whether the request names one attempt although later ones are wanted too."""
        return self._further and self.request.number > 0

    def unseen(self, reply: fleet.LogsReply) -> LogPage | None:
        """What of a page is new."""
        if reply.number != self.number:
            self._offset = 0 if self.number else self._offset
            self.number, self._seen = reply.number, {}
        page = from_wire(reply, LogPage)
        end = page.start + len(page.data)
        seen = self._seen.get(reply.stream, 0)
        if end <= seen and page.data:
            return None
        self._seen[reply.stream] = max(end, seen)
        self.request = self._request_from(reply.number, self._least())
        if page.start >= seen:
            return page
        return dataclasses.replace(page, start=seen, data=page.data[seen - page.start :])

    def beginning_of(self, number: int) -> fleet.LogsRequest:
        """Asks for another attempt, from its first byte."""
        return self._request_from(number, 0)

    def _least(self) -> int:
        """Where the stream stands that has come least far."""
        whole = self.request.stream or len(self._seen) > 1
        return min(self._seen.values()) if whole else self._offset

    def _request_from(self, number: int, offset: int) -> fleet.LogsRequest:
        here = fleet.LogsRequest()
        here.CopyFrom(self.request)
        here.number, here.offset, here.tail = number, offset, -1
        return here
