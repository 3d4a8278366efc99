"""The clients' service, whichever way they come (``grpc_fleet``, ``near``): decode, call one operation, encode."""

import dataclasses
import hashlib
import os
from collections.abc import AsyncIterator, Sequence

from paceline import __version__
from paceline.model.ids import JobId, TaskId
from paceline.model.job import JobSpec, Range
from paceline.model.queries import Entries, Events, Jobs, Reports, Results
from paceline.model.views import EventView
from paceline.server.client_session import ClientSession
from paceline.server.gate import Stream
from paceline.server.model_calls import ModelCalls
from paceline.server.operations import events, following, looking, submitting
from paceline.server.worker_calls import WorkerCalls
from paceline.telemetry.traceparent import VARIABLE
from paceline.wire.convert import from_wire, to_wire
from paceline.wire.gen import fleet_pb2 as pb
from paceline.wire.protocol import PROTOCOL

PAGE_LIMIT = 1000


def submission(request: pb.SubmitRequest) -> submitting.Request:
    """A submit request in model words; its digest leaves out the token and what is only a wish."""
    return submitting.Request(
        specs=[from_wire(spec, JobSpec) for spec in request.specs],
        payloads=[list(payloads.items) for payloads in request.payloads],
        token=request.token,
        digest=_digest(request),
        must_fit=request.must_fit,
    )


def _digest(request: pb.SubmitRequest) -> str:
    """Of what is to be run; in which trace it was asked for makes no difference."""
    bare = pb.SubmitRequest(specs=request.specs, payloads=request.payloads)
    for spec in bare.specs:
        kept = [pair for pair in spec.run.env if pair.name != VARIABLE]
        if len(kept) < len(spec.run.env):
            del spec.run.env[:]
            spec.run.env.extend(kept)
    return hashlib.sha256(bare.SerializeToString(deterministic=True)).hexdigest()


def _limit(asked: int) -> int:
    return min(asked, PAGE_LIMIT) if asked > 0 else PAGE_LIMIT


def _ranges(message: pb.CancelRequest | pb.TasksRequest) -> list[Range]:
    return [from_wire(each, Range) for each in message.ranges]


def _asked(request: pb.EventsRequest) -> Events:
    return Events(
        after=request.after,
        limit=_limit(request.limit),
        kinds=events.kinds_of(request.kinds),
        subject=request.subject,
        since=request.since,
        newest=request.newest,
    )


def _events(lines: Sequence[EventView]) -> pb.EventsReply:
    return pb.EventsReply(events=[to_wire(line, pb.EventView) for line in lines])


