"""Port: bytes by their hash. Who has the hash can ask for them, and is given those bytes or none.

A blob is whole or it is not there. What comes in is checked against the hash before it counts, and so is what goes out:
a disk that lies is found out. A blob that came in halfway may be gone on with.
"""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Protocol

CHUNK = 1 << 18
"""Bytes that are held in memory at a time."""


class Blobs(Protocol):
    """See ``blobstores/`` for implementations and ``tests/contracts/blobs.py`` for what each must do.

    ``sha256`` is always 64 hexadecimal digits; anything else is a UsageError. TryAgain: there is no space, or it cannot
    be written for now; nothing that was there is lost.
    """

    async def has(self, sha256: str) -> bool:
        """Whether it is there, whole."""
        ...

    async def begun(self, sha256: str) -> int:
        """Bytes of its beginning that an earlier ``put`` left behind when it broke off; 0 where there are none."""
        ...

    async def put(self, sha256: str, start: int, chunks: AsyncIterable[bytes]) -> None:
        """Keep the bytes from ``start`` on, which ``begun`` told, behind its beginning; durably when this returns.

        Raises UsageError if the whole is not what the hash says: nothing of it stays. If ``chunks`` raises, what has
        come by then can be gone on with. Raises a plain PacelineError if the beginning is not there any more, or was
        not its beginning: nobody's words were wrong, and whoever asks for ``begun`` again can begin again.
        """
        ...

    def get(self, sha256: str, start: int = 0) -> AsyncGenerator[bytes, None]:
        """Its bytes from ``start`` on, a chunk at a time.

        Raises NotFound if it is not there; and if its bytes are not what was kept, before the last of them is given: a
        damaged blob goes, so that whoever still has the bytes can bring them again.
        """
        ...

    async def remove(self, sha256: str) -> None:
        """It is not there any more, nor its beginning."""
        ...

    async def all(self) -> frozenset[str]:
        """Every blob there is, whole or begun."""
        ...
