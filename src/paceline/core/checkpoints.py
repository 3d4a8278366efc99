"""Which checkpoints a task has, and which of them stay.

Only the current attempt of a task adds to them: one whose number is old is refused, and hears so. Newest is the one
that was recorded last, whatever its step: an attempt that began anew counts its steps anew.
"""

from collections.abc import Sequence

from paceline.core.step import Step
from paceline.model.checkpoint import Checkpoint, Retention
from paceline.model.columns import Attempts
from paceline.model.decision import Answer, Done
from paceline.model.errors import Conflict
from paceline.model.events import CheckpointCame
from paceline.model.ids import JobId
from paceline.model.records import CheckpointKept, CheckpointsDropped


def on_checkpoint(step: Step, event: CheckpointCame) -> Answer:
    """One more of a task's checkpoints; those that it makes superfluous go."""
    made = event.checkpoint
    job, index, number = made.attempt
    found = step.cluster.jobs.get(job)
    attempt = found.live.get(index) if found else None
    if attempt is None or attempt.number != number or attempt.worker.id != event.worker:
        return Conflict(f"attempt {made.attempt} is not the current one of its task")
    attempt.started = True
    tasks = step.cluster.checkpoints.setdefault(job, {})
    before = [each for each in tasks.get(index, ()) if (each.attempt, each.step) != (made.attempt, made.step)]
    stay = staying([*before, made], event.retention)
    tasks[index] = tuple(stay)
    step.keep(CheckpointKept(checkpoint=made, at=step.now))
    _drop(step, job, [each for each in before if each not in stay])
    return Done(tasks=1)


def staying(made: Sequence[Checkpoint], retention: Retention) -> list[Checkpoint]:
    """Those that stay, of all in the order they were made: the newest, and the best (of equals the latest)."""
    newest = made[-retention.keep :]
    sign = 1.0 if retention.best == "max" else -1.0
    rated = [(sign * each.metric, place) for place, each in enumerate(made) if each.metric is not None]
    best = made[max(rated)[1]] if rated else made[-1]
    return [*newest] if best in newest else [best, *newest]


def drop_all(step: Step, job: JobId) -> None:
    """The job is over: nobody goes on from these any more."""
    tasks = step.cluster.checkpoints.pop(job, None)
    if tasks:
        _drop(step, job, [each for _, made in sorted(tasks.items()) for each in made])


def _drop(step: Step, job: JobId, gone: Sequence[Checkpoint]) -> None:
    if gone:
        attempts = [each.attempt for each in gone]
        named = Attempts(job=job, indexes=[a.index for a in attempts], numbers=[a.number for a in attempts])
        step.keep(CheckpointsDropped(attempts=named, steps=[each.step for each in gone]))
