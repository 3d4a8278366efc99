"""Free space where the store lies: below a reserve nothing new is accepted, so that what runs can still end.

The ends of accepted tasks must be kept, those of tasks that are not there yet need not: refusing new ones in time makes
it unlikely that the store ever has no space at all (``loop`` says what happens then).
"""

import os
from dataclasses import dataclass

from paceline.model.errors import TryAgain

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """``place``: any path on the store's file system; empty: the store needs none. ``reserve``: bytes."""

    place: str = ""
    reserve: int = 0

    def demand(self) -> None:
        """Raises TryAgain while there is too little."""
        if trouble := self.trouble():
            raise trouble

    def trouble(self) -> TryAgain | None:
        """Why nothing new is accepted; None: it is."""
        free = self._free() if self.place else self.reserve
        if free >= self.reserve:
            return None
        what = f"{free // MIB} MiB are left on {self.place}, less than the reserve of {self.reserve // MIB} MiB"
        return TryAgain(
            f"the server accepts nothing new: {what}",
            hint="free some space, it goes on by itself; what was accepted runs on, and its ends are kept",
        )

    def _free(self) -> int:
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize
