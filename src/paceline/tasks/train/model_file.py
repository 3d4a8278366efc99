"""Model files: skops, which stores what a model is made of and never code to run. No pickle, in either direction.

A file appears under its name whole or not at all, and its name is its own: model, attempt, and the beginning of the
content's SHA-256, so neither a second attempt nor another Paceline writes over it.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import skops.io
from sklearn.pipeline import Pipeline

from paceline.model.errors import UsageError

TRUSTED = frozenset({"sklearn.tree._tree.Tree", "numpy.dtype"})
"""Types of a forest's parts beyond those that skops trusts by itself: arrays and numbers, no behaviour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """Where a model is kept. ``trusted``: what ``skops.io.load`` wants to be told."""

    path: str
    sha256: str
    bytes: int
    trusted: tuple[str, ...]
    format: str = "skops"


def directory(path: str) -> Path:
    """The directory for model files, made if need be. Raises UsageError: before training, not after it."""
    wanted = Path(path).absolute()
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            return wanted
    except OSError as error:
        raise UsageError(f"train.output: cannot write to {str(wanted)!r}: {error.strerror}") from None


def save(model: Pipeline, into: Path, stem: str) -> ModelFile:
    """Keep the model durably. Raises UsageError if it has a part that could not be loaded safely."""
    temporary = into / f".{stem}.{os.getpid()}.tmp"
    try:
        skops.io.dump(model, temporary)
        trusted = _check_types(temporary)
        digest = _sync(temporary)
        final = into / f"{stem}-{digest[:8]}.skops"
        temporary.rename(final)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_directory(into)
    return ModelFile(path=str(final), sha256=digest, bytes=final.stat().st_size, trusted=trusted)


def load(path: Path) -> Pipeline:
    """The model in a file that ``save`` made. Raises UsageError if anything in it is of a type no such file has."""
    return skops.io.load(path, trusted=list(_check_types(path)))


def _check_types(path: Path) -> tuple[str, ...]:
    asked = tuple(sorted(skops.io.get_untrusted_types(file=path)))
    strange = [name for name in asked if name not in TRUSTED]
    if strange:
        raise UsageError(f"model file {str(path)!r} holds types that are not trusted: {', '.join(strange)}")
    return asked


def _sync(path: Path) -> str:
    """Bring the file's bytes to the disk; return their SHA-256."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
