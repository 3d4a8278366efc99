"""A folder of files as one thing: complete, and known by the hashes of what is in it."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

File: TypeAlias = Mapping[str, object]
"""``{"name": "weights/0.bin", "sha256": …, "bytes": …}``; names are relative, with slashes."""


def listed(folder: Path) -> Sequence[File]:
    """All files of the folder, which are on disk.

    Raises ValueError for an empty folder, and for a link or anything else that is no plain file.
    """
    files = [_file(folder, path) for path in _paths(folder)]
    if not files:
        raise ValueError(f"{folder}: there is nothing in it")
    return files


def _paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError(f"{path}: only plain files can be kept")
        if path.is_file():
            yield path


def _file(folder: Path, path: Path) -> File:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    return {"name": path.relative_to(folder).as_posix(), "sha256": sha256, "bytes": size}


def sync(path: Path) -> None:
    """Have a file, or the names in a directory, on disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
