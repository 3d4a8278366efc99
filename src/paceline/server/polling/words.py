"""The words of the calls, and what they mean here."""

import difflib
import math
import re
from collections.abc import Mapping, Sequence

from paceline.model.errors import UsageError
from paceline.model.ids import AttemptId, JobId
from paceline.model.task import Outcome
from paceline.model.views import WorkerView
from paceline.model.worker import WorkerState

AVAILABLE, BUSY, TERMINATED = "AVAILABLE", "BUSY", "TERMINATED"
WORKER_WORDS = (AVAILABLE, BUSY, TERMINATED)

RUNNING = "RUNNING"
ENDS: Mapping[str, Outcome] = {
    "COMPLETED": Outcome.SUCCEEDED,
    "FAILED": Outcome.FAILED,
    # The core knows what was to be cancelled; anything else its worker broke off by itself, and it goes on elsewhere.
    "CANCELLED": Outcome.INTERRUPTED,
    "TIMEOUT": Outcome.TIMEOUT,
    "OOM": Outcome.OOM,
    "LAUNCH": Outcome.LAUNCH,
    "REJECTED": Outcome.REJECTED,
    "RETURNED": Outcome.RETURNED,
    "INTERRUPTED": Outcome.INTERRUPTED,
    "SUCCEEDED": Outcome.SUCCEEDED,
}
TASK_WORDS = (RUNNING, *ENDS)

_ID = re.compile(r"(\d{1,18})(?:\.(\d{1,18}))?(?:#(\d{1,18}))?", re.ASCII)


def one_of(words: Sequence[str], word: str, field: str) -> str:
    """The word, in upper case. Raises UsageError naming the nearest one there is."""
    found = word.upper()
    if found in words:
        return found
    near = difflib.get_close_matches(found, words, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(words)}"
    raise UsageError(f"{field}: there is no status {word!r}", hint=hint)


def attempt(text: str, field: str) -> AttemptId:
    """ "3.17#2". Raises UsageError for what is none."""
    match = _ID.fullmatch(text)
    if not match:
        raise UsageError(f"{field}: {text!r} is not a task's id", hint="echo Task.id as it came, such as 3.17#2")
    if match[3] is None:
        raise UsageError(f"{field}: {text!r} names no attempt", hint=f"echo Task.id as it came, such as {text}#1")
    return AttemptId(JobId(int(match[1])), int(match[2] or 0), int(match[3]))


def at_least_0(value: float, field: str) -> float:
    """The value. Raises UsageError if it is negative, or no number."""
    if not (value >= 0 and math.isfinite(value)):
        raise UsageError(f"{field}: {value:g} must be 0 or more", hint="leave it out if it is not known")
    return value


def worker_word(view: WorkerView) -> str:
    """AVAILABLE, BUSY, TERMINATED or LOST."""
    match view.state:
        case WorkerState.LEFT:
            return TERMINATED
        case WorkerState.LOST:
            return "LOST"
        case WorkerState.READY if view.cpu_free and view.running < (view.machine.capacity.tasks or math.inf):
            return AVAILABLE
        case _:
            return BUSY
