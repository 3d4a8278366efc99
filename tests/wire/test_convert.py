"""Model values ↔ messages: nothing is lost on the way."""

from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from paceline.model.columns import Attempts, Endings
from paceline.model.errors import UsageError
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.resources import Capacity, Gpu, GpuNeed, Need
from paceline.model.task import Outcome
from paceline.model.views import Cause, Explanation, JobView, TaskView, WorkerView
from paceline.model.worker import Machine
from paceline.wire.convert import (
    attempts_from_wire,
    attempts_to_wire,
    endings_from_wire,
    endings_to_wire,
    from_wire,
    to_wire,
)
from paceline.wire.gen import fleet_pb2 as fleet
from paceline.wire.gen import worker_pb2 as worker

TEXTS = st.text(max_size=8)
WHOLE = st.integers(0, 2**62)
REAL = st.floats(0, 1e12)
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple)
WORDS = st.lists(TEXTS, max_size=3).map(tuple)

GPU_NEEDS = st.builds(GpuNeed, milli=st.integers(1, 8000), vendor=TEXTS, models=WORDS, memory=WHOLE, memory_max=WHOLE)
NEEDS = st.builds(
    Need,
    cpu=WHOLE,
    memory=WHOLE,
    disk=WHOLE,
    gpu=st.none() | GPU_NEEDS,
    labels=PAIRS,
    features=WORDS,
    time=REAL,
)
SPECS = st.builds(Spec, kind=TEXTS, body=st.binary(max_size=8), env=PAIRS, cwd=TEXTS, timeout=REAL, grace=REAL)
RANGES = st.builds(Range, start=WHOLE, stop=WHOLE, step=st.integers(1, 9))
RETRIES = st.builds(
    Retry,
    failures=st.integers(0, 99),
    losses=st.integers(0, 99),
    codes=st.lists(st.integers(0, 255), max_size=3).map(tuple),
    base=REAL,
    cap=REAL,
)
JOBS = st.builds(
    JobSpec,
    name=TEXTS,
    run=SPECS,
    ranges=st.lists(RANGES, max_size=3).map(tuple),
    needs=st.lists(NEEDS, max_size=2).map(tuple),
    priority=st.integers(-9, 9),
    deadline=REAL,
    not_before=REAL,
    limit=WHOLE,
    after=st.lists(WHOLE, max_size=3).map(tuple),
    after_names=WORDS,
    retry=RETRIES,
    open=st.booleans(),
    experiment=TEXTS,
    owner=TEXTS,
)
MACHINES = st.builds(
    Machine,
    host=TEXTS,
    capacity=st.builds(
        Capacity,
        cpu=WHOLE,
        memory=WHOLE,
        disk=WHOLE,
        gpus=st.lists(st.builds(Gpu, uuid=TEXTS, vendor=TEXTS, model=TEXTS, memory=WHOLE), max_size=2).map(tuple),
    ),
    labels=PAIRS,
    features=WORDS,
    python=TEXTS,
    version=TEXTS,
    pid=WHOLE,
    ends_at=REAL,
)
CAUSES = st.builds(Cause, code=TEXTS, text=TEXTS, fields=st.dictionaries(TEXTS, TEXTS, max_size=2))

SAMPLES: list[tuple[st.SearchStrategy[Any], type[Message]]] = [
    (NEEDS, worker.Need),
    (SPECS, worker.Spec),
    (MACHINES, worker.Machine),
    (JOBS, fleet.JobSpec),
    (
        st.builds(
            Explanation,
            job=WHOLE,
            index=WHOLE,
            state=TEXTS,
            causes=st.lists(CAUSES, max_size=3),
            nearest=TEXTS,
            change=TEXTS,
        ),
        fleet.ExplainReply,
    ),
]


@given(st.sampled_from(SAMPLES), st.data())
def test_there_and_back_is_where_it_was(
    sample: tuple[st.SearchStrategy[Any], type[Message]], data: st.DataObject
) -> None:
    values, message = sample
    value = data.draw(values)
    sent = to_wire(value, message).SerializeToString()
    assert from_wire(message.FromString(sent), type(value)) == value


