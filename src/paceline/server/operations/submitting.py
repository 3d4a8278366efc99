"""Submitting jobs: check every word of them, then let the core decide."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from paceline import kinds
from paceline.config import PAYLOAD_LIMIT
from paceline.core.explain import explain_needs, never_fits
from paceline.core.indexes import spans
from paceline.model.bounds import LARGEST
from paceline.model.decision import Done, Submitted
from paceline.model.errors import Conflict, NeverFits, UsageError
from paceline.model.events import CancelAsked, JobClosed, JobsSubmitted, TasksAppended
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Range
from paceline.model.queries import Jobs, Submission
from paceline.model.resources import Need
from paceline.model.task import TaskState
from paceline.model.views import Explanation
from paceline.server import caller
from paceline.server.fleet import Fleet
from paceline.telemetry.traceparent import VARIABLE

TASKS_LIMIT = 100_000_000
"""Tasks of one job."""
MINGLED_LIMIT = 1_000_000
"""The same where its ranges lie in each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The jobs' numbers. ``warnings``: what will not happen by waiting alone."""

    jobs: Sequence[JobId]
    again: bool
    warnings: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody wants to submit. ``must_fit``: refuse what no connected worker could ever run."""

    specs: Sequence[JobSpec]
    payloads: Sequence[Sequence[bytes]] = ()
    token: str = ""
    digest: str = ""
    must_fit: bool = False


async def submit(fleet: Fleet, request: Request) -> Accepted:
    """Accept the jobs, together or not at all."""
    specs = _checked(request)
    known = await _known(fleet, request)
    misfits = _misfits(fleet, specs)
    if not known:  # what was accepted is not refused when it is said again
        fleet.space.demand()
        if request.must_fit:
            _refuse(misfits)
    event = JobsSubmitted(
        specs=[_traced(fleet, spec) for spec in specs],
        token=request.token,
        digest=request.digest,
        by=caller.by(),
        payloads=request.payloads,
        ended=await _ended(fleet, specs),
        known=known,
    )
    answer = await fleet.loop.ask(event)
    assert isinstance(answer, Submitted)
    return Accepted(jobs=answer.jobs, again=answer.again, warnings=[text for text, _ in misfits])


def plan(fleet: Fleet, request: Request) -> Sequence[Explanation]:
    """What keeps each of the jobs from starting now, without submitting anything."""
    return [explain_needs(fleet.cluster, spec.needs, fleet.clock.now()) for spec in _checked(request)]


async def append(fleet: Fleet, job: JobId, first: int, payloads: Sequence[bytes]) -> int:
    """Further tasks of an open job. Returns how many are new."""
    for payload in payloads:
        _check_payload(payload)
    fleet.space.demand()
    answer = await fleet.loop.ask(TasksAppended(job=job, first=first, payloads=payloads))
    return answer.tasks if isinstance(answer, Done) else 0


async def close(fleet: Fleet, job: JobId) -> None:
    """No more tasks for this job."""
    await fleet.loop.ask(JobClosed(job=job))


async def cancel(fleet: Fleet, job: JobId, ranges: Sequence[Range], reason: str) -> int:
    """These tasks are no longer wanted. Returns how many that touched."""
    _check_indexes(ranges, "ranges")
    answer = await fleet.loop.ask(CancelAsked(job=job, ranges=ranges, by=caller.by(), reason=reason[:200]))
    return answer.tasks if isinstance(answer, Done) else 0


async def _known(fleet: Fleet, request: Request) -> Sequence[JobId]:
    """The jobs that the same submission made before. Raises Conflict: its token was another's."""
    known = await fleet.store.read(Submission(token=request.token)) if request.token else ()
    if known and known[0][1] != request.digest:
        raise Conflict(
            f"submit token {request.token!r} was already used for job {known[0][0]}, which asks for something else",
            hint="use a new token for a new submission",
        )
    return [job for job, _ in known]


async def _ended(fleet: Fleet, specs: Sequence[JobSpec]) -> dict[JobId, bool]:
    """Whether the jobs that these come after succeeded, for those that are over."""
    after = sorted({job for spec in specs for job in spec.after} - fleet.cluster.jobs.keys())
    if not after:
        return {}
    rows = await fleet.store.read(Jobs(ids=after, limit=len(after)))
    return {row.kept.job: row.state == TaskState.SUCCEEDED for row in rows if row.ended_at}


def _misfits(fleet: Fleet, specs: Sequence[JobSpec]) -> list[tuple[str, Explanation]]:
    """In words, and why, for jobs that will not run by waiting alone."""
    told = [(spec.name, explain_needs(fleet.cluster, spec.needs, fleet.clock.now())) for spec in specs]
    return [(f"{name}: {each.causes[0].text}", each) for name, each in told if never_fits(each)]


