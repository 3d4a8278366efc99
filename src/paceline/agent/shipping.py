"""Sending output: files that grow, read in slices and sent in order, from where the server has it.

Of each stream the first 32 MiB are sent as they grow, and of what follows the last 32 MiB once the attempt has ended;
between them the offset jumps. While an attempt runs, only what was already there at the last look is sent: a warm
process writes for one attempt after the other into one file, and by the next look we know where the first one stopped.

Nothing here blocks for longer than it takes to read a slice, and nothing is read while the link is full, or while the
server has yet to keep much of what it got: then output waits in its file.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping

from paceline.agent.memory import Acked, Written
from paceline.agent.places import Source
from paceline.agent.words import Chunk
from paceline.clock import Clock
from paceline.model.ids import AttemptId

SLICE = 256 << 10
"""Bytes that are read and sent at once."""
FIRST = LAST = 32 << 20
"""Bytes of a stream that are sent, of its beginning and of its end."""
WINDOW = 8 << 20
"""Bytes sent and not acknowledged above which the rest waits: a server whose disk is full must not fill its memory."""
LOOK = 0.1
"""Seconds between two looks at files that grow."""
ACK_PATIENCE = 30.0
"""Seconds that the files of a settled attempt are kept for the server to say that it has all their bytes."""
_FULL = 0.02  # seconds until the next try on a full link

GROWING = -1


class Stream:
    """One output file of one attempt. Positions are offsets in the file."""

    __slots__ = ("acked", "end", "path", "position", "seen", "start")

    def __init__(self, path: str, start: int, acked: int) -> None:
        self.path = path
        self.start = start
        self.acked = self.position = start + acked
        self.seen = self.position  # its size at the last look
        self.end = GROWING

    def look(self, size: int) -> None:
        """Time for another look: what was there at the last one is the attempt's own."""
        self.seen = size

    def due(self) -> tuple[int, int]:
        """From where to where to read next; an empty range for nothing."""
        sent = self.position - self.start
        if self.end == GROWING:
            stop = min(self.seen, self.start + FIRST)
        elif sent < FIRST and self.end > self.start + FIRST + LAST:
            stop = self.start + FIRST
        else:
            stop = self.end
            if sent >= FIRST:
                self.position = max(self.position, self.end - LAST)
        return self.position, min(stop, self.position + SLICE)

    def done(self) -> bool:
        """Whether everything that is to be sent was sent."""
        return self.end != GROWING and self.position >= self.end

    def rewind(self) -> None:
        """What was sent and not acknowledged may be lost."""
        self.position = self.acked


class Tail:
    """Both streams of an attempt."""

    __slots__ = ("attempt", "forget_at", "shipped", "streams")

    def __init__(self, attempt: AttemptId, source: Source, acked: Mapping[tuple[str, str], Acked]) -> None:
        key = str(attempt)
        self.attempt = attempt
        self.streams = {
            name: Stream(path, start, acked[key, name].offset if (key, name) in acked else 0)
            for name, path, start in (("out", source.out, source.out_start), ("err", source.err, source.err_start))
        }
        self.shipped = False
        self.forget_at = float("inf")

    def done(self) -> bool:
        return all(stream.done() for stream in self.streams.values())

    def acked(self) -> bool:
        return all(stream.acked >= stream.end for stream in self.streams.values())


