"""The server's end of the socket to one of the store's processes.

The process is started by exec, in a session of its own: a Ctrl-C meant for the server does not reach it, and closing
the socket is what ends it.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from paceline.stores.messages import Frames, Message, decode, head


class Pipe:
    """One process of the store, as seen from the server's event loop."""

    def __init__(self, process: subprocess.Popen[bytes], transport: asyncio.WriteTransport) -> None:
        self.pid = process.pid
        self._process = process
        self._transport = transport

    @classmethod
    async def start(
        cls,
        role: str,
        path: Path,
        hear: Callable[[Message], None],
        lost: Callable[[], None],
        inherit: Sequence[int] = (),
    ) -> "Pipe":
        """Start a process in a role of ``sqlite_file``. ``inherit``: descriptors it holds as long as it lives.

        ``hear`` is called with every message it sends, ``lost`` once when no more can come.
        """
        process, ours = _spawn(role, path, inherit)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_unix_connection(lambda: _Ear(hear, lost), sock=ours)
        return cls(process, transport)

    def send(self, body: bytes) -> None:
        """One frame; never waits."""
        self._transport.writelines((head(body), body))

    async def close(self) -> None:
        """Let the process finish what it was sent, and wait for its end."""
        self._transport.close()
        await asyncio.to_thread(self._process.wait)


class _Ear(asyncio.Protocol):
    def __init__(self, hear: Callable[[Message], None], lost: Callable[[], None]) -> None:
        self._hear = hear
        self._lost = lost
        self._frames = Frames()

    def data_received(self, data: bytes) -> None:
        for body in self._frames.feed(data):
            self._hear(decode(body))

    def connection_lost(self, error: Exception | None) -> None:
        self._lost()


def _spawn(role: str, path: Path, inherit: Sequence[int]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "paceline.stores.sqlite_file", role, str(path), str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), *inherit),
            start_new_session=True,
        )
    return process, ours
