"""What a worker says on its link: decode, post, and let the links speak."""

import asyncio
from collections.abc import Callable, Sequence

from paceline.model.columns import Attempts, Endings
from paceline.model.errors import NotAllowed, UsageError
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    DrainAsked,
    LinkLost,
    ReportCame,
    WorkerBeat,
    WorkerJoined,
    WorkerLeft,
)
from paceline.model.ids import AttemptId, Incarnation, JobId
from paceline.model.records import LogKept
from paceline.model.worker import Machine
from paceline.server.auth import Principal
from paceline.server.fleet import Fleet
from paceline.server.gate import Stream
from paceline.server.links import Link, Links
from paceline.wire.convert import attempts_from_wire, endings_from_wire, from_wire
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.protocol import check_protocol

REPORT_LIMIT = 64 << 10
"""Bytes of one progress report."""


class WorkerSession:
    """One link, from its hello to its end."""

    def __init__(self, fleet: Fleet, links: Links, principal: Principal, stream: Stream) -> None:
        self._fleet = fleet
        self._links = links
        self._worker = principal.worker
        self._name = principal.name
        self._stream = stream
        self._link: Link
        self._incarnation = Incarnation(0)
        self._left = False

    async def run(self) -> None:
        """Serve the link until either side ends it."""
        messages = aiter(self._stream)
        first: pb.FromWorker = await anext(messages, pb.FromWorker())
        if not first.words or first.words[0].WhichOneof("word") != "hello":
            raise UsageError("a link begins with a hello")
        self._hello(first.words[0].hello)
        writing = asyncio.create_task(self._write())
        try:
            self._take(first.words[1:])
            async for message in messages:
                self._take(message.words)
                if self._left:
                    break
        finally:
            self._link.outgoing.close()
            self._links.close(self._worker, self._link)
            if not self._left:
                lost = LinkLost(worker=self._worker, incarnation=self._incarnation, link=self._link.number)
                self._fleet.loop.post(lost)
            await asyncio.wait({writing}, timeout=1.0)
            writing.cancel()

    def _hello(self, hello: pb.Hello) -> None:
        if hello.worker != self._worker:
            raise NotAllowed(f"this key belongs to worker {self._worker}, not {hello.worker}")
        machine = from_wire(hello.machine, Machine)
        if mismatch := check_protocol(hello.protocol, f"worker {self._name}", machine.version):
            raise mismatch
        if machine.capacity.cpu <= 0:
            raise UsageError(f"worker {self._name}: cpus: must be above 0")
        held = [_whole(attempts_from_wire(each)) for each in hello.held]
        self._incarnation = Incarnation(hello.incarnation)
        self._link = self._links.open(self._worker, self._incarnation)
        self._fleet.loop.post(
            WorkerJoined(
                worker=self._worker,
                name=self._name,
                incarnation=self._incarnation,
                machine=machine,
                held=held,
                link=self._link.number,
            )
        )

    async def _write(self) -> None:
        async for words in self._link.outgoing.batches():
            await self._stream.write(pb.ToWorker(words=words))

    def _take(self, words: Sequence[pb.WorkerWord]) -> None:
        for word in words:
            self._words[str(word.WhichOneof("word"))](self, word)

    def _beat(self, word: pb.WorkerWord) -> None:
        self._link.beat = word.beat.number
        self._fleet.loop.post(WorkerBeat(worker=self._worker, incarnation=self._incarnation))

    def _started(self, word: pb.WorkerWord) -> None:
        attempts = _whole(attempts_from_wire(word.started))
        self._fleet.loop.post(AttemptsStarted(worker=self._worker, attempts=attempts))

    def _ended(self, word: pb.WorkerWord) -> None:
        endings = _even(endings_from_wire(word.ended))
        self._fleet.loop.post(AttemptsEnded(worker=self._worker, endings=endings))

    def _report(self, word: pb.WorkerWord) -> None:
        report = word.report
        if len(report.values) > REPORT_LIMIT:
            raise UsageError(f"a report of {len(report.values)} bytes, limit {REPORT_LIMIT}")
        attempt = AttemptId(JobId(report.job), report.index, report.number)
        self._fleet.loop.post(ReportCame(worker=self._worker, attempt=attempt, step=report.step, values=report.values))

    def _log(self, word: pb.WorkerWord) -> None:
        chunk = word.log
        attempt = AttemptId(JobId(chunk.job), chunk.index, chunk.number)
        end = chunk.offset + len(chunk.data)
        link, stream = self._link, chunk.stream
        if stream not in ("out", "err"):
            raise UsageError(f"there is no output stream {stream!r}")
        self._fleet.loop.keep(
            LogKept(attempt=attempt, stream=stream, offset=chunk.offset, data=chunk.data),
            lambda: link.log_kept(attempt, stream, end),
        )

    def _leaving(self, word: pb.WorkerWord) -> None:
        self._left = True
        self._fleet.loop.post(WorkerLeft(worker=self._worker, incarnation=self._incarnation))

    def _draining(self, word: pb.WorkerWord) -> None:
        wish = word.draining
        self._fleet.loop.post(DrainAsked(worker=self._worker, resume=wish.resume, own=True, reason=wish.reason))

    def _unknown(self, word: pb.WorkerWord) -> None:
        """A word of a newer version: nothing we could act on."""

    _words: dict[str, Callable[["WorkerSession", pb.WorkerWord], None]] = {
        "beat": _beat,
        "started": _started,
        "ended": _ended,
        "report": _report,
        "log": _log,
        "leaving": _leaving,
        "draining": _draining,
        "hello": _unknown,
        "None": _unknown,
    }


def _whole(attempts: Attempts) -> Attempts:
    if attempts.numbers and len(attempts.numbers) != len(attempts.indexes):
        raise UsageError(f"columns of unequal length: {len(attempts.indexes)} indexes, {len(attempts.numbers)} numbers")
    return attempts


def _even(endings: Endings) -> Endings:
    """The columns, if they are all empty or equally long."""
    rows = len(endings.indexes)
    for name in ("numbers", "outcomes", "codes", "details", "results", "seconds"):
        if len(getattr(endings, name)) not in (0, rows):
            raise UsageError(f"columns of unequal length: {rows} indexes, {len(getattr(endings, name))} {name}")
    return endings
