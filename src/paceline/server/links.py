"""Connected workers: who is there, and how to reach them.

A message to a worker that is not connected is dropped, and that is right: when it joins again it says all it holds,
the core answers item by item, and so nothing that was dropped is missed. For the same reason nothing is said on a
connection before its own welcome: what was decided for an earlier one, and kept only now, is not for a worker that has
meanwhile said that it does not hold it.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar, assert_never

from paceline.model.columns import Attempts
from paceline.model.decision import BeatHeard, Drain, Drop, Grant, Message, Settled, Stop, Welcome
from paceline.model.errors import TryAgain
from paceline.model.ids import AttemptId, Incarnation, WorkerId
from paceline.model.job import Spec
from paceline.model.resources import Need
from paceline.wire.convert import attempts_to_wire, to_wire
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.outgoing import Outgoing
from paceline.wire.protocol import PROTOCOL

SHAPES = 64
"""Things to run that a link remembers by number: what is submitted one by one is rarely granted twice."""


class Ear(Protocol):
    """What a worker listens at: a link, or what is kept for one that calls (``polling/mailbox``)."""

    @property
    def incarnation(self) -> Incarnation: ...

    def send(self, message: Message) -> None: ...

    def close(self) -> None: ...


E = TypeVar("E", bound=Ear)


class Link:
    """One connection of one agent, by a number that no other connection to this server has."""

    def __init__(self, number: int, incarnation: Incarnation) -> None:
        self.number = number
        self.incarnation = incarnation
        self._welcomed = False
        self.outgoing: Outgoing[pb.ServerWord] = Outgoing()
        self.beat = 0  # number of the last beat that came
        self._shapes: dict[tuple[Spec, Need], int] = {}
        self._numbered = 0

    def send(self, message: Message) -> None:
        """Say it, unless it was meant for an earlier connection."""
        if isinstance(message, Welcome):
            self._welcomed = message.link == self.number
        if self._welcomed:
            put = self.outgoing.put_by if isinstance(message, Settled) else self.outgoing.put
            put(*self._word(message))

    def close(self) -> None:
        """Nothing follows."""
        self.outgoing.close()

    def log_kept(self, attempt: AttemptId, stream: str, offset: int) -> None:
        """The worker may let go of output before ``offset``."""
        job, index, number = attempt
        kept = pb.LogKept(job=job, index=index, number=number, stream=stream, offset=offset)
        self.outgoing.put(pb.ServerWord(log_kept=kept))

    def _word(self, message: Message) -> tuple[pb.ServerWord, int]:
        match message:
            case Grant():
                return self._grant(message)
            case Settled():
                return pb.ServerWord(settled=attempts_to_wire(message.attempts)), _size(message.attempts)
            case BeatHeard():
                return pb.ServerWord(beat_heard=pb.BeatHeard(number=self.beat)), 16
            case Stop():
                stop = pb.Stop(attempts=attempts_to_wire(message.attempts), reason=message.reason)
                return pb.ServerWord(stop=stop), _size(message.attempts)
            case Drop():
                return pb.ServerWord(drop=pb.Drop(attempts=attempts_to_wire(message.attempts))), _size(message.attempts)
            case Welcome():
                welcome = pb.Welcome(protocol=PROTOCOL, worker=message.worker, beat=message.beat, lease=message.lease)
                return pb.ServerWord(welcome=welcome), 64
            case Drain():
                return pb.ServerWord(drain=pb.Drain(resume=message.resume, now=message.now)), 16
            case _:
                assert_never(message)

    def _new_shape(self, message: Grant) -> int:
        """A number for what is granted here for the first time, or again after we had to forget."""
        if len(self._shapes) >= SHAPES:
            self._shapes.clear()
        self._numbered += 1
        self._shapes[message.spec, message.need] = self._numbered
        return self._numbered

    def _grant(self, message: Grant) -> tuple[pb.ServerWord, int]:
        grant = pb.Grant(attempts=attempts_to_wire(message.attempts), payloads=message.payloads)
        size = _size(message.attempts) + sum(map(len, message.payloads))
        shape = self._shapes.get((message.spec, message.need))
        if shape is None:
            shape = self._new_shape(message)
            grant.spec.CopyFrom(to_wire(message.spec, pb.Spec))
            grant.need.CopyFrom(to_wire(message.need, pb.Need))
            size += len(message.spec.body)
        grant.shape = shape
        return pb.ServerWord(grant=grant), size


def _size(attempts: Attempts) -> int:
    return 16 + 8 * len(attempts.indexes)


class Links:
    """All of them."""

    def __init__(self) -> None:
        self._links: dict[WorkerId, Ear] = {}
        self._opened = 0

    def send(self, worker: WorkerId, message: Message) -> None:
        """Say it, if the worker is there to hear it."""
        link = self._links.get(worker)
        if link is not None:
            link.send(message)

    def open(self, worker: WorkerId, incarnation: Incarnation) -> Link:
        """A new connection, as ``install`` has it."""
        return self.install(worker, incarnation, Link)

    def install(self, worker: WorkerId, incarnation: Incarnation, make: Callable[[int, Incarnation], E]) -> E:
        """How the worker is reached from now on; it is given a number of its own. An older way is ended.

        Raises TryAgain for a hello that an agent left behind and that comes when its successor is there: it says what
        was held then. If it is no such thing (the host's date was put back), the other connection will soon be gone.
        """
        older = self._links.get(worker)
        if older is not None and incarnation < older.incarnation:
            raise TryAgain(f"a later start of worker {worker} is connected", hint="it is asked again in a moment")
        if older is not None:
            older.close()
        self._opened += 1
        ear = self._links[worker] = make(self._opened, incarnation)
        return ear

    def close(self, worker: WorkerId, link: Ear) -> None:
        """This connection is gone; a newer one of the same worker stays."""
        if self._links.get(worker) is link:
            del self._links[worker]

    def __len__(self) -> int:
        return len(self._links)

    def end_all(self) -> None:
        """Let every stream end."""
        for link in self._links.values():
            link.close()
