"""A fleet whose server records."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Self

import msgspec

from paceline.core.restore import restore
from paceline.model.checkpoint import Checkpoint, Retention
from paceline.model.events import (
    AttemptsEnded,
    CancelAsked,
    CheckpointCame,
    DrainAsked,
    Event,
    JobClosed,
    ReportCame,
    TasksAppended,
)
from paceline.model.file import File
from paceline.model.ids import AttemptId, WorkerId
from paceline.model.job import JobSpec, Retry, Spec
from paceline.model.records import TokenKept
from paceline.model.task import Outcome
from paceline.recording.codec import Frame, Step, decode_events, decode_frame, encode_events, encode_frame
from paceline.recording.file import MAGIC, frame, read_bodies
from paceline.recording.tape import RecordedScheduler, Tape
from paceline.testing.hand import alike, named
from paceline.testing.world import World, gpu, job_spec


class TapedWorld(World):
    """Everything its core is told is on tape; a restart begins another section."""

    def __init__(self, path: Path, *, contents: bool = False) -> None:
        super().__init__()
        self.path = path
        self.contents = contents
        self.said: list[str] = []
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.tape.close()

    def restart(self) -> None:
        self.tape.close()
        super().restart()
        self._begin()

    def _begin(self) -> None:
        snapshot = replace(
            self.tables.snapshot(), tokens=(TokenKept(digest="credential", role="admin", name="", at=1),)
        )
        self.tape = Tape(self.path, contents=self.contents, stopped=self.said.append)
        now = self.clock.now()
        self.tape.start(snapshot, self.terms, now)
        self.scheduler = RecordedScheduler(restore(snapshot, self.terms, now), self.terms, self.tape)


def secret_job(name: str, tasks: int) -> JobSpec:
    """What it runs is nobody's business."""
    run = Spec(kind="command", body=b'{"argv": ["login", "hunter2"]}', env=(("PASSWORD", "hunter2"),), cwd="/hunter2")
    return replace(job_spec(name, tasks=tasks), run=run, retry=Retry(failures=1))


def live(world: World) -> None:
    """Something of everything that can happen."""
    first, second = world.join(cpu=4000), world.join(cpu=2000, gpus=[gpu()])
    job = world.submit(secret_job("array", 10), payloads=[b"hunter2"] * 10)
    first.start()
    attempt = next(iter(first.held))
    world.step(ReportCame(worker=first.id, attempt=attempt, step=1, values='{"hunter2": 1}'))
    made = Checkpoint(attempt=attempt, step=1, files=[File(name="hunter2", sha256="ab" * 32, bytes=1)])
    world.step(CheckpointCame(worker=first.id, checkpoint=made, retention=Retention()))
    first.end(attempt, outcome=Outcome.FAILED, code=1)
    world.step(_told(second.id, next(iter(second.held))))
    opened = world.submit(replace(job_spec("open", tasks=0), open=True))
    world.step(TasksAppended(job=opened, first=0, payloads=[b"hunter2", b"", b"hunter2 too"]), JobClosed(job=opened))
    world.advance(2.0)
    world.step(DrainAsked(worker=second.id))
    world.step(CancelAsked(job=job, by="ada", reason="changed my mind"))
    for _ in range(4):
        world.advance(8.0)
        first.beat()
    first.end()


def _told(worker: WorkerId, attempt: AttemptId) -> Event:
    """An end with a result and a text of its own."""
    [attempts] = named([attempt])
    endings = replace(alike(attempts, Outcome.FAILED, 3), results=[b"hunter2"], details=["not hunter2"])
    return AttemptsEnded(worker=worker, endings=endings)


def frames(path: Path) -> list[Frame]:
    """All that a recording holds."""
    return [decode_frame(body) for body in read_bodies(path)]


def rewrite(path: Path, edit: Callable[[Event], Event]) -> None:
    """Change what the core was told."""
    save(path, [_edited(each, edit) if isinstance(each, Step) else each for each in frames(path)])


def save(path: Path, kept: Iterable[Frame]) -> None:
    """A recording of these frames."""
    path.write_bytes(MAGIC + b"".join(frame(encode_frame(each)) for each in kept))


def _edited(step: Step, edit: Callable[[Event], Event]) -> Step:
    events = [edit(event) for event in decode_events(step.events)]
    return Step(at=step.at, events=msgspec.Raw(encode_events(events)))
