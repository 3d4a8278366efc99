"""Calls under way, by the credential they were let in with: so that none outlasts it.

A door looks at a credential once, when a call begins. Links, sessions and whoever follows something stay for days.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from paceline.model.errors import NotAllowed


class Visits:
    """Each is the task that serves the call."""

    def __init__(self) -> None:
        self._under: defaultdict[str, set[asyncio.Task[object]]] = defaultdict(set)
        self._ended: set[asyncio.Task[object]] = set()

    @contextmanager
    def under(self, digest: str) -> Iterator[None]:
        """This task serves a call with that credential. Raises NotAllowed where it stands when it is revoked."""
        task = asyncio.current_task()
        if task is None or not digest:
            yield
            return
        self._under[digest].add(task)
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._ended or task.uncancel():  # somebody else wants it to end, too
                raise
            raise NotAllowed("the token, or key, was revoked", hint="an admin can make another one") from None
        finally:
            self._ended.discard(task)
            self._under[digest].discard(task)
            if not self._under[digest]:
                del self._under[digest]

    def end(self, digest: str) -> None:
        """End those under way with it, but not the one that asks for that."""
        for task in self._under.get(digest, set()) - {asyncio.current_task()}:
            self._ended.add(task)
            task.cancel()
