"""The way to the supervisor: find the one that lives, or start one.

It is started by exec, in a session of its own, so that nothing that ends this process ends it too. Its sign of life is
its socket; whoever it runs is its own affair.
"""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence

import msgspec

from paceline.agent.places import Places
from paceline.agent.words import FromSupervisor, Orphaned
from paceline.executor import Decoder, Settle, ToSupervisor, Word, encode
from paceline.model.errors import PacelineError
from paceline.unix import address
from paceline.wire.outgoing import IDLY

STARTUP = 15.0
"""Seconds within which a supervisor that was started must answer."""
_RETRY = 0.02


class Supervision(asyncio.Protocol):
    """One connection at a time. ``hear`` gets the supervisor's words, those of one read together, and ``Orphaned`` when
    it is gone."""

    def __init__(self, places: Places, environment: Mapping[str, str], hear: Callable[..., None]) -> None:
        self._places = places
        self._environment = environment
        self._hear = hear
        self._transport: asyncio.WriteTransport | None = None
        self._decoder = Decoder(msgspec.json.decode)
        self._unsaid: list[ToSupervisor] = []
        self._child: subprocess.Popen[bytes] | None = None

    async def connect(self) -> None:
        """Reach the supervisor, starting it if there is none. Raises PacelineError when it does not come up."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STARTUP
        while not await self._try():
            self._start_if_needed()
            if loop.time() > deadline:
                raise PacelineError(
                    "the supervisor does not answer", hint=f"its last words are in {self._places.supervisor_log}"
                )
            await asyncio.sleep(_RETRY)

    def send(self, words: Sequence[ToSupervisor]) -> None:
        """Say these, in order. Dropped when nobody is there: the next connection begins with what it holds.

        Nobody waits for a mere settling: it goes with what is said next, or in a moment.
        """
        if not self._unsaid and words:
            asyncio.get_running_loop().call_later(IDLY, self._flush)
        self._unsaid += words
        if not all(isinstance(word, Settle) for word in words):
            self._flush()

    def _flush(self) -> None:
        unsaid, self._unsaid = self._unsaid, []
        if self._transport is not None and unsaid:
            self._transport.writelines([encode(word, msgspec.json.encode) for word in unsaid])

    def close(self) -> None:
        """Hang up. The supervisor goes on."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    # ── asyncio.Protocol ────────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._decoder = Decoder(msgspec.json.decode)
        self._unsaid.clear()

    def data_received(self, data: bytes) -> None:
        self._hear(*map(_from_supervisor, self._decoder.feed(data)))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._hear(Orphaned())

    # ── the process ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _try(self) -> bool:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError), address(self._places.socket) as path:
            await loop.create_unix_connection(lambda: self, path)
            return True
        return False

    def _start_if_needed(self) -> None:
        if self._child is not None and self._child.poll() is None:
            return  # started, and not listening yet
        with self._places.supervisor_log.open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "paceline.supervisor", str(self._places.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._environment),
                start_new_session=True,
            )


def _from_supervisor(word: Word) -> FromSupervisor:
    if not isinstance(word, FromSupervisor):
        raise ValueError(f"a supervisor does not say {type(word).__name__}")
    return word
