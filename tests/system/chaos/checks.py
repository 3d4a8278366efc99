"""What must hold after a run, whatever happened in it. Every function yields a sentence for each thing that is wrong.

Three sources that know nothing of each other: the ledger of the customers, the tasks' own witness, the server's store.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from paceline.config import ServerOptions
from paceline.model.ids import TaskId
from paceline.model.task import POISON_LIMIT
from paceline.sdk.client import Client
from tests.system.chaos import processes
from tests.system.chaos.cluster import eventually
from tests.system.chaos.customers import Town
from tests.system.chaos.ledger import Promise

ATTEMPTS = """
SELECT a.job, j.name, a.task, a.number, coalesce(e.outcome, ''), e.code, e.retry_at, e.result, coalesce(e.detail, '')
FROM attempt AS a JOIN job AS j ON j.id = a.job LEFT JOIN ending AS e USING (job, task, number)
ORDER BY a.job, a.task, a.number
"""
ENDINGS_WITHOUT = (
    "SELECT count(*) FROM ending AS e LEFT JOIN attempt AS a USING (job, task, number) WHERE a.job IS NULL"
)


FULL = "[Errno 28]"
LEAVING = 45.0
"""Seconds for a supervisor to end what it keeps warm, and leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A row of the store, with its end."""

    job: int
    name: str  # of the job
    task: int
    number: int
    outcome: str
    code: int | None
    retry_at: float | None
    result: bytes | None
    detail: str

    @property
    def final(self) -> bool:
        return self.retry_at == 0

    @property
    def key(self) -> str:
        return f"{self.job}.{self.task}#{self.number}"


async def violations(town: Town) -> Sequence[str]:
    """Everything, the cluster's orderly end included."""
    found = [*town.ledger.complaints]
    try:
        await eventually(lambda: _all_free(town), "all workers are ready and all they have is free")
    except TimeoutError as error:
        booked = [(view.name, view.state, view.running, view.cpu_free) for view in await town.cluster.views()]
        found.append(f"{error}: {booked}")
    found += [sentence async for sentence in _outputs(town)]
    await town.cluster.close()
    found += await _left(town)
    found += _recorded(town, list(rows(town.cluster.home)))
    found += _twice(town)
    found += _beside(town)
    found += _fell(town.cluster.home)
    return found


async def _all_free(town: Town) -> bool:
    views = await town.cluster.views()
    free = [
        view.state == "READY" and not view.running and view.cpu_free == view.machine.capacity.cpu
        and view.memory_free == view.machine.capacity.memory
        for view in views
    ]  # fmt: skip
    return len(free) == len(town.cluster.hosts) and all(free)


async def _outputs(town: Town) -> AsyncIterator[str]:
    """What tasks printed is there, whole and once."""
    async with town.cluster.client() as client:
        for promise in town.ledger.promises.values():
            if promise.expected.output is None:
                continue
            rows = [row for row in await client.results(promise.job) if row.outcome == "SUCCEEDED"]
            tasks = [TaskId(promise.job, row.index) for row in rows]
            for task, said in zip(tasks, await asyncio.gather(*(_said(client, task) for task in tasks)), strict=True):
                if said != promise.expected.output(*task):
                    yield f"{task} printed {said!r}"


async def _said(client: Client, task: TaskId) -> bytes:
    return b"".join([page.data async for _, page in client.logs(task, stream="out")])


async def _left(town: Town) -> Sequence[str]:
    """No process, once a supervisor that was told to leave has left."""

    async def gone() -> bool:
        return not any(processes.leftovers(town.cluster.home))

    with suppress(TimeoutError):
        await eventually(gone, "all processes are gone", LEAVING)
    return [f"left over: {processes.described(process)}" for process in processes.leftovers(town.cluster.home)]


