"""Bringing a model's files here: every one checked against its hash, none half written, none overwritten unasked.

A file that is there already with the right content is left alone, so what broke off is gone on with. What is not whole
yet lies beside the folder and not in it: others may be bringing the same, or reading what is there.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from paceline.catalog import Model
from paceline.model.card import check_file_name
from paceline.model.errors import Conflict, PacelineError, UsageError
from paceline.model.file import File
from paceline.sdk.models import Models

Told = Callable[[int], object]
"""Called with the number of bytes that came, or were there."""


async def fetch(
    client: Models, model: Model, folder: Path, *, told: Told = lambda count: None, replace: bool = False
) -> Path:
    """The model's files in the folder, which is made if need be.

    Raises Conflict where another file of a name is in the way, unless ``replace`` says that it may go; PacelineError
    for bytes that are not what they should be, of which nothing stays.
    """
    wanted = [(file, _place(folder, file)) for file in model.files]
    there = {path for file, path in wanted if path.exists() and _is(file, path)}
    for _, path in wanted:
        if path.exists() and path not in there and not replace:
            raise Conflict(f"{path} is there already, with another content", hint="name another folder, or add --force")
    for file, path in wanted:
        if path in there:
            told(file.bytes)
        else:
            await _bring(client, file, folder, told)
    return folder


def _place(folder: Path, file: File) -> Path:
    check_file_name(file.name)  # whatever the server says: nothing is written outside of the folder
    return folder / file.name


def _is(file: File, path: Path) -> bool:
    if not path.is_file() or path.stat().st_size != file.bytes:
        return False
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256


async def _bring(client: Models, file: File, folder: Path, told: Told) -> None:
    path = _place(folder, file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _part(folder) as part:
            await _download(client, file, part, told)
            part.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """Where a file may lie until it is whole: beside the folder, or in it where it is a disk of its own."""
    beside = folder.resolve().parent
    fits = beside.stat().st_dev == folder.stat().st_dev and os.access(beside, os.W_OK)
    part = (beside if fits else folder) / f".{folder.resolve().name}.{token_hex(8)}.part"
    try:
        yield part
    finally:
        with suppress(OSError):  # it has its name by now, or never came to be
            part.unlink()


async def _download(client: Models, file: File, part: Path, told: Told) -> None:
    digest = hashlib.sha256()
    with part.open("wb") as content:
        async with aclosing(client.download(file.sha256)) as chunks:
            async for chunk in chunks:
                digest.update(chunk)
                content.write(chunk)
                told(len(chunk))
    if digest.hexdigest() != file.sha256:
        raise PacelineError(
            f"{file.name}: what came has the checksum {digest.hexdigest()}, not {file.sha256}",
            hint="try again; if it stays so, the file is damaged on the server",
        )
