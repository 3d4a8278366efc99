"""One line per log record: JSON for programs, or columns for people.

Fields hold what users chose: names, paths, reasons. In neither form can such a text end its line, start another, or
speak to a terminal: whatever does not print is written as its code. And should a secret ever get into one, it stops
here: what looks like a token of ours, or like a password in a URL, leaves as ``…``.
"""

import json
import logging
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from paceline.model.text import visible

LIMIT = 2000
"""Characters of one text field."""
TRACEBACK_LIMIT = 20_000
_SECRETS = (
    (re.compile(r"\bpl_([a-z]+)_[A-Za-z0-9_-]{8,}"), r"pl_\1_…"),
    (re.compile(r"(://[^\s/@:\"]*):[^\s/@\"]+@"), r"\1:…@"),
    (re.compile(r"(?i)\b(bearer|basic) [A-Za-z0-9+/=._~-]{8,}"), r"\1 …"),
)
_SUSPECT = re.compile(r"pl_|://|(?i:bearer|basic) ")
"""What every secret has: most texts have none of it, and are not looked at again."""
_PLAIN = re.compile(r"[\w./:#@%+,~*()\[\]-]+")
"""Texts that stand in a console line as they are."""


class Line(logging.Formatter):
    """``process``: who speaks; ``always``: fields of every line."""

    def __init__(self, process: str, always: Mapping[str, object]) -> None:
        super().__init__()
        self._process = process
        self._always = dict(always)

    def entry(self, record: logging.LogRecord) -> dict[str, object]:
        """All there is to tell, in order."""
        told: dict[str, object] = {
            "time": moment(record.created),
            "level": record.levelname.lower().replace("critical", "error"),
            "process": self._process,
            "event": clean(record.getMessage()),
        }
        ours: Mapping[str, object] | None = getattr(record, "fields", None)
        fields = {"logger": record.name} if ours is None else ours
        told |= {name: clean(value) for name, value in {**self._always, **fields}.items() if name not in told}
        if record.exc_info:
            told["error"] = clean(self.formatException(record.exc_info), TRACEBACK_LIMIT)
        return told


class JsonLine(Line):
    """An object, in ASCII: no reader, and no terminal, can take it for anything else."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.entry(record), separators=(",", ":")).replace("\x7f", "\\u007f")


class ConsoleLine(Line):
    """``19:40:01.123 info    worker joined  worker=w1``; a traceback follows on lines of its own, indented."""

    def format(self, record: logging.LogRecord) -> str:
        return readable(self.entry(record))


def readable(entry: Mapping[str, object]) -> str:
    """An entry as a person reads it."""
    rest = {name: value for name, value in entry.items() if name not in ("time", "level", "process", "event", "error")}
    clock = str(entry.get("time", ""))[11:23]
    head = f"{clock} {entry.get('level', '')!s:<7} {visible(str(entry.get('event', '')))}"
    fields = " ".join(f"{name}={_value(value)}" for name, value in rest.items())
    trouble = str(entry.get("error", "")).splitlines()
    return "\n    ".join([f"{head}  {fields}".rstrip(), *map(visible, trouble)])


def read(line: str) -> str:
    """A line that was written as JSON, for a person; any other as it is."""
    if not line.startswith('{"time":'):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    return readable(entry)


def moment(at: float) -> str:
    """RFC 3339, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clean(value: object, limit: int = LIMIT) -> object:
    """The same without secrets, and not without end."""
    if isinstance(value, str):
        text = _censored(value) if _SUSPECT.search(value) else value  # before it is cut: half a secret looks like none
        return text if len(text) <= limit else f"{text[:limit]}…"
    if isinstance(value, Mapping):
        return {str(clean(key)): clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    plain = value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if plain else clean(str(value))


def _censored(text: str) -> str:
    for secret, instead in _SECRETS:
        text = secret.sub(instead, text)
    return text


def _value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if _PLAIN.fullmatch(text) and text.isprintable() else visible(json.dumps(text, ensure_ascii=False))
