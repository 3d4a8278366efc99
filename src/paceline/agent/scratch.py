"""Where tasks run that name no directory: made with care, for what lies in it is removed when nobody needs it.

``worker.working_dir`` may be a place like ``/tmp/worker``, in which others can have put a link to something of ours.
"""

import os
from pathlib import Path

from paceline.config import WorkerOptions
from paceline.model.errors import UsageError


def make_scratch(options: WorkerOptions) -> None:
    """It is there afterwards, and it is ours. Raises UsageError for a place that is not for us."""
    scratch = options.scratch.absolute()
    try:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError(
            f"worker.working_dir: {scratch} cannot be made: {why}", hint="name a directory that you may write to"
        ) from None
    if options.working_dir:
        _refuse_strange(scratch)


def _refuse_strange(scratch: Path) -> None:
    """Links above it are the user's affair, and so are those in his own home."""
    own = scratch.parent.parent.resolve() / scratch.parent.name / scratch.name
    if scratch.resolve() != own or scratch.stat().st_uid != os.geteuid():
        raise UsageError(
            f"worker.working_dir: {scratch} leads elsewhere or belongs to somebody else",
            hint="name a directory in which nobody else can write",
        )
