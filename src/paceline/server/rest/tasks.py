"""Tasks: where each stands and why, its attempts, and what they wrote."""

from typing import Annotated, Literal

from litestar import Response, Router, get
from litestar.datastructures import ResponseHeader
from litestar.params import QueryParameter

from paceline.model.bounds import LARGEST
from paceline.model.views import CheckpointView, Explanation, TaskView
from paceline.server.operations import looking, output
from paceline.server.operations.following import LogRequest
from paceline.server.rest.here import Here
from paceline.server.rest.page import Page
from paceline.server.rest.words import TaskWord, task_id

LOG_LIMIT = 1 << 20
"""Bytes of output in one answer."""

Stream = Annotated[Literal["out", "err"], QueryParameter(description="Which of the two.")]
Number = Annotated[int, QueryParameter(description="Which attempt; 0: the latest.", ge=0, le=LARGEST)]
Offset = Annotated[int, QueryParameter(description="Bytes to pass over.", ge=0, le=LARGEST)]
Bytes = Annotated[int, QueryParameter(description="Bytes, at most.", ge=1, le=LOG_LIMIT)]
Tail = Annotated[int, QueryParameter(description="Only the last so many bytes; -1: all.", ge=-1, le=LARGEST)]


@get("/{task:str}")
async def one(fleet: Here, task: TaskWord) -> TaskView:
    """One task, with its latest attempt."""
    return await looking.task(fleet, task_id(task))


@get("/{task:str}/attempts")
async def attempts(fleet: Here, task: TaskWord) -> Page[TaskView]:
    """All attempts of a task, oldest first."""
    return Page(items=await looking.attempts(fleet, task_id(task)))


@get("/{task:str}/checkpoints")
async def checkpoints(fleet: Here, task: TaskWord) -> Page[CheckpointView]:
    """The checkpoints that a task has, the one from which its next attempt goes on first.

    None once its job is over.
    """
    return Page(items=await looking.checkpoints(fleet, task_id(task)))


@get("/{task:str}/explain")
async def explain(fleet: Here, task: TaskWord) -> Explanation:
    """Why a task is where it is: all causes if it waits, and the smallest change that would let it start."""
    return await looking.explain(fleet, task_id(task))


@get(
    "/{task:str}/log",
    media_type="text/plain",
    response_headers=[
        ResponseHeader(name="Paceline-Attempt", documentation_only=True, description="Whose output this is."),
        ResponseHeader(name="Paceline-Start", documentation_only=True, description="Offset of the first byte here."),
        ResponseHeader(name="Paceline-Next", documentation_only=True, description="The `offset` to go on at."),
        ResponseHeader(name="Paceline-Size", documentation_only=True, description="Bytes written so far."),
    ],
)
async def log(  # noqa: PLR0913 - what a query names
    fleet: Here,
    task: TaskWord,
    stream: Stream = "out",
    attempt: Number = 0,
    offset: Offset = 0,
    limit: Bytes = LOG_LIMIT,
    tail: Tail = -1,
) -> Response[bytes]:
    """What an attempt wrote, as it is.

    `Paceline-Start` may be past `offset`: of very long output the middle is not kept.
    """
    wanted = LogRequest(task=task_id(task), number=attempt, stream=stream, offset=offset, tail=tail)
    part = await output.part(fleet, wanted, limit)
    page = part.page
    name = f"{wanted.task}-{part.number}.{stream}.txt"
    return Response(
        page.data,
        headers={
            "paceline-attempt": str(part.number),
            "paceline-start": str(page.start),
            "paceline-next": str(page.start + len(page.data)),
            "paceline-size": str(page.size),
            "content-disposition": f'attachment; filename="{name}"',
        },
    )


ROUTES = Router("/tasks", route_handlers=[one, attempts, checkpoints, explain, log], tags=["tasks"])
