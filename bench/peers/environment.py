"""A throw-away environment for each system, with exactly what its requirements file pins."""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".bench" / "peers"


class Missing(Exception):
    """A system cannot be measured here, and why."""


def python(environment: str) -> str:
    """The interpreter of an environment, which is made if it is not there as pinned. Raises Missing."""
    if not environment:
        return sys.executable
    pinned = Path(__file__).with_name(f"requirements-{environment}.txt")
    home = PLACE / environment
    stamp, interpreter = home / "pinned.txt", home / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != pinned.read_text():
        print(f"making the environment of {environment}", file=sys.stderr, flush=True)
        venv.create(home, clear=True, with_pip=True)
        install = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        install += ["-r", str(pinned)]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"its packages cannot be installed: {done.stderr.strip().splitlines()[-1]}")
        stamp.write_text(pinned.read_text())
    return str(interpreter)
