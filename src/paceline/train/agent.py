"""Words with the worker's agent, over its socket: one question, one answer, in lines of JSON.

    ▶ {"ask": "keep", "key": "3.17#1", …}
    ◀ {"going": 1048576}                     as long as it takes, whenever it has come further
    ◀ {"done": {…}}                          or {"refused": [code, message, hint]}

The agent may die and come back, and with it the server's end: the same question is asked again, which does no harm.
"""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from paceline.model.errors import Conflict, PacelineError, Unreachable
from paceline.unix import address

Answer: TypeAlias = Mapping[str, Any]

PATIENCE = 60.0
"""Seconds without any sign of progress after which a question is given up."""
_PAUSE = 0.5
_steady = time.monotonic  # noqa: TID251 - a user's process: there is no Clock


class Refused(PacelineError):
    """It was understood, and will not be done. ``stale``: the attempt is not its task's current one any more."""

    code = "REFUSED"

    def __init__(self, message: str, *, hint: str = "", stale: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.stale = stale


def ask(path: Path, question: Mapping[str, object], patience: float = PATIENCE) -> Answer:
    """The answer. Raises Refused, and Unreachable once nothing has moved for ``patience`` seconds."""
    alive = _steady()
    while True:
        with suppress(OSError, ValueError):  # nobody there; or it broke off, if need be within a line
            for said in _conversation(path, question, patience):
                alive = _steady()
                if "refused" in said:
                    code, message, hint = said["refused"]
                    raise Refused(message, hint=hint, stale=code == Conflict.code)
                if "done" in said:
                    return said["done"]  # type: ignore[no-any-return]  # JSON
        left = alive + patience - _steady()
        if left <= 0:
            raise Unreachable(f"the worker's agent did not answer for {patience:g} s")
        time.sleep(min(_PAUSE, left))


def _conversation(path: Path, question: Mapping[str, object], patience: float) -> Iterator[Answer]:
    with address(path) as where, socket.socket(socket.AF_UNIX) as line:
        line.settimeout(patience)
        line.connect(where)
        line.sendall(json.dumps(question).encode() + b"\n")
        with line.makefile("rb") as answers:
            for answer in answers:
                yield json.loads(answer)
