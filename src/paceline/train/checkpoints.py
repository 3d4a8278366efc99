"""Checkpoints: written by one attempt, found by the next, on whatever machine that runs.

A checkpoint is a folder of files. It is whole or it is not there: it counts once the *server* has recorded it, and the
server records it only for the attempt that is the task's current one.
"""

import math
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Literal

from paceline.model.errors import PacelineError
from paceline.train import session, term
from paceline.train.agent import Refused, ask
from paceline.train.folder import listed
from paceline.train.stopping import requeue

_PROBE = 1 << 20
"""Bytes for which a disk has room that is not full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One that was found. ``path``: a folder with its files, there until the attempt ends; ``metric``: as kept."""

    path: Path
    step: int
    metric: float | None


@contextmanager
def checkpoint(
    *, step: int, metric: float | None = None, best: Literal["min", "max"] = "min", keep: int = 3
) -> Iterator[Path]:
    """An empty folder to write files into. When the block ends, they are kept: they survive this machine.

    ::

        with checkpoint(step=epoch, metric=val_loss) as folder:
            torch.save(model.state_dict(), folder / "model.pt")

    Of a task's checkpoints the newest ``keep`` stay, and the one with the best ``metric`` (the smallest, or the largest
    with ``best="max"``); when its job is over, all go. The same step again replaces what was kept of it. If the block
    raises, nothing is kept.

    A training does not die because nobody listens: if the server cannot be reached for a minute, or it or the disk here
    has no space, a warning goes to stderr, nothing is kept, and the training goes on. If the attempt is no longer the
    task's current one, nothing it writes counts any more: that is said, and ``should_stop`` becomes True.

    From the first call on, SIGTERM only makes ``should_stop`` True. Outside Paceline the folder is removed again.

    Raises ValueError for an empty folder, a link in it, a negative step, ``keep`` below 1, or another ``best``.
    """
    about = _checked(step, metric, best, keep)
    agent = session.agent()
    if agent is None:
        with tempfile.TemporaryDirectory(prefix="checkpoint-") as aside:
            yield Path(aside)
        return
    term.listen()
    key = session.current()
    folder = agent.parent / "checkpoints" / f"{key}-{token_hex(8)}"
    with suppress(OSError):  # on a full disk: what is written into it fails, and it is said below
        folder.mkdir(mode=0o700)
    try:
        yield folder
        question = {"ask": "keep", "key": key, "folder": str(folder), "files": listed(folder), **about}
        _send(agent, question, step)
    except Exception as error:
        if not (why := _unwritable(folder.parent)):
            raise
        _warn(f"checkpoint of step {step} is not kept: {why} ({error})")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def restore() -> Checkpoint | None:
    """The newest checkpoint of this task, whichever attempt made it and wherever; None if there is none.

    Every file is checked against the hash under which it was kept; a checkpoint that is damaged is passed over for the
    one before it, and that is said on stderr. None outside Paceline.

    If nobody can be asked for a minute, the attempt ends here and asks for another (``requeue``): to begin anew, when
    there may be something to go on from, would be worse.
    """
    agent = session.agent()
    if agent is None:
        return None
    try:
        found = ask(agent, {"ask": "restore", "key": session.current()})
    except PacelineError as error:
        _warn(f"restore: {error.message}; asks for another attempt")
        requeue()
    for skipped in found["skipped"]:
        _warn(f"restore: {skipped}")
    if "folder" not in found:
        return None
    return Checkpoint(path=Path(found["folder"]), step=found["step"], metric=found["metric"])


def _checked(step: int, metric: float | None, best: str, keep: int) -> dict[str, object]:
    if step < 0:
        raise ValueError(f"checkpoint: step {step} is negative")
    if keep < 1:
        raise ValueError(f"checkpoint: keep={keep}: at least the newest is kept; the smallest is 1")
    if best not in ("min", "max"):
        raise ValueError(f"checkpoint: best={best!r} is neither 'min' nor 'max'")
    value = None if metric is None or math.isnan(metric) else float(metric)
    return {"step": int(step), "metric": value, "best": best, "keep": int(keep)}


def _send(agent: Path, question: Mapping[str, object], step: int) -> None:
    try:
        ask(agent, question)
    except PacelineError as error:
        if isinstance(error, Refused) and error.stale:
            term.mark()
            _warn(f"checkpoint of step {step} does not count: {error.message}")
        else:
            _warn(f"checkpoint of step {step} is not kept: {error.message}")


def _unwritable(directory: Path) -> str:
    """Why nothing can be written there; empty if it can. Libraries tell of a full disk in errors of their own."""
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(bytes(_PROBE))
    except OSError as error:
        return f"{directory}: {error.strerror}"
    return ""


def _warn(text: str) -> None:
    sys.stderr.write(f"paceline.train: {text}\n")
