"""Parameters of kinds, by digest, as files: sent once per connection, read by every process that needs them."""

import hashlib
import shutil
from pathlib import Path


class Bodies:
    """In a directory that is ours alone, and empty at first."""

    def __init__(self, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        self._directory = directory
        self._known: dict[str, str] = {}

    def path(self, digest: str, body: bytes) -> str:
        """Where the body with this digest lies. Empty ``body``: it was given before. Raises KeyError if it was not."""
        if digest not in self._known:
            if not body:
                raise KeyError(digest)
            file = self._directory / hashlib.sha256(digest.encode()).hexdigest()
            file.write_bytes(body)
            self._known[digest] = str(file)
        return self._known[digest]
