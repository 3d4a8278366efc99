"""What a way to a server gives: a stream of messages, one kind in, another out."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

from google.protobuf.message import Message

M = TypeVar("M", covariant=True)


class Stream(Protocol[M]):
    """What comes is read with ``async for``; a PacelineError is how it ended, if not well."""

    def __aiter__(self) -> AsyncIterator[M]: ...

    async def answer(self, request: Message) -> M:
        """Say this and nothing more: the one reply to it. Raises UsageError for what is too large, or how it failed."""

    async def ask(self, request: Message) -> None:
        """Say this and nothing more, and read the replies. Raises UsageError for what is too large."""

    async def write(self, message: Message) -> None:
        """Say this; wait while the other side is behind. Never raises: what went wrong is for the reader."""

    async def done_writing(self) -> None:
        """Nothing follows; what comes is still read."""

    def cancel(self) -> None:
        """Leave."""
