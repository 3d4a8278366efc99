"""Removing what attempts leave on disk: theirs one by one, and whatever a former agent did not get to."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from paceline.agent.memory import attempt_ids
from paceline.agent.places import Places
from paceline.model.columns import Attempts
from paceline.model.ids import AttemptId


def remove_output(places: Places, attempt: AttemptId) -> None:
    """Of a program."""
    output = places.output_of(attempt)
    for path in (output.out, output.err):
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - hot: no Path object per file


def remove_if_empty(directory: str) -> bool:
    """False: there is something in it. One that is not there is as good as removed."""
    try:
        os.rmdir(directory)  # noqa: PTH106 - hot
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def remove_tree(directory: str) -> None:
    """What cannot be removed stays."""
    shutil.rmtree(directory, ignore_errors=True)


def sweep(places: Places, supervisor: int, held: Iterable[Attempts]) -> None:
    """Output and scratch directories of attempts that nobody holds, and output of other supervisors' processes."""
    kept = [attempt for columns in held for attempt in attempt_ids(columns)]
    names = {Path(places.scratch_of(attempt)).name for attempt in kept}
    for path in _entries(places.logs):
        mine = path.name.startswith(f"pool-{supervisor}-") or (kept and path.name.startswith("pool-"))
        if not mine and path.stem not in names:
            path.unlink(missing_ok=True)
    for path in _entries(places.scratch):
        if path.name not in names:
            remove_tree(str(path))


def _entries(directory: Path) -> list[Path]:
    return list(directory.iterdir()) if directory.is_dir() else []
