"""``python -m paceline.stores.sqlite_file keep|read PATH FD``: one process of the store, until the socket FD closes."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from paceline.stores.sqlite_file.keeping import keep
from paceline.stores.sqlite_file.peer import Peer
from paceline.stores.sqlite_file.reading import read

ROLES: Mapping[str, Callable[[Path, Peer], None]] = {"keep": keep, "read": read}


def main(role: str, path: str, fd: str) -> None:
    """Serve until the server's process is gone: only that ends a store process, so that nothing it heard is lost."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # what was imported stays: no collection need look at it again
    os.umask(0o077)  # payloads and credentials are nobody else's
    with Peer(int(fd)) as peer:
        ROLES[role](Path(path), peer)


if __name__ == "__main__":
    main(*sys.argv[1:])
