"""Functions that tests send to the fleet."""

import functools

from paceline.model.errors import PacelineError
from paceline.sdk.task import task


def add(a: int, b: int = 0) -> int:
    return a + b


def fail(text: str) -> None:
    raise ValueError(text)


def fail_at(bad: int, value: int) -> int:
    if value == bad:
        raise LookupError(value)
    return value


class Box:
    """Something with a method, and something a reference can be held on."""

    size = 3

    @staticmethod
    def make(size: int) -> "Box":
        box = Box()
        box.size = size
        return box

    def grown(self, by: int) -> int:
        return self.size + by


class Unwilling:
    """Cannot be pickled."""

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("not me")


class OnlyThere(PacelineError):
    """Stands for an exception whose class is not here."""


@task(cpu=2, retries=1, name="sum")
def summed(a: int, b: int) -> int:
    return a + b


add_one = functools.partial(add, 1)
