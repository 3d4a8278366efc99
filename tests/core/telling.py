"""What came out of a step, told in lines that people read: every answer, record and message, and nothing left out."""

from collections.abc import Iterator, Mapping, Sequence
from functools import singledispatch
from itertools import groupby

from paceline.model.columns import Attempts, column
from paceline.model.decision import (
    Answer,
    BeatHeard,
    Decision,
    Done,
    Drain,
    Drop,
    Grant,
    Settled,
    Stop,
    Submitted,
    Welcome,
)
from paceline.model.errors import PacelineError
from paceline.model.job import Range
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    JobKept,
    JobOver,
    JobShut,
    Reported,
    TasksKept,
    WorkerKept,
)
from paceline.model.resources import WHOLE, Need
from paceline.model.views import Explanation


def tell(decision: Decision, now: float) -> Iterator[str]:
    """A decision's lines."""
    yield from (f"answer {_answer(answer)}" for answer in decision.answers if answer != Done())
    yield from (f"keep   {_said(record, now)}" for record in decision.records)
    yield from (f"w{worker:<5} {_said(message, now)}" for worker, message in decision.messages)
    if decision.wake_at != float("inf"):
        yield f"wake   +{decision.wake_at - now:g}"


def tell_explanation(explanation: Explanation) -> Iterator[str]:
    """Why a task does not run."""
    yield explanation.state
    yield from (f"{cause.code}: {cause.text}" for cause in explanation.causes)
    if explanation.nearest:
        yield f"nearest: {explanation.nearest}; change: {explanation.change}"


def _answer(answer: Answer) -> str:
    match answer:
        case Submitted():
            return f"jobs {','.join(map(str, answer.jobs))}" + (" (again)" if answer.again else "")
        case Done():
            return f"{answer.tasks} tasks"
        case PacelineError():
            return f"{answer.code} {answer.message}"


def _said(thing: object, now: float) -> str:
    return _in_words(thing, now)


@singledispatch
def _in_words(thing: object, now: float) -> str:
    raise TypeError(f"nobody has words for {thing!r}")


@_in_words.register
def _(record: JobKept, now: float) -> str:
    spec = record.spec
    after = f" after {','.join(map(str, spec.after))}" if spec.after else ""
    tasks = "open" if spec.open else f"tasks {_ranges(spec.ranges)}"
    return f"job {record.job} {spec.name}: {tasks}{after}"


@_in_words.register
def _(record: TasksKept, now: float) -> str:
    return f"payloads of {record.job} from {record.first} on: {' '.join(text.decode() for text in record.payloads)}"


@_in_words.register
def _(record: JobShut, now: float) -> str:
    return f"job {record.job} is closed with {record.count} tasks"


@_in_words.register
def _(record: JobOver, now: float) -> str:
    return f"job {record.job} is over as {record.state}: {_counts(record.counts)}"


@_in_words.register
def _(record: CancelKept, now: float) -> str:
    tasks = _ranges(record.ranges) if record.ranges else "all"
    return f"cancel {record.job} tasks {tasks} as {record.outcome} by {record.by}: {record.reason}"


@_in_words.register
def _(record: AttemptsGranted, now: float) -> str:
    return f"granted {_attempts(record.attempts)} to w{record.worker}"


@_in_words.register
def _(record: AttemptsOver, now: float) -> str:
    ends = record.endings
    count = len(ends.indexes)
    retries = column(record.retry_at, count, 0.0)
    numbers = column(ends.numbers, count, 1)
    lines = []
    for place in range(count):
        end = ends.ending(place)
        again = f" → again +{retries[place] - now:g}" if retries[place] else ""
        detail = f" ({end.detail})" if end.detail else ""
        lines.append(f"{ends.job}.{ends.indexes[place]}#{numbers[place]} {end.outcome}{detail}{again}")
    return f"over on w{record.worker}: {', '.join(lines)}"


@_in_words.register
def _(record: Reported, now: float) -> str:
    return f"report of {record.attempt} step {record.step}"


@_in_words.register
def _(record: WorkerKept, now: float) -> str:
    return f"w{record.worker} is {record.state}" + (f": {record.reason}" if record.reason else "")


@_in_words.register
def _(message: Welcome, now: float) -> str:
    return f"welcome, beat {message.beat:g} lease {message.lease:g}"


@_in_words.register
def _(message: Grant, now: float) -> str:
    payloads = f" with {' '.join(text.decode() for text in message.payloads)}" if message.payloads else ""
    return f"run {_attempts(message.attempts)} on {_need(message.need)}{payloads}"


@_in_words.register
def _(message: Stop, now: float) -> str:
    return f"stop {_attempts(message.attempts)}" + (f": {message.reason}" if message.reason else "")


@_in_words.register
def _(message: Drop, now: float) -> str:
    return f"drop {_attempts(message.attempts)}"


@_in_words.register
def _(message: Settled, now: float) -> str:
    return f"settled {_attempts(message.attempts)}"


@_in_words.register
def _(message: BeatHeard, now: float) -> str:
    return "heard"


@_in_words.register
def _(message: Drain, now: float) -> str:
    return "go on" if message.resume else "drain"


# ── columns in few words ────────────────────────────────────────────────────────────────────────────────────────────


def _attempts(attempts: Attempts) -> str:
    """``1.0-3#1 1.7#2``."""
    rows = zip(attempts.indexes, column(attempts.numbers, len(attempts.indexes), 1), strict=True)
    runs = groupby(enumerate(rows), key=lambda row: (row[1][0] - row[0], row[1][1]))
    return " ".join(_run(attempts.job, [index for _, (index, _) in run], key[1]) for key, run in runs)


def _run(job: int, indexes: Sequence[int], number: int) -> str:
    span = f"{indexes[0]}-{indexes[-1]}" if len(indexes) > 1 else f"{indexes[0]}"
    return f"{job}.{span}#{number}"


def _ranges(ranges: Sequence[Range]) -> str:
    return ",".join(
        f"{r.start}-{r.stop - 1}" + (f":{r.step}" if r.step > 1 else "") if r.stop - r.start > 1 else f"{r.start}"
        for r in ranges
    )


def _need(need: Need) -> str:
    words = [f"{need.cpu / WHOLE:g} cpus"]
    if need.memory:
        words.append(f"{need.memory / (1 << 30):g} GiB")
    if need.gpu:
        words.append(f"{need.gpu.milli / WHOLE:g} gpus")
    return " ".join(words)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or "no tasks"
