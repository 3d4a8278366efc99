"""Standing still: the store holds a batch that it cannot keep for now (a full disk), and goes on trying.

Until it succeeds nothing else is decided, since that would rest on the batch: who asks for something is refused, and
what workers tell waits. Only their signs of life are answered, which rests on nothing that is not kept, or every lease
would run out meanwhile. Whose wish is in the batch waits a little and is then told the truth: it may still be done.
"""

import asyncio
from collections.abc import Iterable
from typing import TypeAlias

from paceline.clock import Clock
from paceline.model.decision import Answer
from paceline.model.errors import PacelineError, TryAgain
from paceline.model.events import WorkerBeat
from paceline.telemetry import log

PATIENCE = 5.0
"""Seconds that one waits for space whose wish is decided and not kept."""

Asked: TypeAlias = asyncio.Future[Answer]


class Hold:
    """``trouble``: why nothing can be kept for now; None: it can."""

    def __init__(self, clock: Clock) -> None:
        self.trouble: TryAgain | None = None
        self.waiting: set[Asked] = set()  # for something to be kept, but no decision
        self._clock = clock
        self._since = 0.0
        self._beats: set[WorkerBeat] = set()
        self._log = log("server")

    def demand(self) -> None:
        """Raises TryAgain while nothing can be kept."""
        if self.trouble is not None:
            raise TryAgain(self.trouble.message, hint=self.trouble.hint)

    def begin(self, trouble: TryAgain) -> bool:
        """The batch could not be kept. False: not for the first time."""
        first = self.trouble is None
        self._since = self._clock.steady() if first else self._since
        if first:
            self._log.error("read-only", why=trouble.message, hint=trouble.hint)
        self.trouble = trouble
        return first

    def tell_late(self, trouble: TryAgain, asked: Iterable[Asked | None]) -> None:
        """Those who asked for what is in the batch have waited long enough, if it is time."""
        if self._clock.steady() >= self._since + PATIENCE:
            hint = f"{trouble.hint}; what you asked for may still be done then: look before you ask again"
            for each in (*asked, *self.waiting):
                tell(each, TryAgain(trouble.message, hint=hint))

    def knows(self, beat: WorkerBeat) -> bool:
        """Whether such a beat waits for the next step already; from now on one does."""
        known = beat in self._beats
        self._beats.add(beat)
        return known

    def end(self) -> None:
        """The batch is kept."""
        if self.trouble is not None:
            self._log.info("read-only no more", seconds=round(self._clock.steady() - self._since, 1))
        self.trouble = None
        self._beats.clear()


def tell(asked: Asked | None, answer: Answer) -> None:
    """Unless nobody waits, or not any more."""
    if asked is not None and not asked.done():
        asked.set_result(answer)


def checked(answer: Answer) -> Answer:
    """The answer. Raises it if it is an error."""
    if isinstance(answer, PacelineError):
        raise answer
    return answer
