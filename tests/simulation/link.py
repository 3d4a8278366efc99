"""The agent's end of the way to the server: one connection at a time, made anew as often as it breaks, as in
``agent/link.py``."""

from collections import deque
from collections.abc import Callable, Iterable

from paceline.agent.frames import Shape
from paceline.agent.link import BACKOFF, WELCOME
from paceline.agent.memory import Acked
from paceline.agent.words import FromServer, Granted, Linked, Refused, Reported, ToServer, Unlinked
from paceline.model.decision import Grant, Welcome
from paceline.model.job import Spec
from paceline.model.resources import Need
from tests.simulation.network import Connection, Route
from tests.simulation.process import Process
from tests.simulation.server import Servers
from tests.simulation.wire import Down, Hello


class Link:
    """See the module. ``hear`` gets every word of the server, and Linked, Unlinked, Refused."""

    def __init__(
        self,
        process: Process,
        route: Route,
        servers: Servers,
        hello: Callable[[], Hello],
        hear: Callable[[FromServer | Acked], None],
    ) -> None:
        self._process = process
        self._route = route
        self._servers = servers
        self._hello = hello
        self._hear = hear
        self._connections: list[Connection] = []  # one or none
        self._shapes: dict[tuple[Spec, Need], Shape] = {}
        self._reports: deque[Reported] = deque()
        self._sent_at = 0.0
        self._welcomed = False
        self._tries = 0
        self._closing = False

    def connect(self) -> None:
        """Try; and try again, for ever."""
        if self._closing:
            return
        server = self._servers.somebody() if self._route.open() else None
        if server is None:
            if self._route.loopback and not self._servers.up():
                self._hear(Refused())
            self._retry()
            return
        hello = self._hello()
        connection = Connection(self._route, hello.worker)
        connection.down.deliver = lambda word: self._process.hears(self._read, connection, word)
        connection.broke = lambda: self._process.hears(self._broke, connection)
        self._connections, self._shapes, self._sent_at = [connection], {}, self._process.time()
        server.accept(connection)
        connection.up.send(hello)
        self._process.call_later(WELCOME, self._lose_patience, connection)

    def send(self, words: Iterable[ToServer]) -> None:
        """Say these, in order. Reports wait for a link; all else is said again by whoever needs to."""
        while self._reports and self.room():
            self._put(self._reports.popleft())
        for word in words:
            if isinstance(word, Reported) and not self.room():
                self._reports.append(word)
            else:
                self._put(word)

    def room(self) -> bool:
        """Whether output may follow."""
        return self._welcomed

    def relink(self) -> None:
        """Give up this connection and make a new one."""
        for connection in self._connections:
            connection.cut()
            self._process.call_soon(self._broke, connection)

    def close(self) -> None:
        """Say what was sent, then hang up."""
        self._closing = True
        for connection in self._connections:
            connection.hang_up()

    def die(self) -> None:
        """The process is dead; its sockets are closed for it."""
        for connection in self._connections:
            connection.cut()

    def probe(self) -> None:
        """The route was cut."""
        for connection in self._connections:
            connection.probe()

    def _put(self, word: ToServer) -> None:
        for connection in self._connections:
            connection.up.send(word)

    def _read(self, connection: Connection, word: Down) -> None:
        if connection not in self._connections:
            return
        match word:
            case Welcome(beat=beat, lease=lease):
                self._tries = 0
                self._welcomed = True
                self._hear(Linked(sent_at=self._sent_at, beat=beat, lease=lease))
            case Grant(spec=spec, need=need):
                shape = self._shapes.setdefault((spec, need), Shape(spec, need))
                self._hear(Granted(shape=shape, attempts=word.attempts, payloads=word.payloads))
            case _:
                self._hear(word)

    def _broke(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections, self._welcomed = [], False
            self._hear(Unlinked())
            self._retry()

    def _lose_patience(self, connection: Connection) -> None:
        if connection in self._connections and not self._welcomed:
            self.relink()

    def _retry(self) -> None:
        base, most = BACKOFF
        pause = min(most, base * 2**self._tries)
        self._tries = min(self._tries + 1, 16)
        self._process.call_later(self._route.timeline.chance.uniform(pause / 2, pause), self.connect)
