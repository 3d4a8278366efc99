"""Saying something: an event and its fields, or nothing at all where nobody listens at that level."""

import logging
from typing import TextIO

from paceline.telemetry.lines import ConsoleLine, JsonLine, Line

ROOT = "paceline"


class Log:
    """One part of a process speaks. Fields are numbers, texts, lists or mappings of these; never a secret."""

    __slots__ = ("_logger",)

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"{ROOT}.{name}")

    @property
    def detailed(self) -> bool:
        """Whether somebody listens to ``debug``: what is said for every task is not even put together otherwise."""
        return self._logger.isEnabledFor(logging.DEBUG)

    def debug(self, event: str, **fields: object) -> None:
        """Every attempt, every request."""
        self._say(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """What an operator wants to find when he looks back at a day."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Went wrong, and was dealt with."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, error: BaseException | None = None, /, **fields: object) -> None:
        """Somebody should look. ``error``: told with its traceback."""
        self._say(logging.ERROR, event, fields, error)

    def _say(self, level: int, event: str, fields: dict[str, object], error: BaseException | None = None) -> None:
        logger = self._logger
        if logger.isEnabledFor(level):  # not by its ``log``: looking for the line that called costs as much as the rest
            trouble = (type(error), error, error.__traceback__) if error else None
            logger.handle(logger.makeRecord(logger.name, level, "", 0, event, (), trouble, extra={"fields": fields}))


def log(name: str) -> Log:
    """``name``: the process or its part: "server", "worker"."""
    return Log(name)


class Output(logging.StreamHandler[TextIO]):
    """Lines of ours and of every library. One that cannot be written is lost: no work may stop for it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        return


def configure(process: str, *, level: str, form: str, to: TextIO, **always: object) -> None:
    """Let this process speak from here on. ``level``, ``form``: of ``grammar.level``; an empty form is console at a
    terminal, else JSON. ``always``: fields of every line. What libraries say is heard from warnings on."""
    form = form or ("console" if to.isatty() else "json")
    line: Line = ConsoleLine(process, always) if form == "console" else JsonLine(process, always)
    output = Output(to)
    output.setFormatter(line)
    root = logging.getLogger()
    for each in [each for each in root.handlers if isinstance(each, Output)]:
        root.removeHandler(each)
    root.addHandler(output)
    root.setLevel(max(logging.WARNING, _number(level)))
    logging.getLogger(ROOT).setLevel(_number(level))
    logging.captureWarnings(capture=True)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
