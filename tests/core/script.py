"""Commands of a scenario, read: one line each, words and ``key=value`` pairs.

::

    join w1 cpus=2 gpus=A100,T4 labels=zone:a features=python3.11 ends=+60 holds=1.0#1,1.1#1
    submit fit tasks=0-9 cpus=1 memory=8GiB gpus=1 after=1 needs=prepare limit=2 priority=1 not-before=+60 token=t open
    append 1 first=0 payloads=a,b · close 1 · cancel 1 tasks=2-5 reason=enough
    start w1 1.0#1 · report w1 1.0#1 step=3 · end w1 1.0#1,1.1#1 outcome=FAILED code=1
    beat w1 · lose w1 · leave w1 · drain w1 · resume w1

``failures=`` and ``losses=`` set how often is tried again, without waiting unless ``base=`` says so.
"""

import shlex
from dataclasses import dataclass, replace

from paceline.grammar.array import parse_ranges
from paceline.grammar.quantity import parse_size
from paceline.model.columns import Attempts, Endings
from paceline.model.events import (
    AttemptsEnded,
    AttemptsStarted,
    CancelAsked,
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
from paceline.testing.hand import named
from paceline.testing.world import gpu, job_spec, machine


@dataclass(frozen=True, slots=True)
class Command:
    """One line: its first word, the words that follow, and the pairs."""

    verb: str
    words: list[str]
    pairs: dict[str, str]

    def get(self, name: str, default: str = "") -> str:
        return self.pairs.get(name, default)


def read(line: str) -> Command:
    """A line as a command."""
    verb, *rest = shlex.split(line)
    pairs = dict(word.split("=", 1) for word in rest if "=" in word)
    return Command(verb, [word for word in rest if "=" not in word], pairs)


def event(command: Command, now: float) -> Event:
    """The event that a command stands for. Raises ValueError for a verb that stands for none."""
    if command.verb in ("submit", "append", "close", "cancel"):
        return _of_a_job(command, now)
    worker = _worker(command.words[0])
    match command.verb:
        case "join":
            return _join(command, worker, now)
        case "beat":
            return WorkerBeat(worker=worker, incarnation=_incarnation(command))
        case "lose":
            return LinkLost(worker=worker, incarnation=_incarnation(command))
        case "leave":
            return WorkerLeft(worker=worker, incarnation=_incarnation(command))
        case "drain" | "resume":
            return DrainAsked(worker=worker, resume=command.verb == "resume")
        case "start":
            return AttemptsStarted(worker=worker, attempts=_attempts(command.words[1])[0])
        case "report":
            [attempt] = _listed(command.words[1])
            return ReportCame(worker=worker, attempt=attempt, step=int(command.get("step", "1")), values="{}")
        case "end":
            return AttemptsEnded(worker=worker, endings=_endings(command))
        case _:
            raise ValueError(f"there is no command {command.verb!r}")


def _of_a_job(command: Command, now: float) -> Event:
    if command.verb == "submit":
        return _submit(command, now)
    job = JobId(int(command.words[0]))
    if command.verb == "append":
        return TasksAppended(job=job, first=int(command.get("first")), payloads=_payloads(command))
    if command.verb == "close":
        return JobClosed(job=job)
    ranges = _ranges(command.get("tasks")) if command.get("tasks") else ()
    return CancelAsked(job=job, ranges=ranges, by="ada", reason=command.get("reason"))


def _submit(command: Command, now: float) -> JobsSubmitted:
    payloads = [_payloads(command)] if command.get("payloads") else ()
    return JobsSubmitted(
        specs=[_spec(command, now)], token=command.get("token"), digest=command.get("digest"), payloads=payloads
    )


def _spec(command: Command, now: float) -> JobSpec:
    return replace(
        job_spec(command.words[0]),
        ranges=_ranges(command.get("tasks", "0")),
        needs=(_need(command),),
        priority=int(command.get("priority", "0")),
        limit=int(command.get("limit", "0")),
        not_before=_moment(command.get("not-before"), now),
        after=tuple(JobId(int(job)) for job in _list(command.get("after"))),
        after_names=tuple(_list(command.get("needs"))),
        retry=Retry(
            failures=int(command.get("failures", "0")),
            losses=int(command.get("losses", "3")),
            base=float(command.get("base", "0")),
        ),
        open="open" in command.words,
    )


def _need(command: Command) -> Need:
    gpus = command.get("gpus")
    return Need(
        cpu=round(1000 * float(command.get("cpus", "1"))),
        memory=parse_size(command.get("memory", "0")),
        gpu=GpuNeed(milli=round(1000 * float(gpus))) if gpus else None,
        labels=_labels(command),
        features=tuple(_list(command.get("features"))),
        time=float(command.get("time", "0")),
    )


def _join(command: Command, worker: WorkerId, now: float) -> WorkerJoined:
    found = machine(
        cpu=round(1000 * float(command.get("cpus", "4"))),
        gpus=[gpu(model, number=number) for number, model in enumerate(_list(command.get("gpus")))],
    )
    return WorkerJoined(
        worker=worker,
        name=command.words[0],
        incarnation=_incarnation(command),
        machine=replace(
            found,
            labels=_labels(command),
            features=tuple(_list(command.get("features"))),
            ends_at=_moment(command.get("ends"), now),
        ),
        held=_attempts(command.get("holds")),
    )


def _endings(command: Command) -> Endings:
    [attempts] = _attempts(command.words[1])
    outcome = command.get("outcome")
    count = len(attempts.indexes)
    return Endings(
        job=attempts.job,
        indexes=attempts.indexes,
        numbers=attempts.numbers,
        outcomes=[Outcome(outcome)] * count if outcome else (),
        codes=[int(command.get("code", "0"))] * count if outcome else (),
        seconds=[float(command.get("seconds", "1"))] * count,
    )


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _worker(name: str) -> WorkerId:
    return WorkerId(int(name.removeprefix("w")))


def _incarnation(command: Command) -> Incarnation:
    return Incarnation(int(command.get("incarnation", "1")))


def _moment(text: str, now: float) -> float:
    return now + float(text) if text else 0.0


def _list(text: str) -> list[str]:
    return text.split(",") if text else []


def _labels(command: Command) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, _, value in (pair.partition(":") for pair in _list(command.get("labels"))))


def _payloads(command: Command) -> list[bytes]:
    return [text.encode() for text in _list(command.get("payloads"))]


def _ranges(text: str) -> tuple[Range, ...]:
    return parse_ranges(text, "tasks")


def _attempts(text: str) -> list[Attempts]:
    return list(named(_listed(text)))


def _listed(text: str) -> list[AttemptId]:
    attempts = []
    for word in _list(text):
        task, _, number = word.partition("#")
        job, _, index = task.partition(".")
        attempts.append(AttemptId(JobId(int(job)), int(index), int(number or "1")))
    return attempts
