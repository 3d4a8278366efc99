"""A part of what an attempt wrote, as it is now."""

from paceline.model.errors import NotFound
from paceline.model.ids import AttemptId
from paceline.model.queries import Log
from paceline.model.views import LogPage
from paceline.server.fleet import Fleet
from paceline.server.operations import looking
from paceline.server.operations.following import LogPart, LogRequest

EMPTY = LogPage(start=0, data=b"", size=0)


async def part(fleet: Fleet, wanted: LogRequest, limit: int) -> LogPart:
    """At most ``limit`` bytes of one stream; of the latest attempt unless it is named. Raises NotFound."""
    view = await looking.task(fleet, wanted.task)
    number = wanted.number or view.attempt
    if number > view.attempt:
        raise NotFound(
            f"attempt: {wanted.task} has no attempt {number}",
            hint=f"the latest is {view.attempt}" if view.attempt else "it has had none yet",
        )
    if not number:
        return LogPart(number=0, stream=wanted.stream, page=EMPTY)
    await fleet.loop.caught_up()  # its last words may be on their way to the store
    attempt, offset = AttemptId(*wanted.task, number), wanted.offset
    if wanted.tail >= 0:
        size = (await fleet.store.read(Log(attempt=attempt, stream=wanted.stream, limit=0))).size
        offset = max(offset, size - wanted.tail)
    page = await fleet.store.read(Log(attempt=attempt, stream=wanted.stream, offset=offset, limit=limit))
    return LogPart(number=number, stream=wanted.stream, page=page)
