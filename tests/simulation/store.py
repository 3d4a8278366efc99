"""The disk under the servers, and each server's way to it: the memory store, on a disk that can be slow, full or gone.

A batch that was handed over may reach the disk although the server that handed it over is dead by then. Whether it is
still allowed to is for the store to say: that is what terms are for.
"""

from collections.abc import Callable, Sequence
from functools import partial

from paceline.model.errors import StoreError, TryAgain
from paceline.model.records import Record, Snapshot
from paceline.stores.memory import MemoryStore
from paceline.stores.tables import Tables
from tests.simulation.faults import Fault, Weather
from tests.simulation.ledger import Ledger
from tests.simulation.process import Process
from tests.simulation.timeline import Timeline

Kept = Callable[[BaseException | None], None]

FULL = TryAgain("there is no space")


class Disk:
    """What outlives every server. Everything that reaches it goes into the ledger as well."""

    def __init__(self, timeline: Timeline, weather: Weather, ledger: Ledger) -> None:
        self.timeline = timeline
        self.weather = weather
        self.ledger = ledger
        self.tables = Tables()
        self.full = False
        self.term = 0  # of the server that opened it last

    def fill(self, seconds: float) -> None:
        """No space for a while."""
        self.weather.count(Fault.DISK_FULL)
        self.timeline.note("disk", f"is full for {seconds:.0f} s")
        self.full = True
        self.timeline.after(seconds, self.free)

    def free(self) -> None:
        self.full = False


class TermStore(MemoryStore):
    """One server's store. ``at`` is called at each step of a batch, and may be the end of the server."""

    def __init__(self, disk: Disk, process: Process, at: Callable[[Fault], None]) -> None:
        super().__init__(disk.tables)
        self._disk = disk
        self._process = process
        self._at = at
        self._term = 0

    async def load(self) -> Snapshot:
        snapshot = await super().load()
        self._disk.term = self._term = snapshot.epoch
        return snapshot

    def keep(self, records: Sequence[Record], kept: Kept) -> None:
        self._at(Fault.CRASH_DECIDED)
        if self._process.alive:
            slow = self._disk.weather.strikes(Fault.SLOW_DISK, 0.01)
            self._disk.timeline.soon(partial(self._land, records, kept), 8.0 if slow else 0.005)
            self._at(Fault.CRASH_KEEPING)

    def _land(self, records: Sequence[Record], kept: Kept) -> None:
        if not self._process.alive and self._disk.timeline.happens(0.5):
            return  # it did not get further than the server
        error = self._error_of(records)
        if error is None:
            self._at(Fault.CRASH_KEPT)
        elif error is FULL and self._process.alive:
            self._disk.timeline.soon(partial(self._land, records, kept), 1.0)
        self._process.call_soon(kept, error)

    def _error_of(self, records: Sequence[Record]) -> BaseException | None:
        if self._disk.full:
            return FULL
        if self._disk.weather.strikes(Fault.STORE_BROKEN, 0.004):
            return StoreError("store: input/output error")
        refused: list[BaseException | None] = []
        super().keep(records, refused.append)
        if refused[0] is None:
            assert self._term == self._disk.term, f"I15: term {self._term} wrote in term {self._disk.term}"
            self._disk.ledger.keep(records)
        else:
            assert self._term != self._disk.term, refused[0]
            self._disk.weather.count(Fault.STALE_WRITE)
        return refused[0]
