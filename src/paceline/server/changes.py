"""What changed of a fleet since it was last told: names, not views."""

from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from paceline.model.ids import JobId, WorkerId
from paceline.model.records import (
    AttemptsGranted,
    AttemptsOver,
    CancelKept,
    JobKept,
    JobOver,
    JobShut,
    ModelChanged,
    Record,
    TasksKept,
    WorkerKept,
)

N = TypeVar("N", bound=int)  # a number of jobs, or of workers


@dataclass(slots=True)
class Changes:
    """Each name once, in the order in which they changed first."""

    jobs: dict[JobId, None] = field(default_factory=dict)
    workers: dict[WorkerId, None] = field(default_factory=dict)
    models: bool = False

    def __bool__(self) -> bool:
        return bool(self.jobs or self.workers or self.models)

    def note(self, record: Record) -> None:
        """Output, reports and credentials are nobody's here: they are read where they are."""
        match record:
            case AttemptsGranted(worker=worker, attempts=attempts):
                self.jobs[attempts.job] = None
                self.workers[worker] = None
            case AttemptsOver(worker=worker, endings=endings):
                self.jobs[endings.job] = None
                self.workers[worker] = None
            case JobKept(job=job) | TasksKept(job=job) | JobShut(job=job) | JobOver(job=job) | CancelKept(job=job):
                self.jobs[job] = None
            case WorkerKept(worker=worker):
                self.workers[worker] = None
            case ModelChanged():
                self.models = True
            case _:
                pass

    def take(self, jobs: int, workers: int) -> "Changes":
        """At most so many of each; the others stay.

        From both ends: however much has piled up, what is new is told soon, and what is old before long.
        """
        taken = Changes(_ends(self.jobs, jobs), _ends(self.workers, workers), self.models)
        self.models = False
        return taken


def _ends(names: dict[N, None], most: int) -> dict[N, None]:
    oldest = islice(names, most // 2)
    newest = islice(reversed(names), most - most // 2)
    taken = dict.fromkeys((*oldest, *newest))
    for name in taken:
        del names[name]
    return taken
