"""Files that settings stand in: one of the project, one of the user, both TOML.

The project's is ``paceline.toml``, or ``[tool.paceline]`` in ``pyproject.toml``, of the nearest directory from the
current one upwards that has either. Others may have written it, so what is the user's own affair (``home``, whatever is
secret) may not stand there; and a file of another user's is passed over, or anybody who may write to ``/tmp`` could
speak to everybody who works below it.
"""

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from paceline.config.setting import Setting
from paceline.config.settings import TABLE, by_key
from paceline.model.errors import UsageError

PROJECT: Final = "project file"
USER: Final = "user file"

_HEADER = re.compile(r"\s*\[\s*([\w.\s\"-]+?)\s*\]")
_KEY = re.compile(r"\s*([\w.\s\"-]+?)\s*=")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """What one file says. ``passed_over``: why it is not read."""

    path: Path
    whose: str
    values: Mapping[str, object] = field(default_factory=dict)  # by key
    lines: Mapping[str, int] = field(default_factory=dict)  # where each stands, as far as is known
    passed_over: str = ""

    def where(self, key: str) -> str:
        """``paceline.toml, line 3``, with the whole path."""
        line = self.lines.get(key)
        return f"{self.path}, line {line}" if line else str(self.path)


def files(start: Path, config_home: Path) -> Iterator[SettingsFile]:
    """Those there are, the project's first. Raises UsageError for one that cannot be read or says what is unknown."""
    project = _project(start)
    if project is not None:
        yield project
    user = config_home / "paceline" / "config.toml"
    if _is_file(user):
        yield read_file(user, USER)


def read_file(path: Path, whose: str, inside: str = "") -> SettingsFile:
    """One file; ``inside``: the table that is ours, in a file that is not. Raises UsageError, naming the line."""
    if path.stat().st_uid not in (os.geteuid(), 0):
        return SettingsFile(path=path, whose=whose, passed_over="it belongs to another user")
    import tomllib  # noqa: PLC0415 - most commands find no file to read

    try:
        text = path.read_text()
        document: object = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not TOML: {error}") from None
    for name in filter(None, inside.split(".")):
        document = document.get(name, {}) if isinstance(document, dict) else {}
    lines = dict(_lines(text, inside))
    values = dict(_leaves(document, ""))
    for key in values:
        _check(key, whose, f"{path}, line {lines[key]}" if key in lines else str(path))
    _refuse_open_secrets(path, values)
    return SettingsFile(path=path, whose=whose, values=values, lines=lines)


def _project(start: Path) -> SettingsFile | None:
    for directory in (start, *start.parents):
        own, shared = directory / "paceline.toml", directory / "pyproject.toml"
        if _is_file(own):
            return read_file(own, PROJECT)
        if _mentions_us(shared):
            return read_file(shared, PROJECT, inside="tool.paceline")
    return None


def _is_file(path: Path) -> bool:
    """Where we may not even look, there is none for us."""
    try:
        return path.is_file()
    except OSError:
        return False


def _mentions_us(path: Path) -> bool:
    try:
        return path.is_file() and b"tool.paceline" in path.read_bytes()
    except OSError:
        return False


def _check(key: str, whose: str, where: str) -> None:
    setting = by_key(key)
    if setting is None:
        near = difflib.get_close_matches(key, [each.key for each in TABLE], 1)
        hint = f"did you mean {near[0]}?" if near else "`paceline config show` lists all there are"
        raise UsageError(f"{where}: there is no setting {key!r}", hint=hint)
    if whose == PROJECT and setting.personal:
        hint = f"write it into the user's file, ~/.config/paceline/config.toml, or into {setting.variable}"
        raise UsageError(f"{where}: {key} is not for a project's file, which others write, too", hint=hint)


def _refuse_open_secrets(path: Path, values: Mapping[str, object]) -> None:
    secrets = [setting.key for setting in TABLE if setting.secret and setting.key in values]
    if secrets and path.stat().st_mode & 0o077:
        raise UsageError(f"{path}: holds {secrets[0]}, and others may read it", hint=f"chmod 600 {path}")


def _leaves(value: object, prefix: str) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        yield prefix, value
        return
    for name, inner in value.items():
        yield from _leaves(inner, f"{prefix}.{name}" if prefix else str(name))


def _lines(text: str, inside: str) -> Iterator[tuple[str, int]]:
    """Where keys stand. TOML can say things in ways that are not seen here; then no line is named."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _bare(header[1])
        elif key := _KEY.match(line):
            whole = f"{table}.{_bare(key[1])}".lstrip(".")
            if not inside or whole.startswith(f"{inside}."):
                yield whole[len(inside) :].lstrip("."), number


def _bare(name: str) -> str:
    return re.sub(r"[\s\"]", "", name)


def anchored(setting: Setting[object], raw: object, file: SettingsFile) -> object:
    """The value; a relative path is seen from where the file is."""
    if not setting.kind.is_path or not isinstance(raw, str) or raw in ("", *setting.kind.plain):
        return raw
    return str(file.path.parent / Path(raw).expanduser())
