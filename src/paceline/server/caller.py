"""Who is calling, known from anywhere within the call.

Each door (``gate`` and ``near`` for gRPC, ``rest/door`` for HTTP) says it once, in the task that serves the call;
whatever that task starts inherits it. So no operation carries it from hand to hand, and what is written down about a
change (``by``) is the credential it was made with, never a name that somebody gave himself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from paceline.server.auth import Auth, Principal
from paceline.telemetry.traceparent import Traceparent

ITSELF = Principal(role="", name="paceline")
"""Nobody calls: the server acts by itself."""

CALLER: ContextVar[Principal] = ContextVar("caller", default=ITSELF)

PLACE: ContextVar[Traceparent | None] = ContextVar("place", default=None)
"""Where in a trace the call itself stands, if it says so (HTTP: ``traceparent``)."""


@contextmanager
def visit(auth: Auth, caller: Principal) -> Iterator[None]:
    """Serve a call of theirs. Raises NotAllowed when their credential is revoked meanwhile."""
    CALLER.set(caller)
    with auth.visits.under(caller.digest):
        yield


def by() -> str:
    """The caller's name: that of the credential, or its role where it was given none."""
    caller = CALLER.get()
    return caller.name or caller.role
