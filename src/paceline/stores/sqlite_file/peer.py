"""A store process's end of the socket to the server: blocking, one thing at a time."""

import select
import socket
from types import TracebackType
from typing import Self

from paceline.stores.messages import HEAD, Message, encode, head, length


class Peer:
    """The server, as seen from here."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._stream = self._socket.makefile("rb", 1 << 20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stream.close()
        self._socket.close()

    def receive(self) -> bytes:
        """The body of the next frame; empty once the server is gone, whatever it may have begun to say."""
        try:
            start = self._stream.read(HEAD)
            size = length(start) if len(start) == HEAD else 0
            body = self._stream.read(size)
        except ConnectionResetError:  # it died with an answer of ours unread
            return b""
        return body if len(body) == size else b""

    def gone(self, seconds: float) -> bool:
        """Wait so long; True at once when the server is gone."""
        poll = select.poll()
        poll.register(self._socket, select.POLLRDHUP)
        return bool(poll.poll(seconds * 1000))

    def say(self, message: Message) -> None:
        """Answer. A server that is gone hears nothing, and that is no error."""
        self.send(encode(message))

    def send(self, body: bytes) -> None:
        """The same, already encoded."""
        try:
            self._socket.sendall(head(body) + body)
        except (BrokenPipeError, ConnectionResetError):
            return
