"""One table: error → gRPC status → HTTP status. The other direction rebuilds the same error on the client's side."""

import re
from collections.abc import Iterable
from typing import cast

import grpc
import grpc.aio

from paceline.model import errors
from paceline.wire.protocol import named, too_large

TABLE: dict[type[errors.PacelineError], tuple[grpc.StatusCode, int]] = {
    errors.NotFound: (grpc.StatusCode.NOT_FOUND, 404),
    errors.UsageError: (grpc.StatusCode.INVALID_ARGUMENT, 400),
    errors.Conflict: (grpc.StatusCode.ALREADY_EXISTS, 409),
    errors.NeverFits: (grpc.StatusCode.FAILED_PRECONDITION, 422),
    errors.Forbidden: (grpc.StatusCode.PERMISSION_DENIED, 403),
    errors.NotAllowed: (grpc.StatusCode.UNAUTHENTICATED, 401),
    errors.VersionMismatch: (grpc.StatusCode.FAILED_PRECONDITION, 426),
    errors.TryAgain: (grpc.StatusCode.RESOURCE_EXHAUSTED, 429),
    errors.StoreError: (grpc.StatusCode.INTERNAL, 500),
}

CODE_KEY = "paceline-code"
HINT_KEY = "paceline-hint-bin"

_LARGE = re.compile(
    r"(?P<who>((CLIENT|SERVER): )?(Sent|Received)) message larger than max \((?P<size>\d+) vs\. (?P<limit>\d+)\)"
)
"""What gRPC says of a message that it did not let through."""


def grpc_status(error: errors.PacelineError) -> grpc.StatusCode:
    """The status that carries this error."""
    return TABLE.get(type(error), (grpc.StatusCode.INTERNAL, 500))[0]


def http_status(error: errors.PacelineError) -> int:
    """The same for HTTP."""
    return TABLE.get(type(error), (grpc.StatusCode.INTERNAL, 500))[1]


def trailers(error: errors.PacelineError) -> tuple[tuple[str, str | bytes], ...]:
    """Metadata that lets ``to_error`` rebuild the error."""
    return ((CODE_KEY, error.code), (HINT_KEY, error.hint.encode()))


def to_error(failure: grpc.RpcError, address: str = "", what: str = "") -> errors.PacelineError:
    """What a failed call means. Anything without our trailers is a matter of reaching the server at all, or of size.

    ``what`` was called, for whoever has to make it smaller.
    """
    found: dict[str, str | bytes] = {}
    if isinstance(failure, grpc.aio.AioRpcError):
        found = dict(cast("Iterable[tuple[str, str | bytes]]", failure.trailing_metadata() or ()))
        status, text = failure.code(), failure.details() or ""
    else:
        status, text = grpc.StatusCode.UNKNOWN, str(failure)
    if CODE_KEY in found:
        hint = found.get(HINT_KEY, b"")
        return named(str(found[CODE_KEY]), text, hint.decode() if isinstance(hint, bytes) else hint)
    if status is grpc.StatusCode.UNAVAILABLE:
        return errors.Unreachable(
            f"no Paceline server answers at {address or 'the given address'}",
            hint="start one here with `paceline up`, or name another with --server or PACELINE_SERVER",
        )
    if status is grpc.StatusCode.RESOURCE_EXHAUSTED and (large := _LARGE.search(text)):
        thing = what or "the request"
        answer = large["who"] in ("CLIENT: Received", "SERVER: Sent")
        return too_large(int(large["size"]), f"the answer to {thing}" if answer else thing, int(large["limit"]))
    return errors.PacelineError(f"{status.name}: {text}")
