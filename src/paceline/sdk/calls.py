"""Function calls on the fleet: every call is a task of the open job that its function and its options belong to.

A job is opened by the first call of a function and closed when its owner leaves, or when so many other functions were
called since that it is unlikely to be called again.
"""

import asyncio
import functools
import itertools
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, Unpack

from paceline.sdk.functions import Code, code_of, pack
from paceline.sdk.handles import Future
from paceline.sdk.openjob import Desk, OpenJob
from paceline.sdk.options import TaskOptions, Template, job_spec, understand
from paceline.sdk.series import Series
from paceline.sdk.task import Task

B = TypeVar("B")

OPEN_JOBS = 64
"""Jobs that stay open; a function that looks different at each call must not leave thousands behind."""
BATCH = 1000
"""Calls of a ``map`` that are pickled before the first of them leaves."""


class Calls:
    """Thread-safe but for ``accepted`` and ``finished``, which belong to the event loop."""

    def __init__(self, desk: Desk, owner: str, **options: Unpack[TaskOptions]) -> None:
        self._desk = desk
        self._owner = owner
        self._options = options
        self._template = understand(**options)
        self._templates: weakref.WeakKeyDictionary[Callable[..., object], Template] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._jobs: OrderedDict[tuple[Code, Template], OpenJob] = OrderedDict()  # least recently used first
        self._leaving: list[OpenJob] = []
        self._partings: set[asyncio.Future[None]] = set()
        self._closed = False

    def submit(
        self, function: Callable[..., object], args: Sequence[object], kwargs: Mapping[str, object]
    ) -> Future[object]:
        """Raises RuntimeError after ``close``, UsageError if the function or its arguments cannot travel."""
        code = code_of(function)
        payload = pack(code.name, args, kwargs)
        with self._lock:
            return self._job(function, code).add([payload])[0]

    def map(self, function: Callable[..., object], calls: Iterable[Sequence[object]]) -> list[Future[object]]:
        """One task per call, in order."""
        return [future for batch in self._batches(function, calls, OpenJob.add) for future in batch]

    def series(self, function: Callable[..., object], calls: Iterable[Sequence[object]]) -> list[Series]:
        """The same, for outcomes that will be taken in order."""
        return list(self._batches(function, calls, OpenJob.add_series))

    def _batches(
        self,
        function: Callable[..., object],
        calls: Iterable[Sequence[object]],
        add: Callable[[OpenJob, Sequence[bytes]], B],
    ) -> Iterator[B]:
        code = code_of(function)
        rest = iter(calls)
        self._check_open()
        while payloads := [pack(code.name, args, {}) for args in itertools.islice(rest, BATCH)]:
            with self._lock:
                batch = add(self._job(function, code), payloads)
            yield batch

    def close(self) -> None:
        """Accept no more calls."""
        with self._lock:
            self._closed = True

    def cancel_pending(self) -> None:
        """Cancel all that has not started."""
        for job in self._all_jobs():
            job.outcomes.cancel_pending()

    async def accepted(self) -> None:
        """Close every job; return once the server has all tasks (or will never have them)."""
        await asyncio.gather(*(job.shut() for job in self._all_jobs()))

    async def finished(self) -> None:
        """The same, and wait until every future is done."""
        await self.accepted()
        await asyncio.gather(*(job.outcomes.emptied() for job in self._all_jobs()))

    def _all_jobs(self) -> Sequence[OpenJob]:
        with self._lock:
            return [*self._jobs.values(), *self._leaving]

    def _job(self, function: Callable[..., object], code: Code) -> OpenJob:
        self._check_open()
        key = (code, self._template_of(function))
        job = self._jobs.get(key)
        if job is None or job.error is not None:
            job = self._jobs[key] = OpenJob(job_spec(code, key[1], self._owner), self._desk)
            self._retire_oldest()
        self._jobs.move_to_end(key)
        return job

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")

    def _template_of(self, function: Callable[..., object]) -> Template:
        if not isinstance(function, Task):
            return self._template
        known = self._templates.get(function)
        if known is None:
            known = self._templates[function] = understand(**_both(self._options, function.options))
        return known

    def _retire_oldest(self) -> None:
        while len(self._jobs) > OPEN_JOBS:
            _, job = self._jobs.popitem(last=False)
            self._leaving.append(job)
            self._desk.bridge.post(functools.partial(self._retire, job))

    def _retire(self, job: OpenJob) -> None:
        parting = asyncio.ensure_future(self._see_off(job))
        self._partings.add(parting)
        parting.add_done_callback(self._partings.discard)

    async def _see_off(self, job: OpenJob) -> None:
        await job.shut()
        await job.outcomes.emptied()
        with self._lock:
            self._leaving.remove(job)


def _both(base: TaskOptions, over: TaskOptions) -> TaskOptions:
    return {**base, **over}
