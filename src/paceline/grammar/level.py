"""How much is logged, and in which form: ``info``, ``json``."""

import difflib

from paceline.model.errors import UsageError

LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("console", "json")
_ALSO = {"trace": "debug", "verbose": "debug", "warn": "warning", "critical": "error", "fatal": "error"}


def parse_level(text: str, field: str) -> str:
    """One of ``LEVELS``, whatever the case; by other programs' names too. Raises UsageError naming the nearest."""
    level = text.strip().lower()
    return _one_of(LEVELS, _ALSO.get(level, level), f"{field}: there is no level {text!r}")


def parse_log_format(text: str, field: str) -> str:
    """One of ``LOG_FORMATS``, whatever the case. Raises UsageError naming the nearest."""
    return _one_of(LOG_FORMATS, text.strip().lower(), f"{field}: there is no log format {text!r}")


def _one_of(known: tuple[str, ...], word: str, trouble: str) -> str:
    if word in known:
        return word
    near = difflib.get_close_matches(word, known, 1, 0.5)
    raise UsageError(trouble, hint=f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}")
