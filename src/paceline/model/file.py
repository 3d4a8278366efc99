"""A file by its content: whoever has the hash can ask for it, and check what he gets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a folder. Its content is a blob (``blobs.py``)."""

    name: str  # relative to the folder, with slashes: "weights/0.bin"
    sha256: str  # of the content, in hex
    bytes: int
