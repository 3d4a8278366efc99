"""What a worker that calls says of its tasks: checked, set beside the core's picture, and put into our words.

A report that is well formed is never an error because it comes late: it is STALE. What is not well formed refuses the
whole call, before anything of it is done.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from signal import Signals
from typing import TypeAlias

from paceline.config import PAYLOAD_LIMIT
from paceline.core.cluster import Cluster
from paceline.core.indexes import covers
from paceline.core.job import Job
from paceline.model.columns import Endings
from paceline.model.errors import UsageError
from paceline.model.ids import AttemptId, JobId, WorkerId
from paceline.model.task import Ending, Outcome
from paceline.server.polling.words import ENDS, RUNNING, TASK_WORDS, at_least_0, attempt, one_of
from paceline.wire.gen import worker_pb2 as pb

KEPT, STALE, NOT_FOUND, FORBIDDEN = "KEPT", "STALE", "NOT_FOUND", "FORBIDDEN"
"""What becomes of an update."""

DETAIL_LIMIT = 4096
"""Characters of a message that are kept."""
PROGRESS_LIMIT = 64 << 10
"""Bytes of one progress report."""

Update: TypeAlias = pb.UpdateTaskStatusRequest | pb.TaskStatusUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One update, checked. ``ended``: it is over."""

    attempt: AttemptId
    update: Update
    ended: bool


@dataclass(slots=True)
class Rows:
    """How attempts of one job ended, and where in the call it was said."""

    places: list[int] = field(default_factory=list)
    attempts: list[AttemptId] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)

    def columns(self, job: JobId) -> Endings:
        """In the core's words."""
        return Endings(
            job=job,
            indexes=[attempt.index for attempt in self.attempts],
            numbers=[attempt.number for attempt in self.attempts],
            outcomes=[ending.outcome for ending in self.endings],
            codes=[ending.code for ending in self.endings],
            details=[ending.detail for ending in self.endings],
            results=[ending.result for ending in self.endings] if any(e.result for e in self.endings) else (),
            seconds=[ending.seconds for ending in self.endings],
        )


def check(update: Update, where: str = "") -> Told:
    """Raises UsageError naming the field, ``where`` in front."""
    named = attempt(update.task_id, f"{where}task_id")
    status = one_of(TASK_WORDS, update.status, f"{where}status")
    if update.stream not in ("", "out", "err"):
        raise UsageError(f"{where}stream: there is no output stream {update.stream!r}", hint="out, or err")
    at_least_0(update.output_offset, f"{where}output_offset")
    at_least_0(update.seconds, f"{where}seconds")
    if len(update.result) > PAYLOAD_LIMIT:
        raise UsageError(
            f"{where}result: {len(update.result):,} bytes, limit {PAYLOAD_LIMIT:,}",
            hint="put large data into a file that others can read",
        )
    if ENDS.get(status) is Outcome.SUCCEEDED and update.exit_code:
        raise UsageError(f"{where}exit_code: {update.exit_code}, but status says {status}", hint="status: FAILED")
    if update.HasField("progress"):
        _check_progress(update.progress.values, where)
    return Told(attempt=named, update=update, ended=status != RUNNING)


def _check_progress(values: str, where: str) -> None:
    if len(values) > PROGRESS_LIMIT:
        raise UsageError(f"{where}progress.values: {len(values):,} characters, limit {PROGRESS_LIMIT:,}")
    try:
        found = json.loads(values, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}progress.values: {values[:40]!r} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise UsageError(f"{where}progress.values: {values[:40]!r} is not a JSON object", hint='such as {"loss": 0.3}')


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not a number of JSON")


def ending(told: Told, seconds: float) -> Ending:
    """The end that an update tells. ``seconds``: how long the worker had it, if it does not say."""
    update = told.update
    outcome = ENDS[update.status.upper()]
    said = update.message[:DETAIL_LIMIT]
    detail = said or (_exit(update.exit_code) if outcome is Outcome.FAILED else "")
    return Ending(
        outcome=outcome,
        code=update.exit_code,
        detail=detail,
        result=update.result,
        seconds=update.seconds or seconds,
    )


def _exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}" if code else "the worker says that it failed"
    names: Mapping[int, str] = {number.value: number.name for number in Signals}
    return f"killed by signal {-code} ({names.get(-code, 'a real-time signal')})"


def standing(cluster: Cluster, worker: WorkerId, named: AttemptId) -> tuple[str, str]:
    """What a report of this attempt by this worker is worth, and why: KEPT if it is the current one, and its own."""
    job = cluster.jobs.get(named.job)
    live = job.live.get(named.index) if job else None
    if live is not None and live.number == named.number:
        if live.worker.id == worker:
            return KEPT, ""
        return FORBIDDEN, f"task {named} is with worker {live.worker.name!r}"
    if not 0 < named.job < cluster.next_job or (job and not _has(job, named.index)):
        return NOT_FOUND, f"there is no task {named.task}"
    if live is not None and live.number < named.number:
        return NOT_FOUND, f"there is no attempt {named} yet: the latest is {live.id}"
    return STALE, f"{named} is not the current attempt of its task, or is over: nothing is to be done about it any more"


def _has(job: Job, index: int) -> bool:
    return index < job.total if job.open else covers(job.spec.ranges, index)


def answers(found: Sequence[tuple[str, str]]) -> Sequence[pb.UpdateTaskStatusResponse]:
    """One for each update; none if there is nothing to say but KEPT."""
    if all(answer == KEPT for answer, _ in found):
        return ()
    return [pb.UpdateTaskStatusResponse(answer=answer, message=why) for answer, why in found]