def rows(home: Path) -> Iterator[Attempt]:
    """Every attempt that the store knows."""
    with closing(sqlite3.connect(ServerOptions(home=home).directory / "paceline.db")) as connection:
        assert connection.execute(ENDINGS_WITHOUT).fetchone() == (0,), "an end without its attempt"
        names = Attempt.__slots__
        for row in connection.execute(ATTEMPTS):
            yield Attempt(**dict(zip(names, row, strict=True)))


def _recorded(town: Town, rows: Sequence[Attempt]) -> Iterator[str]:
    """Every acknowledged task is there, and no other."""
    tasks = {key: list(group) for key, group in groupby(rows, lambda row: (row.job, row.task))}
    for promise in town.ledger.promises.values():
        for index in range(promise.count):
            attempts = tasks.pop((promise.job, index), [])
            yield from wrong(promise, index, attempts)
    for job, name in {(attempts[0].job, attempts[0].name) for attempts in tasks.values()}:
        if name not in town.ledger.refused:
            yield f"job {job}, {name}, is in the store, and nobody submitted it"
    known = {row.key for row in rows}
    for key in town.witness.begun.keys() - known:
        yield f"{key} ran, and the store does not know of it"


def wrong(promise: Promise, index: int, attempts: Sequence[Attempt]) -> Iterator[str]:
    """A task has exactly one final end, its last attempt's, and it is the right one."""
    name, expected = f"{promise.kind} {promise.job}.{index}", promise.expected
    numbers = [attempt.number for attempt in attempts]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"{name} has attempts {numbers}"
    if "CANCELLED" in expected.outcomes and not (attempts and attempts[-1].final):
        return  # it was waiting, for its first attempt or a further one
    final = [attempt for attempt in attempts if attempt.final]
    if len(final) != 1 or final != [*attempts][-1:] or not all(attempt.outcome for attempt in attempts):
        yield f"{name} ended {[(each.number, each.outcome, each.retry_at) for each in attempts]}"
        return
    last = final[0]
    if _poisoned(attempts):
        return
    if last.outcome not in expected.outcomes or expected.code not in (None, last.code):
        yield f"{name} ended as {last.outcome} {last.code}: {last.detail}"
    elif expected.result is not None and last.result != expected.result(promise.job, index):
        yield f"{name} has the result {last.result!r}"


def _poisoned(attempts: Sequence[Attempt]) -> bool:
    """Rightly so: as many workers as it takes died under it, and that is what a task's last end says then."""
    suspicious = [attempt.outcome for attempt in attempts if attempt.outcome in ("LOST", "POISON")]
    return attempts[-1].outcome == "POISON" and len(suspicious) >= POISON_LIMIT


def _twice(town: Town) -> Iterator[str]:
    """No attempt ran twice; none of a job that comes after another began before that one was over."""
    for key, times in town.witness.times.items():
        if times > 1:
            yield f"{key} ran {times} times"
    for promise in town.ledger.promises.values():
        if promise.after:
            last = max(at for key, at in town.witness.ended.items() if key.startswith(f"{promise.after}."))
            for key, begun in town.witness.begun.items():
                if key.startswith(f"{promise.job}.") and begun.at < last - 0.011:
                    yield f"{key} began {last - begun.at:.2f} s before job {promise.after} was over"


def _beside(town: Town) -> Iterator[str]:
    """No two attempts of a task ran side by side, unless nobody was there who could have ended the first."""
    helpless = [span for host in town.cluster.hosts.values() for span in host.helpless]
    for earlier, later in town.witness.rivals:
        if not any(since <= later.at <= until for since, until in helpless):
            yield f"{later.key} began while {earlier.key} (process {earlier.pid}) still ran"


def _fell(home: Path) -> Iterator[str]:
    """No process of ours fell by an error of its own. That a disk is full is no error of theirs."""
    for log in [*home.glob("*.log"), *home.glob("workers/*/supervisor.log")]:
        for text in log.read_text(errors="replace").split("Traceback (most recent call last)")[1:]:
            if FULL not in text:
                yield f"{log.name}: Traceback {text[:3000]}"
