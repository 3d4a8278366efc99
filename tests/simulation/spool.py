"""A spool without a file: what survives an agent, and not always its host."""

from collections.abc import Iterable
from errno import ENOSPC

from paceline.agent.spool import Spool

WEIGHT = 100
"""By how much larger than it is the file seems, so that it is rewritten as often as a busy worker's."""


class Paper(Spool):
    """``full``: it cannot be written."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.full = False
        self.size = self.base = 0

    def read(self) -> list[bytes]:
        return list(self.records)

    def append(self, *records: bytes) -> None:
        self._demand_space()
        self.records += records
        self.size += WEIGHT * sum(map(len, records))

    def replace(self, records: Iterable[bytes]) -> None:
        fresh = list(records)
        self._demand_space()
        self.records = fresh
        self.size = self.base = WEIGHT * sum(map(len, fresh))

    def close(self) -> None:
        """Nothing to let go of."""

    def tear(self, left: int) -> None:
        """Only the first records are still there."""
        del self.records[left:]

    def _demand_space(self) -> None:
        if self.full:
            raise OSError(ENOSPC, "no space left for the spool")
