"""Words for the others, held back until what they rest on is written down.

*Save, then speak*, on this side of the link: an end stands in the journal before the supervisor may forget it and
before the server hears of it. So what is taken over from a dead agent is never less than what anybody was told.
"""

from collections.abc import Iterable, Sequence

from paceline.agent.journal import Journal
from paceline.agent.memory import Record
from paceline.agent.words import ToServer
from paceline.executor import Settle, ToSupervisor


class Outbox:
    """Owns the journal. Words go in as they are wanted, and come out together with ``release``."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._down: list[ToSupervisor] = []
        self._up: list[ToServer] = []
        self._owed: list[Settle] = []  # held back, because the journal could not keep the ends

    def keep(self, record: Record) -> None:
        """To be written down before anything that was put here is said."""
        self.journal.keep(record)

    def down(self, word: ToSupervisor) -> None:
        """For the supervisor."""
        self._down.append(word)

    def up(self, word: ToServer) -> None:
        """For the server."""
        self._up.append(word)

    def release(self) -> tuple[Sequence[ToSupervisor], Sequence[ToServer]]:
        """Write down what is to be kept; then all that may be said, in order.

        The supervisor is not told to forget ends that could not be written: then it is all that still has them.
        """
        self.journal.write()
        down, self._down = self._down, []
        up, self._up = self._up, []
        if self.journal.torn:
            self._owed += [word for word in down if isinstance(word, Settle)]
            down = [word for word in down if not isinstance(word, Settle)]
        return down, up

    def mend(self, records: Iterable[Record]) -> Sequence[Settle]:
        """Rewrite the journal: these are all that is true. What the supervisor may be told once that is done."""
        self.journal.rewrite(records)
        if self.journal.torn:
            return ()
        owed, self._owed = self._owed, []
        return owed
