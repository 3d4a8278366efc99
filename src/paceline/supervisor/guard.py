"""The parent of the supervisor: should the supervisor die, all that it ran dies too, at once.

The supervisor is what keeps a worker's lease on the host: it ends what runs when the lease is over. If it is killed and
nobody starts another one, what it ran would run on for ever, beside the next attempts of the same tasks. So before it
has anything to lose it forks: the child supervises, the parent waits for it. As a sub-reaper the parent inherits, when
the child is gone, every process that descended from it, and nothing else; these it kills, and leaves.

If both are killed in one moment, the next supervisor in the directory does it (``sweep``).
"""

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path

from paceline.executors.memory import clear
from paceline.executors.reaper import adopt_orphans
from paceline.executors.tree import children, families
from paceline.supervisor.sweep import end_all

NAME = b"paceline-guard"
"""As ``ps`` and ``top`` show it: at most 15 bytes."""
_PR_SET_NAME = 15


def guarded(supervise: Callable[[], int], groups: Path) -> int:
    """Supervise in a child, and see to what it leaves. Returns its exit code, in both processes.

    ``groups``: where the child writes down which control groups it made.
    """
    adopt_orphans()
    child = os.fork()
    if not child:
        return supervise()
    ctypes.CDLL(None).prctl(_PR_SET_NAME, NAME, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # who means us means the child, which has its own way
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(child, 0)
    end_all(lambda: families(children(os.getpid())))
    clear(groups)
    return os.waitstatus_to_exitcode(status) & 0xFF
