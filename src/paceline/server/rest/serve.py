"""Where the server listens for HTTP."""

from litestar.types import ASGIApp

from paceline.config import ServerOptions
from paceline.model.errors import UsageError
from paceline.wire.listening import Listener, bound


def listener(app: ASGIApp, options: ServerOptions) -> Listener:
    """At the options' host and port. Raises UsageError where that cannot be."""
    host, port = options.host, options.http_port
    try:
        return Listener(app, bound(host, port, elsewhere=0 if options.http_elsewhere else -1), options.tls)
    except OSError:
        raise UsageError(
            f"--http-port {port}: {host}:{port} is taken by another program",
            hint="stop it, or choose another port (0 takes any free one)",
        ) from None
