"""``paceline.Executor``: the standard library's ``Executor``, with a fleet behind it."""

import asyncio
import atexit
import concurrent.futures
import functools
import itertools
import logging
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ParamSpec, TypeVar, Unpack, cast

from paceline.clock import Clock, SystemClock
from paceline.config import ClientOptions
from paceline.model.errors import PacelineError
from paceline.sdk import connect
from paceline.sdk.blocking import Bridge, bridge
from paceline.sdk.calls import Calls
from paceline.sdk.client import Client
from paceline.sdk.functions import run_chunk
from paceline.sdk.handles import Future
from paceline.sdk.options import TaskOptions
from paceline.sdk.series import Series

P = ParamSpec("P")
T = TypeVar("T")

EXIT_PATIENCE = 10.0
"""Seconds that the end of the program waits for the server to accept what was submitted last."""

_log = logging.getLogger("paceline")


class Executor(concurrent.futures.Executor):
    """Runs calls on every machine of the fleet.

    Options are those of a task: ``Executor(cpu=2, memory="8GiB", gpu=1, retries=3, timeout="1h", name="sweep")``.
    Without ``server`` it is found as the command line finds it. Raises Unreachable when none answers.

    A program that ends without ``shutdown`` waits until all it submitted is safe with the server, not until it is done.
    """

    def __init__(self, server: ClientOptions | None = None, /, **options: Unpack[TaskOptions]) -> None:
        self._connection = Connection(server or connect.find(), options)
        self._clock: Clock = SystemClock()
        self._abandoned = weakref.finalize(self, self._connection.begin_leaving)
        self._abandoned.atexit = False  # the end of the program is dealt with by _secure_all
        _secure_at_exit()
        _live.add(self)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """A future of ``fn(*args, **kwargs)``.

        Raises UsageError if function or arguments cannot travel, RuntimeError after ``shutdown``.
        """
        return cast(Future[T], self._connection.calls.submit(fn, args, kwargs))

    def map(
        self, fn: Callable[..., T], *iterables: Iterable[object], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[T]:
        """Results in order, each as soon as it and all before it are there. All calls are submitted at once.

        ``chunksize`` calls share a task: they start, fail and are retried together. Raises TimeoutError when a result
        is not there ``timeout`` seconds after this call; what then has not started is cancelled.
        """
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        deadline = None if timeout is None else self._clock.steady() + timeout
        calls: Iterable[Sequence[object]] = zip(*iterables, strict=False)
        if chunksize == 1:
            return cast(Iterator[T], self._in_order(self._connection.calls.series(fn, calls), deadline))
        chunks = ((chunk,) for chunk in _chunks(calls, chunksize))
        lists = self._in_order(self._connection.calls.series(functools.partial(run_chunk, fn), chunks), deadline)
        return itertools.chain.from_iterable(cast(Iterator[list[T]], lists))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - stdlib's
        """Take no more calls; ``wait`` until every future is done, ``cancel_futures`` that have not started."""
        self._connection.calls.close()
        if cancel_futures:
            self._connection.calls.cancel_pending()
        self._abandoned.detach()
        _live.discard(self)
        if wait:
            self._connection.leave()
        else:
            self._connection.begin_leaving()

    def secure(self) -> None:
        """Take no more calls, and return once the server has accepted all there were. Raises TimeoutError."""
        self._connection.calls.close()
        self._abandoned.detach()
        self._connection.secure()

    def __repr__(self) -> str:
        return f"<paceline.Executor on {self._connection.address}>"

    def _in_order(self, batches: list[Series], deadline: float | None) -> Iterator[object]:
        batches.reverse()  # so that a batch that was handed out is not kept
        try:
            while batches:
                yield from batches[-1].results(lambda: None if deadline is None else deadline - self._clock.steady())
                batches.pop()
        finally:
            for batch in batches:
                batch.cancel()


class Connection:
    """A client on the process's bridge, and the calls it carries. Leaves once, whoever asks first."""

    def __init__(self, server: ClientOptions, options: TaskOptions) -> None:
        self.address = server.address
        self._bridge: Bridge = bridge()
        self._client, self.calls = self._bridge.run(_open(server, options, self._bridge))
        self._parting: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """Wait for every future, then hang up."""
        self._bridge.run(self._leave())

    def begin_leaving(self) -> None:
        """The same, without waiting for it."""
        self._bridge.post(self._part)

    def secure(self) -> None:
        """Return once the server has accepted all calls. Raises TimeoutError."""
        self._bridge.run(asyncio.wait_for(self.calls.accepted(), EXIT_PATIENCE))

    async def _leave(self) -> None:
        await asyncio.shield(self._part())

    def _part(self) -> asyncio.Task[None]:
        if self._parting is None:
            self._parting = asyncio.ensure_future(self._finish())
        return self._parting

    async def _finish(self) -> None:
        await self.calls.finished()
        await self._client.close()


async def _open(server: ClientOptions, options: TaskOptions, into: Bridge) -> tuple[Client, Calls]:
    client = Client(server)
    try:
        calls = client.calls(into, **options)
        await client.info()
    except BaseException:
        await client.close()
        raise
    return client, calls


def _chunks(calls: Iterable[Sequence[object]], size: int) -> Iterator[Sequence[Sequence[object]]]:
    rest = iter(calls)
    while chunk := tuple(itertools.islice(rest, size)):
        yield chunk


_live: weakref.WeakSet[Executor] = weakref.WeakSet()


@functools.cache
def _secure_at_exit() -> None:
    atexit.register(_secure_all)  # after the bridge's own, so it runs before the bridge stops


def _secure_all() -> None:
    for executor in list(_live):
        try:
            executor.secure()
        except (PacelineError, TimeoutError, RuntimeError) as error:
            _log.warning("%r ends before all of its calls were accepted: %s", executor, error or "no answer")
