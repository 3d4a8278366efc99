"""The spool as the loop uses it: kept small, and never a reason to stop.

If it cannot be written (a full disk), nothing is lost as long as the supervisor lives: it keeps every end that we have
not called safe. So from then on we do not, until the spool was rewritten whole.
"""

from collections.abc import Iterable

from paceline.agent.memory import Record, encode
from paceline.agent.spool import Spool
from paceline.executor import disk_fault

SLACK = 4 << 20
"""Bytes that the spool grows before it is rewritten without what is gone."""


class Journal:
    """``fault``: why something was not written down; empty: everything was."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._unwritten: list[Record] = []
        self.fault = ""

    @property
    def torn(self) -> bool:
        """Something was not written down."""
        return bool(self.fault)

    def keep(self, record: Record) -> None:
        """To be written down with the next ``write``."""
        self._unwritten.append(record)

    def write(self) -> None:
        """Write down what there is to keep, if that can be."""
        if not self._unwritten:
            return
        try:
            self._spool.append(*map(encode, self._unwritten))
        except OSError as error:
            self.fault = disk_fault(error) or str(error)
        self._unwritten.clear()

    @property
    def long(self) -> bool:
        """Whether it is time to rewrite it."""
        return self._spool.size > self._spool.base + SLACK and not self.torn

    def rewrite(self, records: Iterable[Record]) -> None:
        """These are all that is true: nothing else needs to be known. On success it is whole again."""
        try:
            self._spool.replace(map(encode, records))
        except OSError as error:
            self.fault = disk_fault(error) or str(error)
        else:
            self.fault = ""

    def close(self) -> None:
        self._spool.close()
