"""What was promised: every job the server acknowledged, and what must have come of each of its tasks."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import cloudpickle

from paceline.model.ids import JobId
from tests.system.chaos import work

Bytes = Callable[[int, int], bytes]
"""From job and index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Of every task of a job of some kind."""

    outcomes: Sequence[str]
    code: int | None = None
    result: Bytes | None = None
    output: Bytes | None = None


def _pickled(job: int, index: int) -> bytes:
    return bytes(cloudpickle.dumps(work.value_of(index), protocol=5))


def _square(job: int, index: int) -> bytes:
    return f"{job}.{index} {index * index}\n".encode()


EXPECTATIONS: Mapping[str, Expectation] = {
    "canary": Expectation(outcomes=("SUCCEEDED",), code=0),
    "calls": Expectation(outcomes=("SUCCEEDED",), result=_pickled),
    "far-calls": Expectation(outcomes=("SUCCEEDED",), result=_pickled),
    "holds": Expectation(outcomes=("SUCCEEDED",), result=_pickled),
    "naps": Expectation(outcomes=("SUCCEEDED",), code=0, output=_square),
    "chained": Expectation(outcomes=("SUCCEEDED",), code=0, output=_square),
    "daemons": Expectation(outcomes=("SUCCEEDED",), code=0),
    "bombs": Expectation(outcomes=("SUCCEEDED",), code=0),
    "fails": Expectation(outcomes=("FAILED",)),
    "slow": Expectation(outcomes=("TIMEOUT", "FAILED")),  # failed: a fault killed it first
    "hungry": Expectation(outcomes=("OOM", "FAILED")),  # failed: a fault killed it first
    "stubborn": Expectation(outcomes=("CANCELLED", "FAILED")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """An acknowledged job. ``after``: the job whose tasks must all have ended before one of these begins."""

    job: JobId
    kind: str
    count: int
    after: JobId = JobId(0)

    @property
    def expected(self) -> Expectation:
        return EXPECTATIONS[self.kind]


@dataclass(slots=True)
class Ledger:
    """Promises, and what customers saw with their own eyes that was wrong."""

    promises: dict[JobId, Promise] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)  # what customers were told, and asked again
    refused: set[str] = field(default_factory=set)  # names of jobs that were: they may be there all the same
    cancels: list[float] = field(default_factory=list)  # seconds from the call until the tree was gone

    def enter(self, promise: Promise) -> None:
        """Acknowledged: from here on it may not be lost."""
        self.promises[promise.job] = promise

    def refuse(self, name: str, why: object) -> None:
        """Not acknowledged. ``name``: of a job that is not tried again."""
        self.refusals[f"{type(why).__name__}: {why}"] += 1
        self.refused.add(name)

    @property
    def tasks(self) -> int:
        """Acknowledged so far."""
        return sum(promise.count for promise in self.promises.values())
