"""Listening for HTTP inside a process's own event loop, and by which names it may be called."""

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterable, Iterator
from typing import Any

import uvicorn

from paceline.config import Tls
from paceline.model.errors import UsageError

GRACE = 1
"""Seconds that answers in progress are given at the end."""
DATE = 1.0
"""Seconds for which the date that answers carry is good."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine for itself, as they stand in ``Host``."""


class Listener:
    """Answers at ``listening`` between ``open`` and ``close``. ``port`` is known from the beginning."""

    def __init__(self, app: Any, listening: socket.socket, tls: Tls = Tls()) -> None:  # noqa: B008 - frozen
        self._socket = listening
        self.port: int = listening.getsockname()[1]
        config = uvicorn.Config(
            app,
            http="httptools",
            loop="none",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who calls is whoever is connected
            timeout_graceful_shutdown=GRACE,
            ssl_certfile=tls.cert or None,
            ssl_keyfile=tls.key or None,
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None]

    def open(self) -> None:
        self._serving = asyncio.get_running_loop().create_task(self._server.serve([self._socket]))

    async def close(self) -> None:
        """Let nobody in, and let those inside end."""
        self._server.end()
        await asyncio.wait({self._serving}, timeout=GRACE + 1)
        self._socket.close()


class _Server(uvicorn.Server):
    """uvicorn's own wakes ten times a second: most of what a process costs that has nothing to do."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let ``serve`` come to its end."""
        self.should_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # the date that answers carry
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), DATE)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the whole process's, and ``app.py`` takes them."""
        yield


def bound(host: str, port: int, *, elsewhere: int = -1) -> socket.socket:
    """A socket at that port, or if it is taken at port ``elsewhere`` (0: any that is free; below: nowhere else).

    Raises UsageError for a host that is not this machine's, OSError (EADDRINUSE) if there is no room.
    """
    try:
        return _listening(host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise UsageError(f"{host}: nothing can be served there: {error.strerror}") from None
        if elsewhere < 0:
            raise
    return _listening(host, elsewhere)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be said: asyncio sets TCP_NODELAY only where it is, and without it every answer takes 40 ms.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host.strip("[]"), port))
        made.listen()  # so that who hears of the port may call at once, and is answered as soon as we come to it
        made.setblocking(False)  # noqa: FBT003 - the socket's own word
    except OSError:
        made.close()
        raise
    return made


def hosts_of(names: Iterable[str]) -> frozenset[str]:
    """This machine's names for itself and these, typed by somebody, as ``split_host`` tells them."""
    typed = (f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name for name in names)
    return frozenset((*LOOPBACK, *map(split_host, typed)))


def split_host(text: str) -> str:
    """The name in a ``Host`` header, ``name:port``: in small letters, an IPv6 address in brackets at its shortest."""
    if not text.startswith("["):
        return text.partition(":")[0].lower()
    address = text[1:].partition("]")[0].lower()
    with contextlib.suppress(ValueError):
        address = str(ipaddress.IPv6Address(address))
    return f"[{address}]"
