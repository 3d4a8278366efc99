"""How one attempt ended, as an executor tells it, and the sentences for it."""

import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from paceline.executor import Began, Unbegun, Unwritable, disk_fault
from paceline.executors.memory import size
from paceline.model.errors import PacelineError
from paceline.model.task import Outcome


class End(NamedTuple):
    """One row of ``executor.Ended``; a tuple because there are a hundred thousand a second.

    ``began``: where its output begins, for an agent that did not hear of it; none where it left none, or all there is.
    """

    key: str
    outcome: str
    code: int = 0
    detail: str = ""
    seconds: float = 0.0
    out_end: int = 0
    err_end: int = 0
    result: bytes = b""
    began: Sequence[Began] = ()


News: TypeAlias = list[End] | Began | Unbegun | Unwritable
Tell: TypeAlias = Callable[[News], None]
"""Where executors say what happens."""


def not_begun(keys: Sequence[str], error: Exception) -> News:
    """What to tell of these, because of an error of ours or of the disk's. Of the former the log has all."""
    if fault := disk_fault(error):
        return Unwritable(keys=keys, fault=fault)
    sys.stderr.write("".join(traceback.format_exception(error)))
    return [End(key, Outcome.LAUNCH, detail=f"the supervisor failed at it: {error!r}") for key in keys]


class Verdict(NamedTuple):
    """Why we are ending an attempt; it stands whatever the program makes of its signals."""

    outcome: str
    detail: str


def timeout(seconds: float) -> Verdict:
    return Verdict(Outcome.TIMEOUT, f"ran longer than {seconds:g} s")


def unkillable(pids: Sequence[int]) -> Verdict:
    names = ", ".join(map(str, pids))
    return Verdict(Outcome.UNKILLABLE, f"still there long after SIGKILL: pid {names}; the machine may need a restart")


def exit_text(code: int, largest: int = 0) -> str:
    """ "exit code 3", "killed by signal 11 (SIGSEGV)". ``largest``: bytes that the largest process occupied."""
    if code >= 0:
        return f"exit code {code}"
    text = f"killed by signal {-code} ({_signal_name(-code)})"
    if code == -signal.SIGKILL:
        text += ", by nobody here: the usual cause is that the machine ran out of memory"
        text += f" (its largest process had {size(largest)})" if largest else ""
    return text


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "a real-time signal"


def sentence(error: PacelineError) -> str:
    """What is wrong; what to do about it."""
    return f"{error.message}; {error.hint}" if error.hint else error.message
