"""The calls themselves, over the same events as the link."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from paceline import grammar
from paceline.config import MESSAGE_LIMIT
from paceline.model.errors import TryAgain
from paceline.model.events import AttemptsEnded, AttemptsStarted, WorkerLeft
from paceline.model.ids import AttemptId, WorkerId
from paceline.model.task import Outcome
from paceline.model.views import WorkerView
from paceline.model.worker import Machine
from paceline.server.auth import Principal
from paceline.server.fleet import Fleet
from paceline.server.links import Links
from paceline.server.operations import workers
from paceline.server.polling import words
from paceline.server.polling.capabilities import capabilities, machine
from paceline.server.polling.mailbox import Handed, Mailbox, alike, by_job
from paceline.server.polling.mailboxes import Mailboxes, demand_own
from paceline.server.polling.reports import Reports
from paceline.server.polling.tasks import task
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.protocol import check_size

PATIENCE = 10.0
"""Seconds for the server to take note of a heartbeat."""
ANSWER = MESSAGE_LIMIT * 3 // 4
"""Bytes of tasks in one answer, unless a single one has more."""


class Polling:
    """All workers that call. One object per server."""

    def __init__(self, fleet: Fleet, links: Links) -> None:
        self._fleet = fleet
        self._boxes = Mailboxes(fleet, links)
        self._reports = Reports(fleet)

    # ── in and out ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def register(self, caller: Principal, request: pb.RegisterWorkerRequest) -> pb.RegisterWorkerResponse:
        """A newcomer, or one that was here before. Everything is checked before a join token is spent."""
        self._fleet.loop.hold.demand()
        found = machine(request.capabilities, self._fleet.clock.now())
        status = words.one_of(words.WORKER_WORDS[:2], request.status or words.AVAILABLE, "status")
        held = [words.attempt(text, f"held.task_ids[{at}]") for at, text in enumerate(request.held.task_ids)]
        key = ""
        if caller.role == "join":
            caller, key = await self._join(caller, request.worker_id or found.host or "worker")
        else:
            demand_own(caller, request.worker_id)
        box = await self._boxes.open(caller, found, held)
        if status == words.BUSY:
            box.pause("says that it is busy")
        return pb.RegisterWorkerResponse(
            worker_id=caller.name,
            key=key,
            heartbeat_seconds=box.terms.beat,
            lease_seconds=box.terms.lease,
            cancelled=[*map(str, box.dropped), *self._cancelled(box)],
            worker=caller.worker,
        )

    async def _join(self, newcomer: Principal, wanted: str) -> tuple[Principal, str]:
        """Who it is from now on, and its key."""
        name = grammar.check_name(wanted, "worker_id")
        _, key = await workers.join(self._fleet, newcomer, name)
        return self._fleet.auth.holder(("worker",), key, self._fleet.clock.now()), key

    async def turn(self, caller: Principal, request: pb.UpdateWorkerStatusRequest) -> pb.UpdateWorkerStatusResponse:
        """It wants work, or none for now, or leaves."""
        box = self._boxes.present(caller, request.worker_id)
        await self._turn(box, words.one_of(words.WORKER_WORDS, request.status, "status"), request.reason[:200])
        return pb.UpdateWorkerStatusResponse()

    async def _turn(self, box: Mailbox, status: str, reason: str = "") -> None:
        if status == words.AVAILABLE:
            box.resume()
        elif status == words.BUSY:
            box.pause(reason or "says that it is busy")
        else:
            await self._leave(box)

    async def _leave(self, box: Mailbox) -> None:
        """It holds nothing any more: what it had begun is broken off, and goes on elsewhere."""
        for endings in alike(box.handed, Outcome.INTERRUPTED, "its worker left"):
            self._fleet.loop.post(AttemptsEnded(worker=box.worker, endings=endings))
        await self._fleet.loop.ask(WorkerLeft(worker=box.worker, incarnation=box.incarnation))
        self._boxes.close(box)

    # ── at work ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def poll(self, caller: Principal, request: pb.PollForTaskRequest) -> pb.PollForTaskResponse:
        """Tasks for it, as soon as there are any; or that there is something to end. To ask is to want work."""
        box = self._boxes.present(caller, request.worker_id)
        most = int(words.at_least_0(request.max_tasks, "max_tasks"))
        seconds = box.terms.lease / 2
        if request.HasField("wait_seconds"):
            seconds = min(seconds, words.at_least_0(request.wait_seconds, "wait_seconds"))
        if request.HasField("capabilities"):
            await self._changed(box, caller, machine(request.capabilities, self._fleet.clock.now()))
        await self._hear(box, caller)
        box.resume()
        await box.until(lambda: box.waiting or box.untold, seconds)
        tasks = self._fetch(box, most or 1)
        answer = pb.PollForTaskResponse(cancelled=self._cancelled(box), drain=self._drained(box))
        if most:
            answer.tasks.extend(tasks)
        elif tasks:
            answer.task.CopyFrom(tasks[0])
        return answer

    async def _changed(self, box: Mailbox, caller: Principal, found: Machine) -> None:
        """It says of itself something else than before."""
        known = self._fleet.cluster.workers[box.worker]
        if replace(found, ends_at=0.0) != replace(known.machine, ends_at=0.0):
            held = [AttemptId(job, index, attempt.number) for (job, index), attempt in known.held.items()]
            await self._boxes.introduce(box, caller.name, found, held)

    def _fetch(self, box: Mailbox, most: int) -> list[pb.Task]:
        """From here on they have begun, as far as anybody can tell: who dies of one may not have said so."""
        parcels = [] if box.closed else box.fetch(most, ANSWER)
        for attempts in by_job(parcel.attempt for parcel in parcels):
            self._fleet.loop.post(AttemptsStarted(worker=box.worker, attempts=attempts))
        return [task(parcel, self._fleet.cluster) for parcel in parcels]

    async def beat(self, caller: Principal, request: pb.HeartbeatRequest) -> pb.HeartbeatResponse:
        """It is alive. Answered when the server has taken note, so that the lease may count from when it was sent."""
        box = self._boxes.present(caller, request.worker_id)
        status = words.one_of(words.WORKER_WORDS, request.status, "status") if request.status else ""
        listed = [words.attempt(text, f"held.task_ids[{at}]") for at, text in enumerate(request.held.task_ids)]
        if request.HasField("metrics"):
            box.metrics.CopyFrom(request.metrics)
        if status == words.TERMINATED:
            await self._leave(box)
            return pb.HeartbeatResponse()
        await self._hear(box, caller)
        if status:
            await self._turn(box, status)
        strange = box.compare(frozenset(listed)) if request.HasField("held") and not box.closed else ()
        return pb.HeartbeatResponse(cancelled=[*map(str, strange), *self._cancelled(box)], drain=self._drained(box))

    async def _hear(self, box: Mailbox, caller: Principal) -> None:
        """Take note that it is alive. Raises NotFound if it is out by now, TryAgain if nothing can be taken note of."""
        if not await box.beat(PATIENCE) and not box.closed:
            self._boxes.present(caller, "")
            raise TryAgain("the server cannot take note of anything now", hint="the same again in a moment")

    async def update(self, caller: Principal, request: pb.UpdateTaskStatusRequest) -> pb.UpdateTaskStatusResponse:
        """More of a task, or its end: recorded when this is answered."""
        check_size(request, "the update")
        return await self._reports.one(caller.worker, self._handed(caller), request)

    async def update_all(
        self, caller: Principal, request: pb.BatchUpdateTaskStatusRequest
    ) -> pb.BatchUpdateTaskStatusResponse:
        """The same of many."""
        check_size(request, "the batch of updates")
        return await self._reports.batch(caller.worker, self._handed(caller), request.updates)

    # ── looking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def show(self, request: pb.ListWorkersRequest) -> pb.ListWorkersResponse:
        """Every worker, those with a link too."""
        views = workers.workers(self._fleet)
        shown = views if request.all else workers.present(views)
        return pb.ListWorkersResponse(workers=map(self._info, shown))

    def _info(self, view: WorkerView) -> pb.WorkerInfo:
        box = self._boxes.find(WorkerId(view.worker))
        return pb.WorkerInfo(
            worker_id=view.name,
            status=words.worker_word(view),
            capabilities=capabilities(view.machine),
            metrics=box.metrics if box else None,
            state=view.state,
            active_tasks=view.running,
            last_heartbeat=view.seen_at,
            reason=view.reason,
            worker=view.worker,
        )

    def _cancelled(self, box: Mailbox) -> Sequence[str]:
        """What the worker is to end; from here on it was told."""
        box.untold = False
        held = self._fleet.cluster.workers[box.worker].held.values()
        stopping = [attempt.id for attempt in held if attempt.stopping]
        return [str(attempt) for attempt in dict.fromkeys([*stopping, *sorted(box.interrupted)])]

    def _drained(self, box: Mailbox) -> bool:
        return self._fleet.cluster.workers[box.worker].drained

    def _handed(self, caller: Principal) -> Mapping[AttemptId, Handed]:
        box = self._boxes.find(caller.worker)
        return box.handed if box else {}
