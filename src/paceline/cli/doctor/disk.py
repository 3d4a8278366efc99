"""Directories: free space, and whether the file system under them is one that our files can live on."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from paceline.cli.doctor.finding import Finding, ok, problem, skipped, warning
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.words import about
from paceline.config import ServerOptions, WorkerOptions
from paceline.mounts import NETWORK, file_system

SCARCE = 1 << 30
"""Bytes free below which a disk is worth a warning, whatever the reserve."""
SHARED_MEMORY = 256 << 20
"""Bytes of /dev/shm that data loaders of trainings usually want."""


def store(around: Surroundings) -> Iterator[Finding]:
    """Where the server of this home keeps its state."""
    if around.left is not None and not around.is_ours:
        yield skipped("the server keeps its files on another machine, or in another home")
    else:
        yield from _directory(around.here.directory, ServerOptions(home=around.home).reserve, "accepts nothing new")


def home(around: Surroundings) -> Iterator[Finding]:
    """Where workers of this home keep theirs."""
    reserve = WorkerOptions(server="", home=around.home).reserve
    yield from _directory(around.home / "workers", reserve, "takes nothing new")


def shared_memory(around: Surroundings) -> Iterator[Finding]:
    """Where data loaders and distributed trainings pass tensors between processes."""
    try:
        there = shutil.disk_usage("/dev/shm")
    except OSError as error:
        yield warning(
            f"there is no /dev/shm: {error.strerror}", "in a container: give it one (docker run --shm-size=1g)"
        )
        return
    fields = {"free": there.free, "total": there.total}
    if there.free < SHARED_MEMORY:
        found = f"{about(there.free)} of {about(there.total)} are free; data loaders with workers may die of SIGBUS"
        yield warning(found, "remove what is left in /dev/shm, or enlarge it (docker run --shm-size=1g)", **fields)
    else:
        yield ok(f"{about(there.free)} free", **fields)


def _directory(wanted: Path, reserve: int, follows: str) -> Iterator[Finding]:
    place = next(each for each in (wanted, *wanted.parents) if each.exists())  # it is made when it is needed
    free = shutil.disk_usage(place).free
    kind = _kind(place)
    fields: dict[str, object] = {"directory": str(wanted), "free": free, "file_system": kind}
    if kind in NETWORK:
        found = f"{wanted} is on a network file system ({kind}), on which locks, sockets and SQLite break"
        yield problem(found, "keep it on a disk of this machine: PACELINE_HOME=…", **fields)
    if not os.access(place, os.W_OK):
        todo = "give PACELINE_HOME a directory that this user may write to, or see why the disk is read-only: mount"
        yield problem(f"{place} cannot be written", todo, **fields)
    if free < reserve:
        found = f"{about(free)} free, less than the reserve of {about(reserve)}: it {follows}"
        yield problem(found, f"free some space on the disk of {place}; it goes on by itself", **fields)
    elif free < SCARCE:
        yield warning(f"{about(free)} free at {wanted}", f"free some space before it {follows}", **fields)
    else:
        yield ok(f"{about(free)} free at {wanted}", **fields)


def _kind(place: Path) -> str:
    try:
        return file_system(Path("/proc/self/mountinfo").read_text(), PurePosixPath(place.resolve()))
    except OSError:
        return ""
