"""Listening for HTTP, inside the server's own event loop."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn
from litestar.types import ASGIApp

from paceline.config import ServerOptions
from paceline.model.errors import UsageError

GRACE = 1
"""Seconds that answers in progress are given at the end."""


class Listener:
    """Answers between ``open`` and ``close``. ``port`` is known from the beginning."""

    def __init__(self, app: ASGIApp, options: ServerOptions) -> None:
        self._socket = _bound(options)
        self.port: int = self._socket.getsockname()[1]
        tls = options.tls
        config = uvicorn.Config(
            app,
            http="httptools",
            loop="none",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
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
        self._server.should_exit = True
        await asyncio.wait({self._serving}, timeout=GRACE + 1)
        self._socket.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the whole process's, and ``app.py`` takes them."""
        yield


def _bound(options: ServerOptions) -> socket.socket:
    try:
        return _listening(options.host, options.http_port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise UsageError(f"--host {options.host}: {error.strerror}") from None
    if options.http_elsewhere:
        return _listening(options.host, 0)
    raise UsageError(
        f"--http-port {options.http_port}: {options.host}:{options.http_port} is taken by another program",
        hint="stop it, or choose another port (0 takes any free one)",
    )


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host.strip("[]"), port))
        made.setblocking(False)  # noqa: FBT003 - the socket's own word
    except OSError:
        made.close()
        raise
    return made