class Shipper:
    """``send`` takes chunks, ``room`` says whether it may, ``shipped`` hears of attempts whose output was all sent,
    ``discard`` of attempts whose files nobody needs."""

    def __init__(
        self,
        *,
        send: Callable[[Chunk], None],
        room: Callable[[], bool],
        shipped: Callable[[str], None],
        discard: Callable[[AttemptId], None],
        clock: Clock,
    ) -> None:
        self._send = send
        self._room = room
        self._shipped = shipped
        self._discard = discard
        self._clock = clock
        self._tails: dict[str, Tail] = {}
        self._acked: Mapping[tuple[str, str], Acked] = {}
        self._ahead = 0  # bytes sent on this link and not acknowledged, at most
        self._some = asyncio.Event()

    def recall(self, acked: Mapping[tuple[str, str], Acked]) -> None:
        """So much the server already had when the last agent died."""
        self._acked = acked

    def follow(self, attempt: AttemptId, source: Source) -> None:
        """An attempt is running: send what it writes."""
        if str(attempt) not in self._tails:
            self._tails[str(attempt)] = Tail(attempt, source, self._acked)
            self._some.set()

    def flush(self, written: Written) -> None:
        """An attempt has ended: send the rest of it, soon."""
        self.follow(written.attempt, written.source)
        tail = self._tails[str(written.attempt)]
        tail.streams["out"].end, tail.streams["err"].end = written.out_end, written.err_end
        if self._may_send():
            self._ship(tail)
        self._some.set()

    def forget(self, attempts: Iterable[AttemptId]) -> None:
        """Their ends are settled: discard them once the server has all they wrote."""
        for attempt in attempts:
            tail = self._tails.get(str(attempt))
            if tail is None:
                self._discard(attempt)
            else:
                tail.forget_at = self._clock.steady() + ACK_PATIENCE
                self._discard_if_acked(tail)

    def kept(self, acked: Acked) -> None:
        """The server durably has so much."""
        tail = self._tails.get(str(acked.attempt))
        if tail is not None:
            stream = tail.streams[acked.stream]
            before, stream.acked = stream.acked, max(stream.acked, stream.start + acked.offset)
            self._ahead = max(0, self._ahead - (stream.acked - before))
            self._discard_if_acked(tail)

    def rewind(self) -> None:
        """A new link: go on from what was acknowledged."""
        self._ahead = 0
        for tail in self._tails.values():
            tail.shipped = False
            for stream in tail.streams.values():
                stream.rewind()
        self._some.set()

    def close(self) -> None:
        """We leave: what waits only for an acknowledgement waits no longer."""
        for tail in [tail for tail in self._tails.values() if tail.forget_at < float("inf")]:
            self._drop(tail)

    def records(self) -> list[Acked]:
        """What a successor must know."""
        return [
            Acked(attempt=tail.attempt, stream=name, offset=stream.acked - stream.start)
            for tail in self._tails.values()
            for name, stream in tail.streams.items()
            if stream.acked > stream.start
        ]

    async def run(self) -> None:
        """Look and send, for ever."""
        while True:
            await self._some.wait()
            if self.turn():
                await asyncio.sleep(0 if self._may_send() else _FULL)
            elif self._tails:
                await asyncio.sleep(LOOK)
            else:
                self._some.clear()

    def turn(self) -> bool:
        """Send a slice of each stream that has something; look at the files once nobody has. True: there is more."""
        some = False
        for tail in list(self._tails.values()):
            if not self._may_send():
                return True
            some |= self._ship(tail)
        if not some:
            self._look()
        return some

    def _ship(self, tail: Tail) -> bool:
        """Send a slice of each of its streams. False: there was nothing to send."""
        some = False
        for name, stream in tail.streams.items():
            start, stop = stream.due()
            if start < stop:
                some = True
                data = _read(stream.path, start, stop - start)
                if data:
                    self._ahead += len(data)
                    self._send(Chunk(attempt=tail.attempt, stream=name, offset=start - stream.start, data=data))
                stream.position = start + len(data) if data else stop  # nothing there: it was cut off, or removed
        if tail.done() and not tail.shipped:
            tail.shipped = True
            self._shipped(str(tail.attempt))
        return some

    def _may_send(self) -> bool:
        return self._ahead < WINDOW and self._room()

    def _look(self) -> None:
        now = self._clock.steady()
        for tail in list(self._tails.values()):
            for stream in tail.streams.values():
                if stream.end == GROWING:
                    stream.look(_size(stream.path))
            if now >= tail.forget_at:
                self._drop(tail)

    def _discard_if_acked(self, tail: Tail) -> None:
        if tail.forget_at < float("inf") and tail.acked():
            self._drop(tail)

    def _drop(self, tail: Tail) -> None:
        if self._tails.pop(str(tail.attempt), None) is not None:
            self._ahead = max(0, self._ahead - sum(each.position - each.acked for each in tail.streams.values()))
            self._discard(tail.attempt)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - hot: no Path object per look
    except OSError:
        return 0


def _read(path: str, start: int, count: int) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.pread(fd, count, start)
    finally:
        os.close(fd)