def test_views_go_there_and_back() -> None:
    job = JobView(
        job=1, name="a", kind="train", state="RUNNING", total=3, waiting=1, running=2, succeeded=0, failed=0,
        cancelled=0, submitted_at=1.5, after=[2, 3], open=True,
    )  # fmt: skip
    assert from_wire(to_wire(job, fleet.JobView), JobView) == job
    task = TaskView(job=1, index=2, state="BACKOFF", code=-9, retry_at=3.5)
    assert from_wire(to_wire(task, fleet.TaskView), TaskView) == task
    machine = Machine(host="h", capacity=Capacity(cpu=1, memory=2, disk=3))
    seen = WorkerView(
        worker=1,
        name="w",
        state="READY",
        machine=machine,
        seen_at=1.0,
        running=0,
        cpu_free=1,
        memory_free=2,
        gpus_free=0,
    )
    assert from_wire(to_wire(seen, fleet.WorkerView), WorkerView) == seen


def test_no_device_asked_for_is_no_device() -> None:
    assert not to_wire(Need(), worker.Need).HasField("gpu")
    assert from_wire(worker.Need(cpu=5), Need).gpu is None


def test_a_message_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(UsageError, match="step: 0 is not a number from 1 on"):
        from_wire(fleet.Range(start=0, stop=3), Range)
    with pytest.raises(UsageError, match="milli: 0 is not a number from 1 on"):
        from_wire(worker.Need(gpu=worker.GpuNeed(models=["A100"])), Need)


def test_fields_that_only_one_side_has_are_left_alone() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Newer:
        host: str
        colour: str = "blue"

    assert to_wire(Newer(host="h", colour="red"), worker.Machine).host == "h"
    assert from_wire(worker.Machine(host="h", pid=4), Newer) == Newer(host="h")


# ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(1, 2**40), st.lists(st.tuples(WHOLE, st.integers(1, 99)), max_size=5))
def test_attempts_go_there_and_back(job: int, rows: list[tuple[int, int]]) -> None:
    attempts = Attempts(job=JobId(job), indexes=[i for i, _ in rows], numbers=[n for _, n in rows])
    assert attempts_from_wire(attempts_to_wire(attempts)) == attempts


@given(
    st.lists(st.tuples(st.sampled_from(Outcome), st.integers(-64, 255), TEXTS, st.binary(max_size=4), REAL), max_size=5)
)
def test_endings_go_there_and_back(rows: list[tuple[Outcome, int, str, bytes, float]]) -> None:
    outcomes, codes, details, results, seconds = (
        [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 5
    )
    endings = Endings(
        job=JobId(7),
        indexes=list(range(len(rows))),
        numbers=[1] * len(rows),
        outcomes=outcomes,
        codes=codes,
        details=details,
        results=results,
        seconds=seconds,
    )
    assert endings_from_wire(endings_to_wire(endings)) == endings


def test_empty_columns_stay_empty() -> None:
    endings = Endings(
        job=JobId(7), indexes=[1, 2], numbers=[], outcomes=[], codes=[], details=[], results=[], seconds=[]
    )
    assert endings_from_wire(endings_to_wire(endings)) == endings
    assert len(endings_to_wire(endings).SerializeToString()) < 10


@pytest.mark.parametrize(
    ("details", "told"), [([], ["", "EVAPORATED"]), (["fine", "no trace"], ["fine", "EVAPORATED: no trace"])]
)
def test_an_outcome_of_a_newer_version_is_a_failure_with_its_name(details: list[str], told: list[str]) -> None:
    message = worker.Endings(job=1, indexes=[0, 1], outcomes=["SUCCEEDED", "EVAPORATED"], details=details)
    endings = endings_from_wire(message)
    assert endings.outcomes == [Outcome.SUCCEEDED, Outcome.FAILED]
    assert endings.details == told
