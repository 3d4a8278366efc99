"""The event log: what it is asked about, and following it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from paceline.model.errors import UsageError
from paceline.model.queries import Events
from paceline.model.views import EVENT_KINDS, EventView
from paceline.server.fleet import Fleet

INTERVAL = 0.25
"""Seconds between two looks at a log that grows all the time."""


def kinds_of(words: Sequence[str]) -> list[str]:
    """Kinds of lines by name, or several by the word that they begin with ("job", "attempts"). Raises UsageError."""
    return sorted({kind for word in words for kind in _kinds_of(word)}, key=EVENT_KINDS.index)


def _kinds_of(word: str) -> Sequence[str]:
    found = [kind for kind in EVENT_KINDS if kind == word or kind.startswith(f"{word}_")]
    if not found:
        raise UsageError(f"kind: there is no kind of event {word!r}", hint=f"one of {', '.join(EVENT_KINDS)}")
    return found


async def follow(fleet: Fleet, query: Events, interval: float = INTERVAL) -> AsyncGenerator[Sequence[EventView]]:
    """What the query asks for, then what is added to it, at most every ``interval`` seconds, without an end."""
    more = asyncio.Event()
    with fleet.watch.everything(lambda records: more.set()):
        while True:
            more.clear()
            while lines := await fleet.store.read(query):
                yield lines
                query = replace(query, after=lines[-1].seq, since=0.0, newest=False)
            query = replace(query, newest=False)
            await asyncio.sleep(interval)
            await more.wait()
