"""Small disks that can be filled up: a tmpfs each. Needs root; see ``possible``."""

import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

SIZE = 300 << 20
"""Bytes. Memory is taken only by what is written."""
_CHUNK = bytes(1 << 20)


class Disk:
    """Mounted at a directory, which is made."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._ballast = directory / "ballast"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(directory))

    @staticmethod
    def possible() -> str:
        """Why not; empty: it is."""
        with tempfile.TemporaryDirectory() as directory:
            try:
                Disk(Path(directory)).remove()
            except (OSError, subprocess.CalledProcessError) as error:
                reason = str(getattr(error, "stderr", "") or error)
                return reason.strip().partition("\n")[0]
        return ""

    def fill(self, *, leave: int = 0) -> None:
        """Until so many bytes are left, or none."""
        with self._ballast.open("ab", buffering=0) as file, suppress(OSError):
            while (spare := self._free() - leave) > 0:
                file.write(_CHUNK[:spare])

    def empty(self) -> None:
        """As it was."""
        self._ballast.unlink(missing_ok=True)

    def remove(self) -> None:
        """At once, whoever may still use it."""
        _run("umount", "--lazy", str(self.directory))

    def _free(self) -> int:
        found = os.statvfs(self.directory)
        return found.f_bavail * found.f_frsize


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)
