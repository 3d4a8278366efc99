"""Which attempt this process works on, and how it reports.

A program is told by its environment. A warm process works on one attempt after the other and is told by ``enter`` and
``leave``. A report is one datagram to the supervisor; it costs some 30 µs, and none ever waits or fails for want of a
reader: a training must not stop because nobody listens.
"""

import json
import math
import os
import socket
from contextlib import suppress
from pathlib import Path

from paceline.telemetry import traceparent
from paceline.telemetry.traceparent import VARIABLE, Traceparent
from paceline.train import term
from paceline.unix import address

LIMIT = 64 << 10
"""Bytes of one report."""
_WAIT = 0.2  # seconds that a full queue may hold us up


class _Here:
    """The attempt a warm process was told, and the last step that was reported."""

    key = ""
    path = ""
    step = -1
    traced = False


def enter(key: str, path: str, trace: str = "") -> None:
    """From here on this process works on the attempt ``key``; its reports go to the socket at ``path``.

    ``trace``: its job's place in a trace; its own is then in ``TRACEPARENT``, as a program's is.
    """
    term.forget()
    _Here.key, _Here.path, _Here.step = key, path, -1
    if trace or _Here.traced:
        _join(traceparent.read(trace), key)


def _join(job: Traceparent | None, key: str) -> None:
    os.environ.pop(VARIABLE, None)
    if job is not None:
        os.environ[VARIABLE] = str(job.of_attempt(key))
    _Here.traced = job is not None


def leave() -> None:
    """It does not any more."""
    enter("", "")


def current() -> str:
    """The attempt this code runs for (``3.17#1``); empty outside Paceline."""
    return _where()[0]


def agent() -> Path | None:
    """The socket of the worker's agent; None outside Paceline."""
    path = os.environ.get("PACELINE_AGENT", "")
    return Path(path) if path and current() else None


def report(*, step: int = -1, **values: object) -> None:
    """Say how far the attempt is: numbers, texts, or anything JSON can hold. Numbers of NumPy and torch are fine.

    ``step`` counts on by itself if it is left out. The same step again replaces what was said before. Some 20 reports
    a second are passed on, after a minute one a second, always the latest. Outside Paceline, nothing happens.

    Raises TypeError for values JSON cannot hold, ValueError when they take more than 64 KiB.
    """
    key, path = _where()
    if not key:
        return
    _Here.step = step = int(step) if step >= 0 else _Here.step + 1
    message = json.dumps({"key": key, "step": step, "values": _finite(values)}, default=_number).encode()
    if len(message) > LIMIT:
        raise ValueError(f"report: step {step} takes {len(message):,} bytes; the limit is {LIMIT:,}")
    _send(message, Path(path))


def _where() -> tuple[str, str]:
    if _Here.key:
        return _Here.key, _Here.path
    task, number, path = (os.environ.get(f"PACELINE_{name}", "") for name in ("TASK_ID", "ATTEMPT", "REPORTS"))
    return (f"{task}#{number}", path) if task and number and path else ("", "")


def _finite(value: object) -> object:
    """JSON has no NaN and no infinity; as texts they are at least seen."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _number(value: object) -> object:
    """What JSON does not know: arrays and tensors, by the methods they share."""
    for method in ("item", "tolist"):
        try:
            return _finite(getattr(value, method)())
        except (AttributeError, TypeError, ValueError, RuntimeError):  # not there, or not a single number
            continue
    raise TypeError(f"report: {type(value).__name__} {value!r} is not a number, text, list or mapping")


def _send(message: bytes, path: Path) -> None:
    with suppress(OSError), address(path) as where, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.settimeout(_WAIT)
        out.sendto(message, where)  # fails when the queue is full, or there is nobody
