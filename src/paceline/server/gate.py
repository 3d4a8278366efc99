"""The door of every gRPC method: credentials, versions, and errors on their way out.

Deny by default: the interceptor stands before all services, and a method that ``auth.py`` does not name is refused.
Behind it, a method raises our errors and thinks no further about them.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol, TypeAlias, cast

import grpc
import grpc.aio

from paceline.clock import Clock
from paceline.model.errors import PacelineError
from paceline.server.auth import ANYBODY, Auth, Principal
from paceline.server.caller import visit
from paceline.wire.protocol import PROTOCOL_KEY, check_protocol
from paceline.wire.status import grpc_status, trailers

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Gate(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Lets through who may, and tells the others why not. ``free``: methods that need no credentials here."""

    def __init__(self, auth: Auth, clock: Clock, free: Collection[str] = ()) -> None:
        self._auth = auth
        self._clock = clock
        self._free = free

    def caller(self, method: str, context: Context) -> Principal:
        """Who is at the other end of a call. Raises NotAllowed or VersionMismatch."""
        return self.admit(method, _pairs(context.invocation_metadata()))

    def admit(self, method: str, metadata: Mapping[str, str]) -> Principal:
        """Who calls this method with this metadata. Raises NotAllowed or VersionMismatch."""
        if method in self._free:
            return ANYBODY
        bearer = metadata.get("authorization", "").removeprefix("Bearer ")
        principal = self._auth.principal(method, bearer, self._clock.now())
        theirs = metadata.get(PROTOCOL_KEY, "")
        if theirs.isdecimal() and (mismatch := check_protocol(int(theirs), "this client")):
            raise mismatch
        return principal

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        try:
            caller = self.admit(method, _pairs(handler_call_details.invocation_metadata))
        except PacelineError as error:
            return _refusing(handler, error)
        if method.startswith("/grpc."):
            return handler  # those raise nothing of ours
        return _guarded(handler, lambda: self.visit(caller))

    def visit(self, caller: Principal) -> AbstractContextManager[None]:
        """Serve a call of somebody whom we let in."""
        return visit(self._auth, caller)


class Stream(Protocol):
    """A conversation, wherever the other side is: its messages (``async for``, until it ends), and ours."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    async def write(self, message: Any) -> None: ...


class Far:
    """A conversation over gRPC."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __aiter__(self) -> AsyncIterator[Any]:
        end = grpc.aio.EOF  # type: ignore[attr-defined]  # missing in the stubs
        while (message := await self._context.read()) is not end:
            yield message

    async def write(self, message: Any) -> None:
        """What can be sent no more is dropped: that nobody is there, reading says."""
        with suppress(grpc.aio.InternalError):
            await self._context.write(message)


def _pairs(metadata: object) -> dict[str, str]:
    pairs = cast("Iterable[tuple[str, str | bytes]]", metadata or ())
    return {key: value for key, value in pairs if isinstance(value, str)}


async def _abort(context: Context, error: PacelineError) -> None:
    await context.abort(grpc_status(error), error.message, trailers(error))


def _guarded(handler: Handler, visit: Callable[[], AbstractContextManager[None]]) -> Handler:
    """The same method, in a visit; an error of ours ends the call with its status, text and hint."""
    method: Any = handler.unary_unary or handler.unary_stream or handler.stream_stream

    async def answer(request: object, context: Context) -> object:
        try:
            with visit():
                return await method(request, context)
        except PacelineError as error:
            await _abort(context, error)
            return None

    async def stream(request: object, context: Context) -> AsyncIterator[object]:
        try:
            with visit():
                async for reply in method(request, context):
                    yield reply
        except PacelineError as error:
            await _abort(context, error)

    codecs = (handler.request_deserializer, handler.response_serializer)
    if handler.unary_unary:
        return grpc.unary_unary_rpc_method_handler(answer, *codecs)
    if handler.unary_stream:
        return grpc.unary_stream_rpc_method_handler(stream, *codecs)
    return grpc.stream_stream_rpc_method_handler(answer, *codecs)


def _refusing(handler: "Handler | None", error: PacelineError) -> Handler:
    """A method of the same shape that only says no."""

    async def refuse(request: object, context: Context) -> None:
        await _abort(context, error)

    if handler is None or handler.unary_unary:
        return grpc.unary_unary_rpc_method_handler(refuse)
    if handler.unary_stream:
        return grpc.unary_stream_rpc_method_handler(refuse)
    return grpc.stream_stream_rpc_method_handler(refuse)
