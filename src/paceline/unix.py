"""Unix sockets, however long the path.

The kernel takes at most 107 bytes of it. Under a longer directory both sides go through ``/proc/self/fd/N/<name>``.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADDRESS_LIMIT = 108


@contextmanager
def address(path: Path) -> Iterator[str]:
    """What to bind or connect a unix socket to, so that it is at ``path`` however long that is. Good inside the block.

    Raises FileNotFoundError when the directory is not there.
    """
    if len(os.fsencode(path)) < ADDRESS_LIMIT:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
