"""Whatever is said, by whomever, in whatever order: the books stay straight, and what is kept gives it all back."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from paceline.model.checkpoint import Checkpoint, Retention
from paceline.model.columns import Attempts, Endings
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    CancelAsked,
    CheckpointCame,
    DrainAsked,
    Event,
    JobClosed,
    JobsSubmitted,
    LinkLost,
    ReportCame,
    TasksAppended,
    WorkerBeat,
    WorkerJoined,
    WorkerLeft,
)
from paceline.model.ids import AttemptId, Incarnation, JobId, WorkerId
from paceline.model.job import JobSpec, Range, Retry
from paceline.model.resources import GpuNeed, Need
from paceline.model.task import Outcome
from paceline.testing.world import GIB, gpu, job_spec, machine
from tests.core.audited import AuditedWorld
from tests.simulation.ledger import Ledger
from tests.simulation.stage import Stage

JOBS = st.integers(1, 6).map(JobId)
WORKERS = st.integers(1, 3).map(WorkerId)
STARTS = st.integers(1, 2).map(Incarnation)
LINKS = st.integers(1, 2)
INDEXES = st.integers(-1, 6)
OUTCOMES = st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.POISON])  # our own judgement
RANGES = st.builds(Range, start=st.integers(0, 5), stop=st.integers(0, 9), step=st.integers(1, 3))


@st.composite
def attempts(draw: st.DrawFn) -> Attempts:
    indexes = draw(st.lists(INDEXES, min_size=1, max_size=5))
    numbers = draw(st.just([]) | st.lists(st.integers(1, 3), min_size=len(indexes), max_size=len(indexes)))
    return Attempts(job=draw(JOBS), indexes=indexes, numbers=numbers)


@st.composite
def endings(draw: st.DrawFn) -> Endings:
    named = draw(attempts())
    outcomes = draw(st.just([]) | st.lists(OUTCOMES, min_size=len(named.indexes), max_size=len(named.indexes)))
    seconds = draw(st.just([]) | st.just([0.001] * len(named.indexes)) | st.just([float("nan")] * len(named.indexes)))
    return Endings(job=named.job, indexes=named.indexes, numbers=named.numbers, outcomes=outcomes, seconds=seconds)


NEEDS = st.builds(
    Need,
    cpu=st.sampled_from([0, 500, 1000, 3000]),
    memory=st.sampled_from([0, GIB]),
    gpu=st.none() | st.none() | st.builds(GpuNeed, milli=st.sampled_from([300, 1000, 2000])),
    time=st.sampled_from([0.0, 0.0, 50.0]),
)


@st.composite
def specs(draw: st.DrawFn) -> JobSpec:
    return replace(
        job_spec(draw(st.sampled_from("abc")), tasks=draw(st.integers(1, 6))),
        needs=tuple(draw(st.lists(NEEDS, min_size=1, max_size=2))),
        after=tuple(draw(st.lists(JOBS, max_size=2))),
        after_names=tuple(draw(st.lists(st.sampled_from("abc"), max_size=1))),
        retry=Retry(
            failures=draw(st.integers(0, 2)), losses=draw(st.integers(0, 4)), base=draw(st.sampled_from([0.0, 3.0]))
        ),
        limit=draw(st.integers(0, 2)),
        open=draw(st.booleans()),
        not_before=draw(st.sampled_from([0.0, 1_700_000_010.0])),
    )


MACHINES = st.builds(
    lambda cpu, gpus, ends: replace(machine(cpu=cpu, gpus=[gpu(number=n) for n in range(gpus)]), ends_at=ends),
    st.sampled_from([1000, 4000]),
    st.integers(0, 2),
    st.sampled_from([0.0, 1_700_000_060.0]),
)

TOKENS = st.sampled_from(["", "", "t"])
JOINED = {"worker": WORKERS, "name": st.just("w"), "incarnation": STARTS, "machine": MACHINES, "link": LINKS}
ATTEMPTS = st.builds(AttemptId, JOBS, INDEXES, st.integers(1, 3))
RETENTIONS = st.builds(Retention, keep=st.integers(1, 2), best=st.sampled_from(["min", "max"]))
CHECKPOINTS = st.builds(
    Checkpoint, attempt=ATTEMPTS, step=st.integers(0, 3), files=st.just(()), metric=st.sampled_from([None, 1.0, 2.0])
)
EVENTS: st.SearchStrategy[Event | float] = st.one_of(
    st.builds(JobsSubmitted, specs=st.lists(specs(), max_size=3), token=TOKENS, digest=st.sampled_from("de")),
    st.builds(TasksAppended, job=JOBS, first=st.integers(0, 4), payloads=st.lists(st.binary(max_size=2), max_size=3)),
    st.builds(JobClosed, job=JOBS),
    st.builds(CancelAsked, job=JOBS, ranges=st.lists(RANGES, max_size=2)),
    st.builds(WorkerJoined, held=st.lists(attempts(), max_size=2), **JOINED),
    st.builds(WorkerJoined, **JOINED),
    st.builds(WorkerBeat, worker=WORKERS, incarnation=STARTS),
    st.builds(LinkLost, worker=WORKERS, incarnation=STARTS, link=LINKS),
    st.builds(WorkerLeft, worker=WORKERS, incarnation=STARTS),
    st.builds(DrainAsked, worker=WORKERS, resume=st.booleans()),
    st.builds(AttemptsStarted, worker=WORKERS, attempts=attempts()),
    st.builds(AttemptsEnded, worker=WORKERS, endings=endings()),
    st.builds(AttemptsEnded, worker=WORKERS, endings=endings()),
    st.builds(ReportCame, worker=WORKERS, attempt=ATTEMPTS, step=st.just(1), values=st.just("{}")),
    st.builds(CheckpointCame, worker=WORKERS, checkpoint=CHECKPOINTS, retention=RETENTIONS),
    st.sampled_from([0.5, 5.0, 21.0]),
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(EVENTS, max_size=40), st.integers(1, 4))
def test_the_books_stay_straight(happenings: list[Event | float], batch: int) -> None:
    """Begins with something to do, so that much of what follows means something."""
    world, ledger = AuditedWorld(), Ledger(Stage())
    spec = replace(job_spec(tasks=6), retry=Retry(failures=1, base=3.0))
    start: list[Event] = [
        JobsSubmitted(specs=[spec, spec]),
        WorkerJoined(
            worker=WorkerId(1), name="w", incarnation=Incarnation(1), machine=machine(gpus=[gpu(), gpu()]), link=1
        ),
    ]
    ledger.keep(world.step(*start).records)
    waiting: list[Event] = []
    for happening in happenings:
        if isinstance(happening, float):
            world.clock.advance(happening)
            continue
        waiting.append(happening)
        if len(waiting) == batch:
            ledger.keep(world.step(*waiting).records)
            waiting = []
    ledger.keep(world.step(*waiting).records)
