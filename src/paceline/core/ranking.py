"""Workers from the least loaded on, so that a few tasks find their places without ten thousand workers being asked.

A heap in which an entry is void once its worker was entered anew. It is brought up to date by whoever asks: in a full
fleet nobody does, and all that a step costs is a note of who has moved.
"""

from heapq import heapify, heappop, heappush
from typing import TypeAlias

from paceline.core.worker import Room, Worker
from paceline.model.ids import WorkerId
from paceline.model.resources import Need
from paceline.model.worker import WorkerState

Entry: TypeAlias = tuple[float, WorkerId, int, Worker]
"""Its load, its number, the count of entries so far, and the worker."""

FULL = 1.0


class Ranking:
    """``moved``: workers whose load, machine or state may be another than when they were last entered."""

    __slots__ = ("_count", "_entered", "_equipped", "_plain", "moved")

    def __init__(self) -> None:
        self.moved: dict[WorkerId, Worker] = {}
        self._entered: dict[WorkerId, Entry] = {}
        self._plain: list[Entry] = []
        self._equipped: list[Entry] = []  # those with devices
        self._count = 0

    def forget(self, worker: Worker) -> None:
        """It is gone for good."""
        self.moved.pop(worker.id, None)
        self._entered.pop(worker.id, None)

    def first(self, need: Need, wanted: int, now: float, but: Worker | None) -> list[Room]:
        """The first so many that have room for a task. Those with devices come last for who asks for none.

        ``but``: one that is not to be asked.
        """
        self._enter_moved()
        rooms: list[Room] = []
        for heap in (self._equipped,) if need.gpu else (self._plain, self._equipped):
            passed: list[Entry] = []
            while heap and len(rooms) < wanted and not (need.cpu and heap[0][0] >= FULL):
                entry = heappop(heap)
                worker = entry[3]
                if self._is_void(entry):
                    continue
                passed.append(entry)
                if worker is not but and worker.allows(need) and (room := worker.free_for(need, now)) > 0:
                    rooms.append((worker, room))
            for entry in passed:
                heappush(heap, entry)
        return rooms

    def _is_void(self, entry: Entry) -> bool:
        """Whether its worker was entered anew, or cannot be asked: once it can, it will have moved."""
        worker = entry[3]
        return self._entered.get(worker.id) is not entry or worker.state is not WorkerState.READY

    def _enter_moved(self) -> None:
        for worker in self.moved.values():
            if worker.state is WorkerState.READY:
                self._count += 1
                entry = self._entered[worker.id] = (worker.load(), worker.id, self._count, worker)
                heappush(self._equipped if worker.capacity.gpus else self._plain, entry)
            else:
                self._entered.pop(worker.id, None)
        self.moved = {}
        if len(self._plain) + len(self._equipped) > 64 + 2 * len(self._entered):
            self._sweep()

    def _sweep(self) -> None:
        """Drop void entries."""
        for heap in (self._plain, self._equipped):
            heap[:] = [entry for entry in heap if not self._is_void(entry)]
            heapify(heap)
