"""A command as it is started on a worker: its arguments, and what its environment says of it.

Whoever starts it, our own agent or a worker in another language (``server/polling``), says the same.
"""

import functools
import shlex
from collections.abc import Iterable, Sequence

from paceline import kinds
from paceline.model.ids import AttemptId
from paceline.telemetry.traceparent import VARIABLE, of_environment

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


def place(env: Iterable[tuple[str, str]], attempt: AttemptId) -> dict[str, str]:
    """Where in its job's trace it stands, if ``env``, the job's, names one: below its own span."""
    job = of_environment(env)
    return {VARIABLE: str(job.of_attempt(str(attempt)))} if job else {}


def identity(attempt: AttemptId, payload: bytes) -> dict[str, str]:
    """Who a program is."""
    named = {
        "PACELINE_JOB_ID": str(attempt.job),
        "PACELINE_TASK_ID": str(attempt.task),
        "PACELINE_ATTEMPT": str(attempt.number),
        "PACELINE_ARRAY_INDEX": str(attempt.index),
    }
    return named | {"PACELINE_ENTRY": payload.decode(errors="replace")} if payload else named
