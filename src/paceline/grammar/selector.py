"""Selections of jobs and tasks, wherever an id is accepted.

=========  ============================================    =============  ==============================
``last``   the newest job                                  ``3.17``       task 17 of job 3
``all``    every job                                       ``3.1-5,8``    some tasks of job 3
``3``      job 3                                           ``last.7``     a task of the newest job
``1,4-6``  these of the jobs there are                     ``train``      the newest job of that name
=========  ============================================    =============  ==============================
"""

from dataclasses import dataclass
from typing import TypeAlias

from paceline.grammar.array import format_array, parse_ranges
from paceline.grammar.name import NUMBERS, TASKS, check_name
from paceline.model.errors import UsageError
from paceline.model.job import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class LastJob:
    """The newest job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllJobs:
    """Every job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNumbers:
    """Jobs by number."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNamed:
    """The newest job of a name."""

    name: str


Jobs: TypeAlias = LastJob | AllJobs | JobNumbers | JobNamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Some jobs; or, with ``tasks``, some tasks of one job."""

    jobs: Jobs
    tasks: tuple[Range, ...] = ()  # empty: whole jobs


def parse_selector(text: str, field: str = "selector") -> Selector:
    """What a selection means, before asking anybody whether such jobs exist."""
    word = text.strip()
    match = TASKS.fullmatch(word)
    if match is None:
        return Selector(jobs=_jobs(word, field))
    jobs = _jobs(match[1], field)
    if isinstance(jobs, AllJobs) or (isinstance(jobs, JobNumbers) and _several(jobs)):
        raise UsageError(f"{field}: {text!r} names tasks of several jobs", hint=f"tasks of one job: 3.{match[2]}")
    return Selector(jobs=jobs, tasks=parse_ranges(match[2], field))


def format_selector(selector: Selector) -> str:
    """A selection as text."""
    match selector.jobs:
        case LastJob():
            head = "last"
        case AllJobs():
            head = "all"
        case JobNumbers(ranges=ranges):
            head = format_array(ranges)
        case JobNamed(name=name):
            head = name
    return f"{head}.{format_array(selector.tasks)}" if selector.tasks else head


def _jobs(word: str, field: str) -> Jobs:
    if word == "last":
        return LastJob()
    if word == "all":
        return AllJobs()
    if NUMBERS.fullmatch(word):
        return JobNumbers(ranges=parse_ranges(word, field))
    return JobNamed(name=check_name(word, field))


def _several(jobs: JobNumbers) -> bool:
    return len(jobs.ranges) > 1 or len(range(jobs.ranges[0].start, jobs.ranges[0].stop, jobs.ranges[0].step)) > 1
