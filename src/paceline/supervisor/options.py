"""Options of a supervisor, and where its files lie."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from paceline.executor import REPORTS, SOCKET
from paceline.executors.reaper import PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``directory`` belongs to one supervisor at a time."""

    directory: Path
    idle: float = 60.0  # seconds to stay with nothing to run and no agent

    patience: float = PATIENCE  # seconds for processes to die of KILL
    proc: Path = Path("/proc/self")  # where the kernel tells which control groups we are in

    @property
    def socket(self) -> Path:
        return self.directory / SOCKET

    @property
    def reports(self) -> Path:
        return self.directory / REPORTS

    @property
    def lock(self) -> Path:
        """Held while we live; names our pid."""
        return self.directory / "supervisor.lock"

    @property
    def roster(self) -> Path:
        """Whom we started (``executors/roster.py``)."""
        return self.directory / "supervisor.roster"

    @property
    def groups(self) -> Path:
        """Where our control groups are, if we made any (``executors/memory.py``)."""
        return self.directory / "supervisor.groups"

    @property
    def bodies(self) -> Path:
        """Parameters of kinds by digest, for warm processes to read."""
        return self.directory / "bodies"

    @property
    def name(self) -> str:
        """What marks all processes that were ever started from this directory."""
        return hashlib.sha256(os.fsencode(self.directory.resolve())).hexdigest()[:16]
