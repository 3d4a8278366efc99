"""``@task``: a function with options of its own, still callable as ever."""

import functools
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar, Unpack, overload

from paceline.sdk.options import TaskOptions, understand

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class Task(Generic[P, R]):
    """Calling it runs the function right here. Giving it to ``submit`` or ``map`` runs it with its options."""

    __wrapped__: Callable[P, R]

    def __init__(self, function: Callable[P, R], **options: Unpack[TaskOptions]) -> None:
        understand(**options)  # a mistake shows where it was made
        functools.update_wrapper(self, function)
        self.options: TaskOptions = options

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.__wrapped__(*args, **kwargs)


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def task(**options: Unpack[TaskOptions]) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(
    function: Callable[P, R] | None = None, /, **options: Unpack[TaskOptions]
) -> Task[P, R] | Callable[[Callable[P, R]], Task[P, R]]:
    """``@task(gpu=1, retries=3)``, or just ``@task``. Raises UsageError naming an option that is wrong."""
    if function is not None:
        return Task(function, **options)
    understand(**options)
    return lambda function: Task(function, **options)