def _refuse(misfits: Sequence[tuple[str, Explanation]]) -> None:
    """Raises NeverFits, unless there is just nobody yet who could say."""
    for text, told in misfits:
        if told.causes[0].code != "NO_MATCHING_WORKER_CONNECTED":
            raise NeverFits(text, hint=f"this would fit: {told.change}" if told.change else "")


def _checked(request: Request) -> list[JobSpec]:
    if not request.specs:
        raise UsageError("jobs: a submission needs at least one")
    if request.payloads and len(request.payloads) != len(request.specs):
        raise UsageError(f"payloads: {len(request.payloads)} lists for {len(request.specs)} jobs")
    checked = []
    for position, spec in enumerate(request.specs):
        checked.append(_check(spec))
        if request.payloads and request.payloads[position]:
            _check_payloads(spec, request.payloads[position])
    return checked


def _check(spec: JobSpec) -> JobSpec:
    """The spec with what its kind needs added. Raises UsageError naming the field."""
    if not spec.name:
        raise UsageError("name: a job needs one")
    if len(spec.run.body) > PAYLOAD_LIMIT:
        raise UsageError(
            f"{spec.name}: the {spec.run.kind}'s definition is {len(spec.run.body):,} bytes, limit {PAYLOAD_LIMIT:,}",
            hint="put large data into a file that the workers can read, and pass its path",
        )
    if not spec.needs:
        raise UsageError(f"{spec.name}: resources: at least one alternative is needed")
    if spec.limit > TASKS_LIMIT:
        hint = "0: any number at once"
        raise UsageError(f"{spec.name}: limit: {spec.limit:,}, a job has at most {TASKS_LIMIT:,} tasks", hint=hint)
    _check_ranges(spec)
    params = kinds.parse(spec.run.kind, spec.run.body)
    features = kinds.features(spec.run.kind, params)
    return replace(spec, needs=tuple(_with_features(need, features) for need in spec.needs))


def _traced(fleet: Fleet, spec: JobSpec) -> JobSpec:
    """The spec, in the call's trace if it is in none, or in one of its own."""
    place = caller.PLACE.get() or fleet.new_trace()
    if place is None or any(name == VARIABLE for name, _ in spec.run.env):
        return spec
    return replace(spec, run=replace(spec.run, env=(*spec.run.env, (VARIABLE, str(place)))))


def _with_features(need: Need, features: Sequence[str]) -> Need:
    return replace(need, features=tuple(sorted({*need.features, *features})))


def _check_ranges(spec: JobSpec) -> None:
    _check_indexes(spec.ranges, f"{spec.name}: array")
    if spec.open:
        return
    parts = sorted(spans(spec.ranges), key=lambda span: span.start)
    count = sum(map(len, parts))
    if not count:
        raise UsageError(f"{spec.name}: array: it has no tasks", hint="an array needs at least one index, like 0-9")
    if count > TASKS_LIMIT:
        raise UsageError(f"{spec.name}: array: {count:,} tasks, limit {TASKS_LIMIT:,}")
    if not all(one[-1] < other[0] for one, other in pairwise(parts)):
        _refuse_twice(spec, parts, count)


def _check_indexes(ranges: Sequence[Range], field: str) -> None:
    for each in ranges:
        last = max(each.start, each.stop - 1)
        if last >= LARGEST:
            raise UsageError(f"{field}: {last} is too large for an index", hint=f"the largest is {LARGEST - 1:,}")


def _refuse_twice(spec: JobSpec, parts: Sequence[range], count: int) -> None:
    """Ranges that lie in each other are looked at index by index: not as many as there may be tasks."""
    if count > MINGLED_LIMIT:
        hint = "one range after the other, or several jobs"
        raise UsageError(f"{spec.name}: array: {count:,} tasks in ranges that overlap", hint=hint)
    if len({index for span in parts for index in span}) < count:
        raise UsageError(f"{spec.name}: array: some index is named twice")


def _check_payloads(spec: JobSpec, payloads: Sequence[bytes]) -> None:
    if list(spec.ranges) != [Range(start=0, stop=len(payloads))]:
        raise UsageError(f"{spec.name}: {len(payloads)} payloads need the array 0-{len(payloads) - 1}")
    for payload in payloads:
        _check_payload(payload)


def _check_payload(payload: bytes) -> None:
    if len(payload) > PAYLOAD_LIMIT:
        raise UsageError(
            f"a task's arguments are {len(payload):,} bytes, limit {PAYLOAD_LIMIT:,}",
            hint="put large data into a file that the workers can read, and pass its path",
        )
