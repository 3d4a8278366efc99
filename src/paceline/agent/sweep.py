"""Removing what attempts leave on disk: theirs one by one, and whatever a former agent did not get to."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from paceline.agent.memory import attempt_ids
from paceline.agent.places import Places
from paceline.model.columns import Attempts


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
