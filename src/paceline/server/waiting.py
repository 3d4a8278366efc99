"""Which jobs wait for which others to be over: that one waits no longer is no record, it follows from an end."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from paceline.core.job import Job
from paceline.model.ids import JobId
from paceline.model.records import JobKept, JobOver, Record


class Waiting:
    """Since when it is looked: jobs that waited then, and those that came later."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._after: dict[JobId, list[JobId]] = defaultdict(list)
        for job in jobs:
            self._note(job.id, job.blockers)

    def freed(self, record: Record, live: Container[JobId]) -> Sequence[JobId]:
        """Jobs that wait no longer for what the record is about."""
        match record:
            case JobKept(job=job, spec=spec):
                self._note(job, [other for other in spec.after if other in live])
            case JobOver(job=job):
                return self._after.pop(job, ())
            case _:
                pass
        return ()

    def _note(self, job: JobId, others: Iterable[JobId]) -> None:
        for other in others:
            self._after[other].append(job)
