"""What a job file means depends on where, when and by whom it is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from paceline.model.errors import UsageError
from paceline.orders import rows


class Around(Protocol):
    """What is asked of the surroundings of a job file. ``room``: bytes that the rows of one array may come to."""

    @property
    def now(self) -> float: ...  # seconds since 1970

    @property
    def owner(self) -> str: ...

    @property
    def room(self) -> int: ...

    def lines(self, name: str) -> Sequence[bytes]:
        """The lines of a file that the job file names. Raises UsageError."""
        ...

    def place(self, cwd: str) -> str:
        """The directory to run in; ``cwd`` is what the job file says, perhaps nothing. Raises UsageError."""
        ...

    def value(self, name: str) -> str | None:
        """The submitter's value of a variable; None: it is not set. Raises UsageError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """A file on the disk of whoever submits it."""

    directory: Path  # of the file: paths in it are relative to this one
    cwd: Path  # where its jobs run unless they say otherwise
    now: float
    inherit: Callable[[str], str | None] = field(default=lambda name: None)  # the submitter's environment
    owner: str = ""
    room: int = rows.ROOM

    def lines(self, name: str) -> Sequence[bytes]:
        return rows.from_lines(self.directory / name, "each_line")

    def place(self, cwd: str) -> str:
        return str((self.directory / cwd) if cwd else self.cwd)

    def value(self, name: str) -> str | None:
        return self.inherit(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Afar:
    """What came over the network: from a directory and an environment that nobody here knows, and for which no file of
    this machine is ever read."""

    now: float
    owner: str = ""
    room: int = 16 << 20

    def lines(self, name: str) -> Sequence[bytes]:
        raise UsageError(
            f"each_line: {name!r} is a file where you are; none is read here", hint="send its lines as items"
        )

    def place(self, cwd: str) -> str:
        if cwd and not cwd.startswith("/"):
            hint = "an absolute path on the workers; without one, a task runs in an empty directory of its own"
            raise UsageError(f"cwd: {cwd!r} is relative, and nobody here knows to what", hint=hint)
        return cwd

    def value(self, name: str) -> str | None:
        raise UsageError(f"env: {name} has no value, and nobody here knows yours", hint=f"write {name}=value")
