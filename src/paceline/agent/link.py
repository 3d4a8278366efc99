"""The link to the server: one bidirectional stream, made anew as often as it breaks.

What is said while there is no link is dropped, and that is right: the next one begins with a hello that says all we
hold, and the machine tells again what was not settled. Only progress reports, which nobody tells twice, wait for it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from random import Random

from paceline.agent.translate import Listener, merged, spoken
from paceline.agent.way import conversation
from paceline.agent.words import Linked, Refused, Reported, ToServer, Unlinked
from paceline.clock import Clock
from paceline.config import WorkerOptions
from paceline.model.errors import NotAllowed, PacelineError, Unreachable, VersionMismatch
from paceline.telemetry import log
from paceline.wire import near
from paceline.wire.address import is_loopback, split_address
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.outgoing import Outgoing
from paceline.wire.protocol import metadata
from paceline.wire.stream import Stream

BACKOFF = (0.1, 5.0)
"""Seconds before the first and before the later tries to link again; doubles in between."""
WELCOME = 20.0
"""Seconds within which a server answers a hello."""
ROOM = 2 << 20
"""Bytes on the way above which output waits."""
REPORTS = 4096
"""Progress reports that wait for a link; of more, the oldest go."""
GOODBYE = 2.0
"""Seconds that the last words may take."""

_LOG = log("worker")
Hear = Callable[..., None]


class Link:
    """``hear`` gets what the server says (FromServer and Acked), all of a message together; and Linked, Unlinked,
    Refused."""

    def __init__(
        self, options: WorkerOptions, key: str, hello: Callable[[], pb.Hello], hear: Hear, clock: Clock, random: Random
    ) -> None:
        self._options = options
        self._metadata = metadata(key)
        self._hello = hello
        self._hear = hear
        self._clock = clock
        self._random = random
        self._outgoing: Outgoing[pb.WorkerWord] | None = None
        self._welcomed = False
        self._reports: deque[Reported] = deque(maxlen=REPORTS)
        self._stream: asyncio.Task[None] | None = None
        self._tries = 0
        self._closing = False
        self._missing = False  # the server, and that was said

    async def run(self) -> None:
        """Stay linked until ``close``. Raises NotAllowed or VersionMismatch: trying again would not help."""
        while not self._closing:
            self._stream = asyncio.create_task(self._session())
            try:
                await self._stream
                self._note("the server ended it")
            except (NotAllowed, VersionMismatch):
                raise
            except Unreachable as trouble:
                self._note(trouble.message)
                await self._tell_if_refused()
            except (PacelineError, TimeoutError) as trouble:  # the server's, which it knows of: try again
                self._note(str(trouble) or f"no welcome within {WELCOME:g} s")
            except asyncio.CancelledError:
                if (task := asyncio.current_task()) and task.cancelling():
                    raise  # it is us who are cancelled, not just the session
            if not self._closing:
                await asyncio.sleep(self._pause())

    def send(self, words: Iterable[ToServer]) -> None:
        """Say these, in order."""
        while self._reports and self.room():
            self._put(self._reports.popleft())
        for word in words:
            if isinstance(word, Reported) and not self.room():
                self._reports.append(word)
            else:
                self._put(word)

    def room(self) -> bool:
        """Whether output may follow: we are welcome, and what is on the way is little."""
        return self._welcomed and self._outgoing is not None and self._outgoing.waiting < ROOM

    def _put(self, word: ToServer) -> None:
        if self._outgoing is not None:
            for message, size in spoken(word):
                self._outgoing.put(message, size)

    def pace(self, interval: float) -> None:
        """Seconds between two messages from now on."""
        if self._outgoing is not None:
            self._outgoing.pace(interval)

    def relink(self) -> None:
        """Give up this connection and make a new one."""
        if self._stream is not None:
            self._stream.cancel()

    async def close(self) -> None:
        """Say what was sent, then hang up."""
        self._closing = True
        if self._outgoing is not None:
            self._outgoing.close()
        if self._stream is not None:
            await asyncio.wait({self._stream}, timeout=GOODBYE)
            self._stream.cancel()

    # ── one connection ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _session(self) -> None:
        try:
            async with conversation(self._options, near.LINK, self._metadata, pb.ToWorker) as stream:
                await self._converse(stream)
        finally:
            if self._outgoing is not None:
                self._outgoing, self._welcomed = None, False
                self._hear(Unlinked())

    async def _converse(self, stream: Stream[pb.ToWorker]) -> None:
        listener = Listener(self._clock.steady())
        async with asyncio.timeout(WELCOME) as patience:
            await stream.write(pb.FromWorker(words=[pb.WorkerWord(hello=self._hello())]))
            self._outgoing = Outgoing()
            writing = asyncio.create_task(self._write(stream, self._outgoing))
            try:
                async for message in stream:
                    heard = [event for word in message.words if (event := listener.read(word)) is not None]
                    if any(isinstance(event, Linked) for event in heard):
                        patience.reschedule(None)
                        self._tries = 0
                        self._welcomed = True
                        self._missing = False
                        _LOG.info("linked", server=self._options.server)
                    self._hear(*heard)
                    if listener.full:
                        return
            finally:
                writing.cancel()

    async def _write(self, stream: Stream[pb.ToWorker], outgoing: Outgoing[pb.WorkerWord]) -> None:
        async for words in outgoing.batches():
            await stream.write(pb.FromWorker(words=merged(words)))
        await stream.done_writing()

    # ── between two ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _pause(self) -> float:
        base, cap = BACKOFF
        longest = min(cap, base * 2**self._tries)
        self._tries = min(self._tries + 1, 16)
        return self._random.uniform(longest / 2, longest)

    def _note(self, why: str) -> None:
        """There is no link; once is enough to say so."""
        if not self._missing and not self._closing:
            _LOG.warning("unlinked", server=self._options.server, why=why)
        self._missing = True

    async def _tell_if_refused(self) -> None:
        """gRPC does not say *why* nobody could be reached; on this machine the difference matters (``lease``)."""
        if is_loopback(self._options.server) and await refused(*split_address(self._options.server)):
            self._hear(Refused())


async def refused(host: str, port: int) -> bool:
    """Whether the machine is there, and nobody listens."""
    try:
        async with asyncio.timeout(1.0):
            _, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return True
    except (OSError, TimeoutError):
        return False
    writer.close()
    return False
