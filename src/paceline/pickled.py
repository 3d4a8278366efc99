"""What a pickle looks like, whatever it is called: so that none gets among the models by accident.

It goes by the first bytes of a file, and by what is inside if those are an archive of PyTorch's, or packed. It does not
keep out who means harm: a pickle of protocol 0 is any text. Whoever loads a model trusts formats, not files.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

from paceline.model.errors import UsageError

HEAD = 1 << 18
"""Bytes of a file that are looked at."""
_ENOUGH = 1 << 12  # bytes unpacked
_PICKLE = re.compile(rb"\x80[\x02-\x05](?!.{2}\0{4}\{)", re.DOTALL)  # those are a length, and the header of safetensors
_MEMBER = re.compile(rb"PK\x03\x04.{22}(..)..", re.DOTALL)  # and its name, of so many bytes
_UNPACK: Mapping[bytes, Callable[[], Any]] = {  # by how it begins; not every Python has all of these
    b"\x1f\x8b": lambda: import_module("zlib").decompressobj(31),
    b"x": lambda: import_module("zlib").decompressobj(),
    b"BZh": lambda: import_module("bz2").BZ2Decompressor(),
    b"\xfd7zXZ\0": lambda: import_module("lzma").LZMADecompressor(memlimit=100 << 20),
}


def check_content(name: str, head: bytes) -> None:
    """Raises UsageError for a file that begins as a pickle does. ``head``: its first ``HEAD`` bytes, or all."""
    if any(map(_is_pickle, (head, *_unpacked(head)))):
        raise UsageError(
            f"files: {name!r} is a pickle by its content: whoever loads one runs the code in it",
            hint="save as skops, safetensors, ONNX, or the library's own format such as XGBoost's .ubj",
        )


def _is_pickle(head: bytes) -> bool:
    return bool(_PICKLE.match(head)) or any(name.endswith(b"data.pkl") for name in _members(head))


def _members(head: bytes) -> Iterator[bytes]:
    """Names of files in an archive."""
    if head.startswith(b"PK\x03\x04"):
        for found in _MEMBER.finditer(head):
            yield head[found.end() : found.end() + int.from_bytes(found[1], "little")]


def _unpacked(head: bytes) -> Iterator[bytes]:
    for beginning, unpacker in _UNPACK.items():
        if head.startswith(beginning):
            with suppress(Exception):  # every unpacker has its own for what is none of its files
                yield unpacker().decompress(head, _ENOUGH)
