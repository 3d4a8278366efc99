"""Functions that the system tests send to real workers."""

import os
import sys
import time
from pathlib import Path


def add(a: int, b: int = 0) -> int:
    return a + b


def nap(seconds: float, value: int = 0) -> int:
    time.sleep(seconds)
    return value


def fail(text: str) -> None:
    raise ValueError(text)


def fail_at(bad: int, value: int) -> int:
    if value == bad:
        raise LookupError(value)
    return value


def vanish() -> None:
    os._exit(7)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stderr.write(f"{text}\n")


def wait_for(path: str, value: int = 0) -> int:
    """Returns once the file is there."""
    while not Path(path).exists():
        time.sleep(0.01)
    return value


def tokens() -> list[str]:
    """What of Paceline's secrets a task can see."""
    return [value for name, value in os.environ.items() if "TOKEN" in name or value.startswith("pl_")]


class Box:
    """Something a weak reference can point to."""

    def __init__(self, size: int) -> None:
        self.size = size


class Stubborn(Exception):
    """Cannot be pickled whole: its constructor wants more than its arguments."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one)
        self.two = two


def be_stubborn() -> None:
    raise Stubborn("first", "second")


def large(size: int) -> bytes:
    return bytes(size)
