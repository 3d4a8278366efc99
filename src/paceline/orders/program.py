"""A command as it is started on a worker: its arguments, and what its environment says of it.

Whoever starts it, our own agent or a worker in another language (``server/polling``), says the same.
"""

import functools
import shlex
from collections.abc import Sequence

from paceline import kinds
from paceline.model.ids import AttemptId

MASKS = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
"""What pins a program to its devices; empty: it has none."""


@functools.lru_cache
def arguments(kind: str, body: bytes) -> Sequence[str]:
    """The program and what it is called with. Raises UsageError for parameters that are no command's."""
    params = kinds.parse(kind, body)
    return ("/bin/sh", "-c", params.argv[0]) if params.shell else tuple(params.argv)


@functools.lru_cache
def line(kind: str, body: bytes) -> str:
    """The same as one line for a shell."""
    params = kinds.parse(kind, body)
    return str(params.argv[0]) if params.shell else shlex.join(params.argv)


def identity(attempt: AttemptId, payload: bytes) -> dict[str, str]:
    """Who a program is."""
    named = {
        "PACELINE_JOB_ID": str(attempt.job),
        "PACELINE_TASK_ID": str(attempt.task),
        "PACELINE_ATTEMPT": str(attempt.number),
        "PACELINE_ARRAY_INDEX": str(attempt.index),
    }
    return named | {"PACELINE_ENTRY": payload.decode(errors="replace")} if payload else named
