"""The disks that a worker works on: how much of them is free, and whether they can be written at all.

Free space does not say so. All files may be in use, or all of a quota; a file system with errors is made read-only. So
to look is to try.
"""

import shutil
from contextlib import suppress
from pathlib import Path

from paceline.agent.words import Space
from paceline.executor import disk_fault

_TRIED = 4096
"""Bytes."""


def look(*directories: Path) -> Space:
    """As it is now, where it is worst. Raises FileNotFoundError when one of them is gone."""
    spaces = [_look(each) for each in dict.fromkeys(directories)]
    return min(spaces, key=lambda space: (not space.fault, space.free))


def _look(directory: Path) -> Space:
    try:
        _write(directory / "probe")
        return Space(free=shutil.disk_usage(directory).free)
    except FileNotFoundError:
        raise
    except OSError as error:
        return Space(fault=disk_fault(error) or str(error))


def _write(path: Path) -> None:
    try:
        path.write_bytes(bytes(_TRIED))
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
