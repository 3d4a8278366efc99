"""Jobs: those there are, what became of them, and new ones."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, get, post
from litestar.params import JSONBody, QueryParameter, RawBody

from paceline import grammar
from paceline.model.bounds import LARGEST
from paceline.model.errors import UsageError
from paceline.model.job import Range
from paceline.model.queries import ReportsFrom, Results
from paceline.model.views import JobView, ReportView, TaskView
from paceline.server.operations import listing, looking, submitting
from paceline.server.operations.submitting import Accepted
from paceline.server.rest import orders, problems
from paceline.server.rest.here import Here
from paceline.server.rest.openapi import JobFile, MaySayNothing
from paceline.server.rest.page import Page, page
from paceline.server.rest.result import Result, result
from paceline.server.rest.words import After, JobWord, Limit, job_id

InState = Annotated[
    Literal["", "BLOCKED", "WAITING", "RUNNING", "STOPPING", "SUCCEEDED", "FAILED", "CANCELLED"],
    QueryParameter(name="state", description="Only those in this state."),
]
TaskInState = Annotated[
    Literal["", "BLOCKED", "WAITING", "BACKOFF", "ASSIGNED", "RUNNING", "STOPPING", "SUCCEEDED", "FAILED", "CANCELLED"],
    QueryParameter(name="state", description="Only those in this state."),
]


@get("/")
async def listed(
    fleet: Here,
    after: After = 0,
    limit: Limit = 100,
    name: Annotated[str, QueryParameter(description="Only those of this name.")] = "",
    in_state: InState = "",
    experiment: Annotated[str, QueryParameter(description="Only those of this experiment.")] = "",
) -> Page[JobView]:
    """Jobs, newest first.

    A page that is narrowed may hold fewer than `limit`, or none, and still have a `next`.
    """
    chosen = listing.Chosen(name=name, state=in_state, experiment=experiment)
    return page(await listing.jobs(fleet, chosen, max(after, 0), limit))


@get("/{job:str}")
async def one(fleet: Here, job: JobWord) -> JobView:
    """One job, and how far it is."""
    return await listing.job(fleet, job_id(job))


@post("/", operation_class=JobFile, responses={**problems.responses(409), **problems.responses(422)})
async def submit(
    fleet: Here,
    body: RawBody,
    owner: orders.Owner = "",
    after: orders.Earlier = (),
    must_fit: orders.MustFit = False,
    idempotency_key: orders.Key = "",
) -> Response[Accepted]:
    """Submit a job file's content, as JSON: one job, or several under `jobs`.

    All are accepted, or none. Where an `Idempotency-Key` is given, the same request again is the same submission:
    `again` is true, and `jobs` are those that the first one made. The same key with another body is refused.
    """
    sent = orders.Sent(body=body, owner=owner, after=tuple(after))
    accepted = await orders.submit(fleet, sent, idempotency_key, must_fit)
    return Response(accepted, headers={"location": f"/api/jobs/{accepted.jobs[0]}"})


@post("/plan", operation_class=JobFile, status_code=200, tags=["jobs"])
async def plan(fleet: Here, body: RawBody) -> orders.Plans:
    """What would happen to a job if it were submitted. Nothing is."""
    return await orders.plan(fleet, orders.Sent(body=body))


class Cancel(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """``ranges``: indexes of the tasks, such as "0-9,17"; empty: the whole job."""

    ranges: str = ""
    reason: str = ""


WHOLE = Cancel()


class Cancelled(msgspec.Struct, kw_only=True):
    """How many tasks that touched: 0 if none of them was still to be done."""

    tasks: int


@post("/{job:str}/cancel", status_code=200, operation_class=MaySayNothing)
async def cancel(fleet: Here, job: JobWord, data: JSONBody[Cancel] = WHOLE) -> Cancelled:
    """These tasks are no longer wanted: those that wait are over, those that run are ended."""
    number = job_id(job)
    await listing.job(fleet, number)
    return Cancelled(tasks=await submitting.cancel(fleet, number, _ranges(data.ranges), data.reason))


def _ranges(text: str) -> Sequence[Range]:
    if not text:
        return ()
    ranges, limit = grammar.parse_array(text, "ranges")
    if limit:
        raise UsageError(f"ranges: {text!r} has a limit, and cancelling knows none", hint=text.partition("%")[0])
    return ranges


@get("/{job:str}/tasks")
async def tasks(
    fleet: Here,
    job: JobWord,
    after: After = -1,
    limit: Limit = 100,
    in_state: TaskInState = "",
) -> Page[TaskView]:
    """A job's tasks, by index.

    A page that is narrowed may hold fewer than `limit`, or none, and still have a `next`.
    """
    asked = looking.TaskPage(job=job_id(job), states=[in_state] if in_state else [], after=after, limit=limit)
    return page(await listing.tasks(fleet, asked))


@get("/{job:str}/results")
async def results(fleet: Here, job: JobWord, after: After = -1, limit: Limit = 100) -> Page[Result]:
    """How tasks ended that are over, with their results, by index."""
    rows = await looking.results(fleet, Results(job=job_id(job), after=after, limit=limit))
    return Page(items=[result(row) for row in rows], next=str(rows[-1].index) if rows else "")


@get("/{job:str}/reports")
async def reports(
    fleet: Here,
    job: JobWord,
    task: Annotated[int, QueryParameter(description="Only this index's; -1: all tasks'.", ge=-1, le=LARGEST)] = -1,
    after: After = 0,
    limit: Limit = 1000,
) -> Page[ReportView]:
    """What attempts reported of their progress, in the order in which it came.

    There is a `next` as long as anything came: to follow a job, ask again from there. A step that is said again comes
    again, and replaces.
    """
    number = job_id(job)
    await listing.job(fleet, number)
    rows = await fleet.store.read(ReportsFrom(job=number, index=task, after=after, limit=limit))
    return Page(items=[report for _, report in rows], next=str(rows[-1][0]) if rows else "")


ROUTES = Router("/jobs", route_handlers=[listed, one, submit, cancel, tasks, results, reports], tags=["jobs"])
