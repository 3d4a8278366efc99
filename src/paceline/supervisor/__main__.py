"""``python -m paceline.supervisor DIRECTORY [IDLE]``: see the package. IDLE: seconds without agent and work to stay."""

import sys
from pathlib import Path

from paceline.supervisor.app import run
from paceline.supervisor.options import Options


def main(arguments: list[str]) -> int:
    """Exit code."""
    if len(arguments) not in (1, 2):
        sys.stderr.write(f"usage: python -m paceline.supervisor DIRECTORY [IDLE]\n{__doc__}\n")
        return 2
    idle = {"idle": float(arguments[1])} if arguments[1:] else {}
    return run(Options(directory=Path(arguments[0]).absolute(), **idle))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
