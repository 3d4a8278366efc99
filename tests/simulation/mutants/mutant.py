"""A bug that is put into the product for a while, to see whether the simulation finds it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.simulation.story import Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """``make`` gets what stands at ``owner.attribute`` and returns what is to stand there instead."""

    name: str
    owner: object
    attribute: str
    make: Callable[[Any], object]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """The product has the bug inside this block."""
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(self.owner, self.attribute, self.make(getattr(self.owner, self.attribute)))
            yield

    def found_by(self, seeds: Sequence[int]) -> tuple[int, str] | None:
        """The first of the seeds whose story goes wrong, and how. None: it survives them all."""
        with self.planted():
            for seed in seeds:
                try:
                    Story(seed).run()
                except Exception as error:  # noqa: BLE001 - whatever it trips over, it is found
                    return seed, f"{type(error).__name__}: {error}".splitlines()[0]
        return None


def refuted(original: object) -> object:
    """The answer is always no."""
    return lambda *args, **kwargs: False


def nothing(original: object) -> object:
    """What should be done is not done."""
    return lambda *args, **kwargs: None


def always(value: object) -> Callable[[object], object]:
    """Every answer is the same."""
    return lambda original: lambda *args, **kwargs: value


def instead(value: object) -> Callable[[object], object]:
    """Another value, or another function."""
    return lambda original: value
