"""A file by its content: whoever has the hash can ask for it, and check what he gets."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from paceline.model.errors import UsageError

_NAME = re.compile(r"[^\x00-\x1f]{1,1000}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a folder. Its content is a blob (``blobs.py``)."""

    name: str  # relative to the folder, with slashes: "weights/0.bin"
    sha256: str  # of the content, in hex
    bytes: int


def check_files(files: Sequence[File], limit: int) -> None:
    """Raises UsageError for none, more than ``limit``, one twice, and names, hashes or sizes that are none."""
    if not 0 < len(files) <= limit:
        raise UsageError(f"files: {len(files):,} of them", hint=f"from 1 to {limit:,} are kept together")
    seen: set[str] = set()
    for file in files:
        if not is_inside(file.name):
            raise UsageError(f"files: {file.name!r} is not the name of a file in a folder")
        check_digest(file.sha256)
        if file.bytes < 0:
            raise UsageError(f"files: {file.name}: {file.bytes} bytes are less than none")
        if file.name in seen:
            raise UsageError(f"files: {file.name!r} is there twice")
        seen.add(file.name)


def is_inside(name: str) -> bool:
    """Whether a name leads to a file inside of whatever folder it is put into."""
    return bool(_NAME.fullmatch(name)) and not {"", ".", ".."} & set(name.split("/"))


def check_digest(sha256: str) -> None:
    """Raises UsageError for what is no SHA-256."""
    if not is_digest(sha256):
        raise UsageError(f"sha256: {sha256!r} is not 64 hexadecimal digits")


def is_digest(text: str) -> bool:
    """Whether this is a SHA-256 as we write it."""
    return bool(_SHA256.fullmatch(text))
