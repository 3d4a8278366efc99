"""Which processes we started and have not seen the end of, in a file that survives us.

A supervisor that is killed leaves its attempts running; the next one in the same directory reads here whom to kill.
The file is mapped, so that keeping it costs no system call: it needs to survive our death, not the machine's.

    boot id (64 bytes) · slots of u64 pid, u64 moment in clock ticks since the machine started; all zero: free

The moment is one at which the process was there and not waited for, so that the pid was its own. Hence whatever has
this pid and started by then *is* this process, and what started later is another.
"""

import mmap
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

_SLOT = struct.Struct("<QQ")
_HEAD = 64
_FREE = bytes(_SLOT.size)
_ROOM = 4096  # slots to begin with
_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


class Roster:
    """Open, for us alone, and empty. Raises OSError if the disk has no room for it."""

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, _HEAD + _ROOM * _SLOT.size)  # or a full disk would end us at some later slot
            self._map = mmap.mmap(fd, 0)
        finally:
            os.close(fd)
        self._map[: len(_boot())] = _boot()
        self._free = list(range(_ROOM - 1, -1, -1))

    def enter(self, pid: int) -> int:
        """A child runs. Returns its slot."""
        if not self._free:
            self._grow()
        slot = self._free.pop()
        _SLOT.pack_into(self._map, _HEAD + slot * _SLOT.size, pid, moment())
        return slot

    def leave(self, slot: int) -> None:
        """Its end was seen."""
        offset = _HEAD + slot * _SLOT.size
        self._map[offset : offset + _SLOT.size] = _FREE
        self._free.append(slot)

    def _grow(self) -> None:
        before = (len(self._map) - _HEAD) // _SLOT.size
        self._map.resize(_HEAD + 2 * before * _SLOT.size)
        self._free = list(range(2 * before - 1, before - 1, -1))

    def close(self) -> None:
        self._map.close()


def survivors(path: Path) -> Iterator[tuple[int, int]]:
    """(pid, moment) of all that a roster lists; nothing if the machine was started anew since."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return
    if not data.startswith(_boot()):
        return
    slots = data[_HEAD : len(data) - (len(data) - _HEAD) % _SLOT.size]
    for pid, then in _SLOT.iter_unpack(slots):
        if pid:
            yield pid, then


def moment() -> int:
    """Now, in clock ticks since the machine started: as ``/proc`` tells when a process started."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // _TICK


def _boot() -> bytes:
    return Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
