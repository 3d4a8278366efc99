"""Free space where the store lies: below a reserve nothing new is accepted, so that what runs can still end.

The ends of accepted tasks must be kept, those of tasks that are not there yet need not: refusing new ones in time makes
it unlikely that the store ever has no space at all (``loop`` says what happens then).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from paceline.model.errors import TryAgain
from paceline.telemetry import log

MIB = 1 << 20
_LOG = log("server")


@dataclass(slots=True, kw_only=True)
class Space:
    """``place``: directory of the store; empty: it needs none. ``name``: how its files begin. ``reserve``: bytes."""

    place: str = ""
    name: str = ""
    reserve: int = 0
    _low: bool = False  # when somebody wanted some last

    def demand(self) -> None:
        """Raises TryAgain while there is too little."""
        trouble = self.trouble()
        if trouble and not self._low:
            _LOG.error("disk low", why=trouble.message, hint=trouble.hint)
        elif self._low and not trouble:
            _LOG.info("disk low no more")
        self._low = trouble is not None
        if trouble:
            raise trouble

    def trouble(self) -> TryAgain | None:
        """Why nothing new is accepted; None: it is."""
        free = self.free() if self.place else self.reserve
        if free >= self.reserve:
            return None
        what = f"{free // MIB} MiB are left on {self.place}, less than the reserve of {self.reserve // MIB} MiB"
        return TryAgain(
            f"the server accepts nothing new: {what}",
            hint="free some space, it goes on by itself; what was accepted runs on, and its ends are kept",
        )

    def used(self) -> int:
        """Bytes of the store's files."""
        return sum(each.stat().st_size for each in Path(self.place).glob(f"{self.name}*") if each.is_file())

    def free(self) -> int:
        """Bytes that are left where it lies."""
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize
