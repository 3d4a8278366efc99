"""``python -m paceline.supervisor DIRECTORY``: see the package."""

import sys
from functools import partial
from pathlib import Path

from paceline.supervisor.app import run
from paceline.supervisor.guard import guarded
from paceline.supervisor.options import Options


def main(arguments: list[str]) -> int:
    """Exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m paceline.supervisor DIRECTORY\n")
        return 2
    options = Options(directory=Path(arguments[0]).absolute())
    return guarded(partial(run, options), options.groups)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
