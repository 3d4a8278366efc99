"""Records for tests of stores: short to write, plausible to read."""

from collections.abc import Sequence

from paceline.model.checkpoint import Checkpoint
from paceline.model.columns import Attempts, Endings
from paceline.model.file import File
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    CheckpointKept,
    CheckpointsDropped,
    JobKept,
    LogKept,
    Reported,
    TasksKept,
    TokenKept,
    WorkerKept,
)
from paceline.model.resources import Capacity, Gpu, GpuNeed, Need
from paceline.model.task import Outcome
from paceline.model.worker import Machine, WorkerState

NOW = 1_700_000_000.125
WORKER = WorkerId(3)
JOB = JobId(1)


def spec(name: str = "sum", *, tasks: int = 4, is_open: bool = False) -> JobSpec:
    """A job of ``tasks`` tasks, or an open one."""
    return JobSpec(
        name=name,
        run=Spec(kind="command", body=b'{"argv": ["true"]}', env=(("A", "ü"),), timeout=1.5),
        ranges=(Range(start=0, stop=tasks),),
        needs=(Need(gpu=GpuNeed(milli=500, models=("A100",)), labels=(("zone", "a"),)), Need(cpu=2000)),
        retry=Retry(failures=1, codes=(75, 99)),
        open=is_open,
        owner="ada",
    )


def job(number: int = 1, *, of: JobSpec | None = None, token: str = "", at: float = NOW) -> JobKept:
    return JobKept(job=JobId(number), spec=of or spec(), at=at, token=token, digest="d" if token else "", by="lab")


def payloads(first: int, *given: bytes) -> TasksKept:
    return TasksKept(job=JOB, first=first, payloads=given)


def granted(*indexes: int, number: int = 1, at: float = NOW + 1) -> AttemptsGranted:
    attempts = Attempts(job=JOB, indexes=indexes, numbers=[number] * len(indexes))
    return AttemptsGranted(worker=WORKER, attempts=attempts, at=at)


def succeeded(*indexes: int, number: int = 1, results: Sequence[bytes] = (), at: float = NOW + 2) -> AttemptsOver:
    endings = Endings(job=JOB, indexes=indexes, numbers=[number] * len(indexes), results=results)
    return AttemptsOver(worker=WORKER, endings=endings, at=at)


def ended(index: int, outcome: Outcome, *, number: int = 1, retry_at: float = 0.0, at: float = NOW + 2) -> AttemptsOver:
    endings = Endings(
        job=JOB,
        indexes=[index],
        numbers=[number],
        outcomes=[outcome],
        codes=[-9],
        details=["killed by signal 9 (SIGKILL)"],
        results=[b"trace"],
        seconds=[0.1],
    )
    return AttemptsOver(worker=WORKER, endings=endings, at=at, retry_at=[retry_at])


def cancelled(*ranges: Range, at: float = NOW + 3) -> CancelKept:
    return CancelKept(job=JOB, ranges=ranges, outcome=Outcome.CANCELLED, by="ada", reason="typo", at=at)


def worker(number: int = 3, *, state: WorkerState = WorkerState.READY, at: float = NOW) -> WorkerKept:
    gpu = Gpu(uuid="GPU-1", vendor="nvidia", model="A100", memory=40 << 30)
    capacity = Capacity(cpu=4000, memory=8 << 30, disk=0, gpus=(gpu,))
    machine = Machine(host="h1", capacity=capacity, labels=(("zone", "a"),), features=("python3.11",))
    return WorkerKept(worker=WorkerId(number), name=f"w{number}", state=state, machine=machine, at=at, by="lab")


def token(digest: str = "ab" * 32, *, expires_at: float = 0.0, at: float = NOW) -> TokenKept:
    return TokenKept(digest=digest, role="join", name="lab", at=at, expires_at=expires_at, by="admin")


def report(step: int, values: str = "{}", *, index: int = 0, at: float = NOW) -> Reported:
    return Reported(attempt=AttemptId(JOB, index, 1), step=step, values=values, at=at)


def checkpoint(step: int, metric: float | None = None, *, index: int = 0, at: float = NOW) -> CheckpointKept:
    made = Checkpoint(
        attempt=AttemptId(JOB, index, 1),
        step=step,
        metric=metric,
        files=[File(name="ü/0.bin", sha256="ab" * 32, bytes=1 << 40)],
    )
    return CheckpointKept(checkpoint=made, at=at)


def dropped(*steps: int) -> CheckpointsDropped:
    return CheckpointsDropped(attempts=Attempts(job=JOB, indexes=[0] * len(steps)), steps=steps)


def chunk(offset: int, data: bytes, *, stream: str = "out") -> LogKept:
    return LogKept(attempt=AttemptId(JOB, 0, 1), stream=stream, offset=offset, data=data)
