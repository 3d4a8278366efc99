"""Where things lie in a worker's directory. Names only: nothing is touched here."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from paceline.executor import REPORTS, SOCKET
from paceline.model.ids import AttemptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The files an attempt writes to, and from which offsets on its own output begins."""

    out: str
    err: str
    out_start: int = 0
    err_start: int = 0


@dataclass(frozen=True, kw_only=True)
class Places:
    """Everything below one worker's directory; and its ``scratch``, working directories of attempts that asked for
    none."""

    directory: Path
    scratch: Path

    @cached_property
    def key(self) -> Path:
        return self.directory / "key"

    @cached_property
    def lock(self) -> Path:
        return self.directory / "agent.lock"

    @cached_property
    def spool(self) -> Path:
        return self.directory / "spool"

    @cached_property
    def logs(self) -> Path:
        return self.directory / "logs"

    @cached_property
    def spares(self) -> Path:
        """What attempts left behind, for the next ones."""
        return self.directory / "spares"

    @cached_property
    def calls(self) -> Path:
        """Working directory of calls that asked for none; they share their processes, so they share it."""
        return self.scratch.parent / "calls"

    @cached_property
    def socket(self) -> Path:
        return self.directory / SOCKET

    @cached_property
    def reports(self) -> Path:
        return self.directory / REPORTS

    @cached_property
    def desk(self) -> Path:
        """The agent's socket for the programs it has run."""
        return self.directory / "desk.sock"

    @cached_property
    def checkpoints(self) -> Path:
        """Where programs write checkpoints, and find those they go on from; named by attempt."""
        return self.directory / "checkpoints"

    @cached_property
    def supervisor_log(self) -> Path:
        return self.directory / "supervisor.log"

    def scratch_of(self, attempt: AttemptId) -> str:
        return f"{self.scratch}/{_name(attempt)}"

    def output_of(self, attempt: AttemptId) -> Source:
        """Of a program; a call writes where its process does."""
        stem = f"{self.logs}/{_name(attempt)}"
        return Source(out=f"{stem}.out", err=f"{stem}.err")


def _name(attempt: AttemptId) -> str:
    return f"{attempt.job}.{attempt.index}.{attempt.number}"