class FleetService(ModelCalls, WorkerCalls):
    """Every call by its name (``wire/calls.py``), and the session."""

    async def session(self, stream: Stream) -> None:
        """A client's session, from its first word to its end."""
        await ClientSession(self._fleet, stream, submission).run()

    async def Info(self, request: pb.InfoRequest) -> pb.InfoReply:
        fleet = self._fleet
        trouble = fleet.trouble
        return pb.InfoReply(
            version=__version__,
            protocol=PROTOCOL,
            store=fleet.store_name,
            started_at=fleet.started_at,
            epoch=fleet.epoch,
            pid=os.getpid(),
            now=fleet.clock.now(),
            trouble=f"{trouble.message}; {trouble.hint}" if trouble else "",
        )

    async def Submit(self, request: pb.SubmitRequest) -> pb.SubmitReply:
        accepted = await submitting.submit(self._fleet, submission(request))
        return pb.SubmitReply(jobs=accepted.jobs, again=accepted.again, warnings=accepted.warnings)

    async def Plan(self, request: pb.SubmitRequest) -> pb.PlanReply:
        told = submitting.plan(self._fleet, submission(request))
        return pb.PlanReply(jobs=[to_wire(each, pb.ExplainReply) for each in told])

    async def Cancel(self, request: pb.CancelRequest) -> pb.CancelReply:
        job = JobId(request.job)
        await looking.jobs_exist(self._fleet, [job])
        tasks = await submitting.cancel(self._fleet, job, _ranges(request), request.reason)
        return pb.CancelReply(tasks=tasks)

    async def Jobs(self, request: pb.JobsRequest) -> pb.JobsReply:
        ids = [JobId(job) for job in request.ids]
        query = Jobs(ids=ids, before=request.before, name=request.name, limit=_limit(request.limit))
        views = await looking.jobs(self._fleet, query)
        return pb.JobsReply(jobs=[to_wire(view, pb.JobView) for view in views])

    async def Tasks(self, request: pb.TasksRequest) -> pb.TasksReply:
        page = looking.TaskPage(
            job=JobId(request.job),
            ranges=_ranges(request),
            states=list(request.states),
            after=request.after,
            limit=_limit(request.limit),
        )
        views = await looking.tasks(self._fleet, page)
        return pb.TasksReply(tasks=[to_wire(view, pb.TaskView) for view in views])

    async def Attempts(self, request: pb.AttemptsRequest) -> pb.TasksReply:
        views = await looking.attempts(self._fleet, TaskId(JobId(request.job), request.index))
        return pb.TasksReply(tasks=[to_wire(view, pb.TaskView) for view in views])

    async def Checkpoints(self, request: pb.CheckpointsRequest) -> pb.CheckpointsReply:
        views = await looking.checkpoints(self._fleet, TaskId(JobId(request.job), request.index))
        return pb.CheckpointsReply(checkpoints=[to_wire(view, pb.CheckpointView) for view in views])

    async def Results(self, request: pb.ResultsRequest) -> pb.ResultsReply:
        query = Results(job=JobId(request.job), after=request.after, limit=_limit(request.limit))
        rows = await looking.results(self._fleet, query)
        return pb.ResultsReply(rows=[to_wire(row, pb.ResultRow) for row in rows])

    async def Entries(self, request: pb.EntriesRequest) -> pb.EntriesReply:
        query = Entries(job=JobId(request.job), after=request.after, limit=_limit(request.limit))
        rows = await looking.entries(self._fleet, query)
        return pb.EntriesReply(rows=[to_wire(row, pb.EntryRow) for row in rows])

    async def Watch(self, request: pb.WatchRequest) -> AsyncIterator[pb.WatchReply]:
        ids = [JobId(job) for job in request.jobs]
        await looking.jobs_exist(self._fleet, ids)
        async for update in following.watch(self._fleet, ids, max(0.05, request.interval)):
            yield pb.WatchReply(
                jobs=[to_wire(view, pb.JobView) for view in update.jobs],
                reports=[to_wire(report, pb.ReportView) for report in update.reports],
            )

    async def Logs(self, request: pb.LogsRequest) -> AsyncIterator[pb.LogsReply]:
        wanted = following.LogRequest(
            task=TaskId(JobId(request.job), request.index),
            number=request.number,
            stream=request.stream,
            offset=request.offset,
            follow=request.follow,
            tail=request.tail,
        )
        async for part in following.logs(self._fleet, wanted):
            page = dataclasses.asdict(part.page)
            yield pb.LogsReply(stream=part.stream, number=part.number, **page)

    async def Reports(self, request: pb.ReportsRequest) -> pb.ReportsReply:
        query = Reports(job=JobId(request.job), index=request.index, limit=request.limit or 10_000)
        reports = await self._fleet.store.read(query)
        return pb.ReportsReply(reports=[to_wire(report, pb.ReportView) for report in reports])

    async def Explain(self, request: pb.ExplainRequest) -> pb.ExplainReply:
        told = await looking.explain(self._fleet, TaskId(JobId(request.job), request.index))
        return to_wire(told, pb.ExplainReply)

    async def Events(self, request: pb.EventsRequest) -> pb.EventsReply:
        return _events(await self._fleet.store.read(_asked(request)))

    async def FollowEvents(self, request: pb.EventsRequest) -> AsyncIterator[pb.EventsReply]:
        yield pb.EventsReply()  # we are here, however long there is nothing to say
        async for lines in events.follow(self._fleet, _asked(request)):
            yield _events(lines)
