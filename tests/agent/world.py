"""A worker's machine with a clock of its own, and short ways to say what its peers say. Checks itself at every step."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from paceline.agent.devices import Books
from paceline.agent.frames import Frame, Shape
from paceline.agent.places import Places
from paceline.agent.state import Worker
from paceline.agent.words import Action, Beat, Event, Granted, Heard, Linked, Run, Woken
from paceline.executor import Began, Ended, Holds
from paceline.model.columns import Attempts, Endings
from paceline.model.ids import JobId
from paceline.model.job import Spec
from paceline.model.resources import Capacity, Gpu, Need

A = TypeVar("A")

PLACES = Places(directory=Path("/w"), scratch=Path("/w/scratch"))
PID = 77


def program(cpu: int = 1000, seconds: float = -1.0, **spec: object) -> Shape:
    shape = Shape(Spec(kind="command", body=b"{}", **spec), Need(cpu=cpu))  # type: ignore[arg-type]
    shape.seconds = seconds
    return shape


def function(cpu: int = 1000, seconds: float = -1.0) -> Shape:
    shape = Shape(Spec(kind="function", body=b"{}"), Need(cpu=cpu))
    shape.seconds = seconds
    return shape


def capacity(cpu: int = 2000, gpus: int = 0) -> Capacity:
    devices = tuple(Gpu(uuid=f"GPU-{n}", vendor="nvidia", model="A100-SXM4-80GB", memory=80 << 30) for n in range(gpus))
    return Capacity(cpu=cpu, memory=1 << 30, disk=1 << 30, gpus=devices)


def attempts(*indexes: int, job: int = 1, number: int = 1) -> Attempts:
    return Attempts(job=JobId(job), indexes=indexes, numbers=[number] * len(indexes))


def ended(*keys: str, outcome: str = "SUCCEEDED", out_end: int = 0, seconds: float = 1.0) -> Ended:
    count = len(keys)
    return Ended(
        keys=keys,
        outcomes=[outcome] * count,
        codes=[0] * count,
        details=[""] * count,
        seconds=[seconds] * count,
        out_ends=[out_end] * count,
        err_ends=[0] * count,
        blobs=[b""] * count,
    )


class World:
    """Linked and served by a supervisor, unless told otherwise."""

    def __init__(self, whole: Capacity = capacity(), *, peers: bool = True) -> None:  # noqa: B008 - frozen
        self.now = 100.0
        self.worker = Worker(Books(whole), PLACES)
        if peers:
            self.hear(Holds(pid=PID, keys=[]))
            self.link()

    def hear(self, event: Event) -> list[Action]:
        actions = self.worker.receive(event, self.now)
        self.worker.check()
        return actions

    def link(self) -> list[Action]:
        return self.hear(Linked(sent_at=self.now, beat=5.0, lease=20.0))

    def grant(self, shape: Shape, *indexes: int, payloads: Sequence[bytes] = ()) -> list[Action]:
        return self.hear(Granted(shape=shape, attempts=attempts(*indexes), payloads=payloads))

    def began(self, key: str, out_start: int = 0) -> list[Action]:
        return self.hear(Began(key=key, out="/pool.out", err="/pool.err", out_start=out_start))

    def end(self, *keys: str, outcome: str = "SUCCEEDED", out_end: int = 0) -> list[Action]:
        return self.hear(ended(*keys, outcome=outcome, out_end=out_end))

    def after(self, seconds: float) -> list[Action]:
        """Let time pass in the steps that the machine asks for, its beats answered."""
        until, actions = self.now + seconds, list[Action]()
        while (due := self.worker.wake_at(self.now)) <= until:
            self.now = max(self.now, due)
            step = self.hear(Woken())
            actions += step
            for beat in of(step, Beat):
                actions += self.hear(Heard(number=beat.number))
        self.now = until
        return actions + self.hear(Woken())

    def held(self) -> set[str]:
        return {
            f"{columns.job}.{index}#{number}"
            for columns in self.worker.held()
            for index, number in zip(columns.indexes, columns.numbers, strict=True)
        }


def of(actions: Sequence[Action], kind: type[A]) -> list[A]:
    """Those of one kind."""
    return [action for action in actions if isinstance(action, kind)]


def begun(actions: Sequence[Action]) -> list[list[str]]:
    """Keys of every frame that was given to the supervisor."""
    return [list(run.frame.live) for run in of(actions, Run)]


def frames(actions: Sequence[Action]) -> list[Frame]:
    return [run.frame for run in of(actions, Run)]


def told(actions: Sequence[Action]) -> dict[str, str]:
    """Ends told to the server: key → outcome, and its detail if there is one."""
    return {
        f"{endings.job}.{index}#{number}": " ".join(
            filter(None, (endings.ending(position).outcome, endings.ending(position).detail))
        )
        for endings in of(actions, Endings)
        for position, (index, number) in enumerate(zip(endings.indexes, endings.numbers, strict=True))
    }
