"""A model as a folder of files: what it was made of, its preprocessing, and the model itself.

::

    config.json      the card, and name, SHA-256 and size of every other file
    prepare.skops    the fitted preprocessing
    model.<format>   skops, ubj or safetensors: data, never code to run. No pickle, in either direction

A folder appears under its name whole or not at all, and the name is its own: model, attempt, and the beginning of the
content's SHA-256, so neither a second attempt nor another Paceline writes over it.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.compose import ColumnTransformer

from paceline import kinds
from paceline.model.card import PICKLES
from paceline.model.errors import UsageError
from paceline.tasks.train import TRAINERS, nearest, skops_file
from paceline.tasks.train.fingerprint import digest
from paceline.tasks.train.trained import Fitted, Trained
from paceline.train.folder import sync

CONFIG, PREPARE = "config.json", "prepare.skops"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where a model is kept."""

    path: Path
    sha256: str  # of config.json, which has those of the other files
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model that was kept. ``card``: as it was saved."""

    card: Mapping[str, object]
    trained: Trained


def directory(path: str) -> Path:
    """The directory for models, made if need be. Raises UsageError: before training, not after it."""
    wanted = Path(path).absolute()
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            return wanted
    except OSError as error:
        raise UsageError(f"train.output: cannot write to {str(wanted)!r}: {error.strerror}") from None


def save(trained: Trained, card: Mapping[str, object], into: Path, stem: str) -> Folder:
    """Keep the model durably. Raises UsageError if it has a part that could not be loaded safely."""
    temporary = Path(tempfile.mkdtemp(prefix=f".{stem}.", suffix=".tmp", dir=into))
    try:
        skops_file.dump(trained.prepare, temporary / PREPARE)
        skops_file.checked(temporary / PREPARE)
        trained.model.save(temporary / f"model.{trained.model.format}")
        files = {file.name: {"sha256": _sync(file), "bytes": file.stat().st_size} for file in _files(temporary)}
        (temporary / CONFIG).write_text(json.dumps({**card, "files": files}, indent=1) + "\n")
        sha256 = _sync(temporary / CONFIG)
        size = sum(file.stat().st_size for file in _files(temporary))
        final = _moved(temporary, into / f"{stem}-{sha256[:8]}")
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync(final)
    sync(into)
    return Folder(path=final, sha256=sha256, bytes=size)


def _moved(temporary: Path, final: Path) -> Path:
    temporary.chmod(0o755)
    if final.exists():  # the same content, by its name
        shutil.rmtree(final)
    return temporary.rename(final)


def load(path: Path) -> Loaded:
    """The model in a folder that ``save`` made.

    Raises UsageError, before anything of it is used: a file that is damaged, missing or too many, a type that no such
    file has, or a pickle.
    """
    _refuse_pickles(path)
    card = _config(path)
    file = f"model.{card.get('format')}"
    _check_files(path, _mapping(card, "files"), needed={PREPARE, file})
    trainer = TRAINERS.get(name := str(card.get("model")))
    if trainer is None:
        raise UsageError(f"model {str(path)!r}: there is no model {name!r} here", hint=nearest(name, list(TRAINERS)))
    prepare = skops_file.load(path / PREPARE)
    if not isinstance(prepare, ColumnTransformer):
        raise UsageError(f"model {str(path)!r}: {PREPARE} holds a {type(prepare).__name__}")
    model: Fitted = kinds.load(trainer.load)(path / file, card)
    classes = card.get("classes")
    return Loaded(
        card=card,
        trained=Trained(
            prepare=prepare,
            model=model,
            metrics=_mapping(card, "metrics"),
            classes=tuple(classes) if isinstance(classes, list) else (),
        ),
    )


def _refuse_pickles(path: Path) -> None:
    files = [path] if path.is_file() else _files(path) if path.is_dir() else []
    for file in files:
        if file.suffix.lower() in PICKLES:
            hint = "train it again, or convert it where it can be trusted: skops, UBJSON or safetensors"
            said = f"model {str(path)!r}: {file.name} is a pickle; loading one runs whatever its author put into it"
            raise UsageError(said, hint=hint)


def _config(path: Path) -> dict[str, object]:
    try:
        card = json.loads((path / CONFIG).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"model {str(path)!r}: there is no {CONFIG} in it") from None
    except ValueError as error:
        raise UsageError(f"model {str(path)!r}: {CONFIG} is damaged: {error}") from None
    if not isinstance(card, dict):
        raise UsageError(f"model {str(path)!r}: {CONFIG} is damaged: not an object")
    return card


def _mapping(card: Mapping[str, object], name: str) -> dict[str, Any]:
    value = card.get(name)
    return value if isinstance(value, dict) else {}


def _check_files(path: Path, kept: Mapping[str, Mapping[str, object]], *, needed: set[str]) -> None:
    there = {file.name for file in _files(path)} - {CONFIG}
    for name in sorted(needed | set(kept)):
        if name not in there or name not in kept:
            raise UsageError(f"model {str(path)!r}: {name} is missing")
    for name in sorted(there - set(kept)):
        raise UsageError(f"model {str(path)!r}: {name} is not among those in {CONFIG}")
    for name, about in kept.items():
        found = digest(path / name)
        if found != about.get("sha256"):
            said = f"model {str(path)!r}: {name} is damaged: its SHA-256 is {found[:12]}…"
            raise UsageError(f"{said}, not {str(about.get('sha256'))[:12]}…", hint="fetch it again")


def _files(path: Path) -> list[Path]:
    return sorted(path.iterdir())


def _sync(file: Path) -> str:
    """Bring the file's bytes to the disk; return their SHA-256."""
    sync(file)
    return digest(file)
