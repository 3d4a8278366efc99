"""The words: what cannot be built, what is written how, what an outcome means."""

import pickle
from collections.abc import Callable

import pytest

from paceline.model.columns import Attempts, Endings, column
from paceline.model.errors import (
    Conflict,
    LaunchError,
    NeverFits,
    NotAllowed,
    NotFound,
    PacelineError,
    StoreError,
    TaskFailed,
    TryAgain,
    Unreachable,
    UsageError,
    VersionMismatch,
)
from paceline.model.ids import AttemptId, JobId, TaskId, parse_attempt, split_attempt
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.resources import GpuNeed, Need
from paceline.model.task import JUDGEMENT, Ending, Outcome, TaskState, final_state

RUN = Spec(kind="command", body=b"{}")
NAN, ENDLESS = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: Range(start=0, stop=3, step=0), "step: 0 is not a number from 1 on"),
        (lambda: Range(start=-1, stop=3), "start: -1 is not a number from 0 on"),
        (lambda: GpuNeed(milli=0), "milli: 0 is not a number from 1 on"),
        (lambda: GpuNeed(milli=1, memory=-1), "memory: -1 is not a number from 0 on"),
        (lambda: GpuNeed(milli=1, memory_max=-1), "memory_max: -1 is not a number from 0 on"),
        (lambda: Need(cpu=-1), "cpu: -1 is not a number from 0 on"),
        (lambda: Need(memory=-1), "memory: -1 is not a number from 0 on"),
        (lambda: Need(disk=-1), "disk: -1 is not a number from 0 on"),
        (lambda: Need(time=NAN), "time: nan is not a number from 0 on"),
        (lambda: Spec(kind="command", body=b"", timeout=ENDLESS), "timeout: inf is not a number from 0 on"),
        (lambda: Spec(kind="command", body=b"", grace=-0.5), "grace: -0.5 is not a number from 0 on"),
        (lambda: Retry(base=NAN), "base: nan is not a number from 0 on"),
        (lambda: Retry(cap=ENDLESS), "cap: inf is not a number from 0 on"),
        (lambda: Retry(failures=-1), "failures: -1 is not a number from 0 on"),
        (lambda: JobSpec(name="a", run=RUN, limit=-1), "limit: -1 is not a number from 0 on"),
        (lambda: JobSpec(name="a", run=RUN, deadline=NAN), "deadline: nan is not a number from 0 on"),
        (lambda: JobSpec(name="a", run=RUN, not_before=ENDLESS), "not_before: inf is not a number from 0 on"),
    ],
)
def test_what_could_never_be_meant_cannot_be_built(build: Callable[[], object], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        build()


def test_ids_are_written_as_people_write_them() -> None:
    attempt = AttemptId(JobId(3), 17, 2)
    assert (str(attempt), str(attempt.task)) == ("3.17#2", "3.17")
    assert attempt.task == TaskId(JobId(3), 17)


def test_attempts_are_read_back() -> None:
    assert parse_attempt("3.17#2") == AttemptId(JobId(3), 17, 2)
    assert split_attempt("local#1") == ("local", 1)


@pytest.mark.parametrize("text", ["", "3.17", "3#1", "a.b#1", "3.17#"])
def test_what_is_no_attempt(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        parse_attempt(text)


# ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_column_is_the_default_everywhere() -> None:
    assert column((), 3, 1) == (1, 1, 1)
    assert column([4, 5], 2, 1) == [4, 5]


def test_endings_are_read_one_by_one() -> None:
    plain = Endings(job=JobId(1), indexes=[4, 5])
    assert plain.ending(1) == Ending(outcome=Outcome.SUCCEEDED)
    full = Endings(
        job=JobId(1),
        indexes=[4, 5],
        numbers=[1, 2],
        outcomes=[Outcome.SUCCEEDED, Outcome.FAILED],
        codes=[0, 1],
        details=["", "no"],
        results=[b"r", b""],
        seconds=[0.5, 1.5],
    )
    assert full.ending(1) == Ending(outcome=Outcome.FAILED, code=1, detail="no", seconds=1.5)
    assert full.only([1]).ending(0) == full.ending(1)
    assert full.only([1]).numbers == [2]
    assert plain.only([0]) == Endings(job=JobId(1), indexes=[4])
    assert Attempts(job=JobId(1), indexes=[4]).numbers == ()


# ── outcomes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_outcome_is_judged() -> None:
    assert set(JUDGEMENT) == set(Outcome)
    assert {judgement.budget for judgement in JUDGEMENT.values()} == {"none", "failures", "losses", "free"}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_leads_to_a_final_state(outcome: Outcome) -> None:
    state = final_state(outcome)
    assert state in (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED)
    assert (state is TaskState.SUCCEEDED) is (outcome is Outcome.SUCCEEDED)
    assert (state is TaskState.CANCELLED) is (outcome in (Outcome.CANCELLED, Outcome.DEPENDENCY))


# ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

ERRORS = [
    PacelineError, UsageError, NotFound, Conflict, NeverFits, NotAllowed, VersionMismatch, Unreachable, TryAgain,
    StoreError, LaunchError, TaskFailed,
]  # fmt: skip


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_survive_a_process_border(kind: type[PacelineError]) -> None:
    again = pickle.loads(pickle.dumps(kind("it broke", hint="mend it")))  # noqa: S301 - our own bytes
    assert type(again) is kind
    assert (str(again), again.message, again.hint) == ("it broke", "it broke", "mend it")


def test_a_failed_task_carries_its_ending_everywhere() -> None:
    ending = Ending(outcome=Outcome.OOM, code=-9, detail="8 GiB")
    again = pickle.loads(pickle.dumps(TaskFailed("3.1 failed", task="3.1", ending=ending)))  # noqa: S301
    assert (again.task, again.ending) == ("3.1", ending)
    assert TaskFailed("unknown").ending.outcome is Outcome.FAILED


def test_codes_are_told_apart() -> None:
    assert len({kind.code for kind in ERRORS}) == len(ERRORS)
    assert {kind.exit_code for kind in ERRORS} == {1, 2, 69, 75, 77}
