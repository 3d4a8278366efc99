"""What goes on, as server-sent events: the whole fleet, one job, one task's output, the event log.

Each stream can be taken up again where it broke off: with ``Last-Event-ID``, the id of the last event that came. A
stream of something that ends says ``over`` and ends with it.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Literal

import msgspec
from litestar import get
from litestar.params import HeaderParameter, QueryParameter

from paceline.model.bounds import LARGEST
from paceline.model.errors import UsageError
from paceline.model.ids import JobId
from paceline.model.queries import Events
from paceline.server.fleet import Fleet
from paceline.server.operations import events, following, looking
from paceline.server.operations.following import STREAMS, LogRequest
from paceline.server.rest.here import Changing, Here
from paceline.server.rest.sse import MEDIA_TYPE, EventStream, event
from paceline.server.rest.text import Text
from paceline.server.rest.words import JobWord, TaskWord, job_id, task_id

INTERVAL = 0.25
"""Seconds between two looks at something that changes all the time."""

Place = Annotated[str, HeaderParameter(name="Last-Event-ID", description="Go on after this event.", max_length=100)]
OVER = event("over", b"{}")

_encode = msgspec.json.Encoder().encode


@get("/live", media_type=MEDIA_TYPE, tags=["server"])
async def live(feed: Changing, last_event_id: Place = "") -> EventStream:
    """What changes in the fleet, at most four times a second.

    `jobs` and `workers` carry those that changed, as they stand now; `models` says that the catalogue did. `reset`
    comes first, and whenever something may have been missed: look at everything anew.
    """
    return EventStream(feed.follow(last_event_id))


@get("/jobs/{job:str}/live", media_type=MEDIA_TYPE, tags=["jobs"])
async def job_live(fleet: Here, job: JobWord, last_event_id: Place = "") -> EventStream:
    """A job and the reports of its tasks, until it is over.

    `job` carries how it stands, `reports` what came since, oldest first. The same step of the same attempt replaces.
    """
    number = job_id(job)
    (seen,) = _numbers(last_event_id, 1) if last_event_id else (0,)
    await looking.jobs_exist(fleet, [number])
    return EventStream(_job(fleet, number, seen))


async def _job(fleet: Fleet, job: JobId, seen: int) -> AsyncGenerator[bytes]:
    async with aclosing(following.standings(fleet, [job], INTERVAL)) as rounds:
        async for (view,) in rounds:
            yield event("job", _encode(view))
            async with aclosing(following.reports(fleet, job, seen)) as pages:
                async for some in pages:
                    seen, _ = some[-1]
                    yield event("reports", _encode([report for _, report in some]), str(seen))
    yield OVER


@get("/tasks/{task:str}/log/live", media_type=MEDIA_TYPE, tags=["tasks"])
async def log_live(
    fleet: Here,
    task: TaskWord,
    stream: Annotated[Literal["out", "err", ""], QueryParameter(description="Which of the two; both if empty.")] = "",
    attempt: Annotated[
        int, QueryParameter(description="Which one; 0: the latest and later ones.", ge=0, le=LARGEST)
    ] = 0,
    offset: Annotated[int, QueryParameter(description="Bytes to pass over.", ge=0, le=LARGEST)] = 0,
    last_event_id: Place = "",
) -> EventStream:
    """What a task writes, until it is over. `log` carries a piece of text: of which attempt and stream, and from which
    byte of it on.

    What is no UTF-8 is replaced, and no character is ever cut in two.
    """
    asked = LogRequest(task=task_id(task), number=attempt, stream=stream, offset=offset, follow=True)
    await looking.task(fleet, asked.task)
    return EventStream(_log(fleet, _resumed(asked, last_event_id)))


async def _log(fleet: Fleet, asked: LogRequest) -> AsyncGenerator[bytes]:
    text = Text(asked.begin, asked.known)
    async with aclosing(following.logs(fleet, asked)) as parts:
        async for part in parts:
            for piece in text.add(part.number, part.stream, part.page):
                yield event("log", _encode(piece), text.place)
    for piece in text.end():
        yield event("log", _encode(piece), text.place)
    yield OVER


def _resumed(asked: LogRequest, place: str) -> LogRequest:
    """Where it broke off: an attempt, and how many bytes of each of its streams came."""
    if not place:
        return asked
    attempt, *known = _numbers(place, 1 + len(STREAMS))
    return replace(asked, begin=attempt, known=dict(zip(STREAMS, known, strict=True)))


@get("/events/live", media_type=MEDIA_TYPE, tags=["events"])
async def events_live(
    fleet: Here,
    after: Annotated[int, QueryParameter(description="Only what came after this number.", ge=-1, le=LARGEST)] = -1,
    limit: Annotated[
        int, QueryParameter(description="Without `after`: how many of the last lines come first.", ge=1, le=1000)
    ] = 100,
    kind: Annotated[Sequence[str], QueryParameter(description="Only lines of these kinds.", max_items=20)] = (),
    subject: Annotated[str, QueryParameter(description="Only lines about this job's number, this worker …")] = "",
    last_event_id: Place = "",
) -> EventStream:
    """The event log, as it grows. `events` carries lines, oldest first."""
    (seen,) = _numbers(last_event_id, 1) if last_event_id else (after,)
    query = Events(
        after=max(seen, 0),
        limit=1000 if seen >= 0 else limit,
        kinds=events.kinds_of(kind),
        subject=subject,
        newest=seen < 0,
    )
    return EventStream(_events(fleet, query))


async def _events(fleet: Fleet, query: Events) -> AsyncGenerator[bytes]:
    async with aclosing(events.follow(fleet, query)) as pages:
        async for lines in pages:
            yield event("events", _encode(lines), str(lines[-1].seq))


def _numbers(place: str, count: int) -> list[int]:
    words = place.split("-")
    if len(words) != count or not all(word.isascii() and word.isdecimal() and len(word) < 16 for word in words):
        raise UsageError(f"Last-Event-ID: {place!r} is no id of this stream", hint="leave it out to begin anew")
    return [int(word) for word in words]


ROUTES = (live, job_live, log_live, events_live)
