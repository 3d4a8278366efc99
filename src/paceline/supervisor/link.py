"""The connection to the agent: one at a time, a new one replaces the old one."""

import socket
from collections.abc import Callable

from paceline.executor import Decoder, Word, encode
from paceline.executors.loop import Action, Loop

_CHUNK = 1 << 18
_BACKLOG = 256 << 20
"""Bytes an agent may leave unread before we take it for dead; the ends among them are not lost by that."""


class Link:
    """``came``: an agent connected. ``heard``: a word of its. ``left``: it is gone."""

    def __init__(
        self, loop: Loop, listener: socket.socket, *, came: Action, heard: Callable[[Word], None], left: Action
    ) -> None:
        self._loop = loop
        self._listener = listener
        self._came, self._heard, self._left = came, heard, left
        self._agents: list[socket.socket] = []  # one or none
        self._decoder = Decoder()
        self._out = bytearray()
        loop.read(listener.fileno(), self._accept)

    @property
    def connected(self) -> bool:
        return bool(self._agents)

    def say(self, word: Word) -> None:
        """Goes out with the next ``flush``. Without an agent nothing happens."""
        if self._agents:
            self._out += encode(word)

    def flush(self) -> None:
        """Send what there is, so far as the agent takes it."""
        for agent in self._agents:
            try:
                sent = agent.send(self._out) if self._out else 0
            except BlockingIOError:
                sent = 0
            except OSError:
                self._drop()
                return
            del self._out[:sent]
            self._watch(agent)

    def _watch(self, agent: socket.socket) -> None:
        if len(self._out) > _BACKLOG:
            self._drop()
        elif self._out:
            self._loop.write(agent.fileno(), self.flush)
        else:
            self._loop.written(agent.fileno())

    def _accept(self) -> None:
        try:
            agent, _ = self._listener.accept()
        except OSError:  # it left again, or we have no file to spare: it will come back
            return
        agent.setblocking(False)  # noqa: FBT003 - the socket's own parameter
        self._close()
        self._agents.append(agent)
        self._loop.read(agent.fileno(), self._read)
        self._came()

    def _read(self) -> None:
        try:
            data = self._agents[0].recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop()
            return
        try:
            words = list(self._decoder.feed(data))
        except (ValueError, KeyError, TypeError):  # no agent of ours says such things
            self._drop()
            return
        for word in words:
            self._heard(word)

    def _drop(self) -> None:
        if self._agents:
            self._close()
            self._left()

    def _close(self) -> None:
        for agent in self._agents:
            self._loop.forget(agent.fileno())
            agent.close()
        self._agents.clear()
        self._out.clear()
        self._decoder = Decoder()

    def close(self) -> None:
        self._drop()
        self._loop.forget(self._listener.fileno())
        self._listener.close()
