"""Rows back to values."""

from collections.abc import Sequence

import msgspec

from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range
from paceline.model.records import CancelKept, JobKept
from paceline.model.task import Outcome
from paceline.stores.sqlite_file.database import Database

_spec = msgspec.json.Decoder(JobSpec)
_ranges = msgspec.json.Decoder(tuple[Range, ...])


def job_kept(row: tuple[int, float, str, str, str], spec: str) -> JobKept:
    """From columns ``id, at, token, digest, by`` and ``spec``."""
    job, at, token, digest, by = row
    return JobKept(job=JobId(job), spec=_spec.decode(spec), at=at, token=token, digest=digest, by=by)


def cancels(db: Database, job: JobId) -> Sequence[CancelKept]:
    """Those of a job, in order, by the statement ``cancels``."""
    return [
        CancelKept(job=job, ranges=_ranges.decode(ranges), outcome=Outcome(outcome), by=by, reason=reason, at=at)
        for ranges, outcome, by, reason, at in db.run("cancels", job=job)
    ]
