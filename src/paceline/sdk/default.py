"""The executor behind ``paceline.submit`` and ``paceline.map``, made by the first call."""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

from paceline.sdk.executor import Executor
from paceline.sdk.handles import Future

P = ParamSpec("P")
T = TypeVar("T")


@functools.cache
def _executor() -> Executor:
    return Executor()


def submit(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """A future of ``function(*args, **kwargs)``, run on the fleet. Raises Unreachable when there is none."""
    return _executor().submit(function, *args, **kwargs)


def map(  # noqa: A001 - it is the built-in's twin
    function: Callable[..., T], *iterables: Iterable[object], timeout: float | None = None, chunksize: int = 1
) -> Iterator[T]:
    """Like the built-in ``map``, on the fleet: results in order. See ``Executor.map``."""
    return _executor().map(function, *iterables, timeout=timeout, chunksize=chunksize)
