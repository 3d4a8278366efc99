"""How jobs and tasks are named in a path: ``3``, ``3.17``."""

import re
from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from paceline.model.bounds import LARGEST
from paceline.model.errors import UsageError
from paceline.model.ids import JobId, TaskId

_TASK = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,15}))?")

JobWord = Annotated[
    str,
    PathParameter(
        description="A job's number.", examples=[Example(value="1")], schema_extra={"pattern": "^[0-9]{1,15}$"}
    ),
]
TaskWord = Annotated[
    str,
    PathParameter(
        description="Job and index, `3.17`; `3` is a job's first task.",
        examples=[Example(value="1.0")],
        schema_extra={"pattern": r"^[0-9]{1,15}(\.[0-9]{1,15})?$"},
    ),
]
After = Annotated[
    int,
    QueryParameter(
        description="Go on after this one: `next` of the page before. Without, from the beginning.", ge=-1, le=LARGEST
    ),
]
Limit = Annotated[int, QueryParameter(description="Rows of the page, at most.", ge=1, le=1000)]


def job_id(word: str) -> JobId:
    """Raises UsageError for what is no number."""
    match = _TASK.fullmatch(word)
    if match is None or match[2]:
        hint = "such as 3; GET /api/jobs?name=… finds jobs by name"
        raise UsageError(f"job: {word!r} is not the number of a job", hint=hint)
    return JobId(int(match[1]))


def task_id(word: str) -> TaskId:
    """Raises UsageError for what names no task."""
    match = _TASK.fullmatch(word)
    if match is None:
        hint = "such as 3.17, job and index; 3 is the first task of job 3"
        raise UsageError(f"task: {word!r} is not the number of a task", hint=hint)
    return TaskId(JobId(int(match[1])), int(match[2] or 0))
