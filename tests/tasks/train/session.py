"""A session in a directory: what ``paceline.train`` is on a worker, without a fleet around it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A checkpoint that was found."""

    path: Path
    step: int
    metric: float | None


@dataclass
class DirectorySession:
    """Keeps checkpoints in a directory, so that another session in the same one finds them.

    ``stops``: asked before every answer of ``should_stop`` with the reports so far.
    """

    place: Path
    stops: Callable[[list[dict[str, Any]]], bool] = lambda reports: False
    reports: list[dict[str, Any]] = field(default_factory=list)
    published: list[tuple[Path, Mapping[str, object]]] = field(default_factory=list)

    def report(self, *, step: int = -1, **values: Any) -> None:
        self.reports.append({"step": step} | values)

    @contextmanager
    def checkpoint(
        self, *, step: int, metric: float | None = None, best: Literal["min", "max"] = "min", keep: int = 3
    ) -> Iterator[Path]:
        self.place.mkdir(exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=self.place, prefix=".part-"))
        yield part
        final = self.place / f"{step:06} {'' if metric is None else repr(metric)}"
        shutil.rmtree(final, ignore_errors=True)
        part.rename(final)

    def restore(self) -> Kept | None:
        whole = sorted(self.place.glob("[0-9]*"))
        if not whole:
            return None
        step, metric = whole[-1].name.split(" ")
        return Kept(path=whole[-1], step=int(step), metric=float(metric) if metric else None)

    def should_stop(self) -> bool:
        return self.stops(self.reports)

    def requeue(self) -> NoReturn:
        raise SystemExit(75)

    def publish(self, folder: Path, card: Mapping[str, object]) -> str:
        self.published.append((folder, card))
        return ""

    def of(self, name: str) -> list[Any]:
        """What was reported under this name."""
        return [values[name] for values in self.reports]
