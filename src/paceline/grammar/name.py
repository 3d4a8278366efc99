"""Names of jobs: whatever a selection (``selector``) cannot mean anything else by."""

import re

from paceline.model.errors import UsageError

NUMBERS = re.compile(r"[\d_,:-]*\d[\d_,:-]*", re.ASCII)
"""What reads as jobs by number."""
TASKS = re.compile(r"(.+)\.([\d_,:-]*)", re.ASCII)
"""What reads as tasks of a job."""
NAME_LIMIT = 128


def check_name(name: str, field: str = "name") -> str:
    """The name itself, if a job can be called that: printable, and no selection means something else by it."""
    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= NAME_LIMIT:
        raise UsageError(f"{field}: {name!r} is not 1 to {NAME_LIMIT} printable characters", hint="such as train-7b")
    if name in ("last", "all") or NUMBERS.fullmatch(name) or TASKS.fullmatch(name):
        raise UsageError(f"{field}: {name!r} would read as a selection of jobs", hint=f"such as job-{name}")
    return name
