"""Paceline in a minute: a server, two workers, three kinds of training, an ordinary script. ``make demo`` runs this.

It does nothing but type commands, and shows each of them. What they make is kept in ``demo-data``, or the directory it
is given: the tables, the models and the fleet's own home. While it runs, try ``kill -9`` on any process of the fleet.
"""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

EXAMPLES = Path(__file__).resolve().parent
PLACE = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else EXAMPLES.parent / "demo-data"
LOG = PLACE / "up.log"
PACELINE = [sys.executable, "-m", "paceline"]

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(width=120, highlight=False)


def main() -> int:
    began = time.perf_counter()
    PLACE.mkdir(exist_ok=True)
    os.environ["PACELINE_HOME"] = str(PLACE / "home")
    with fleet():
        say("Three trainings on real data: a random forest, gradient boosting, a neural network (examples/models.yaml)")
        jobs = paceline("submit", "--quiet", str(EXAMPLES / "models.yaml"), shown=False).split()
        failed = not follow("watch", *jobs)
        say("What came of them, in the catalogue")
        paceline("model", "ls")
        say("A model predicts what it has never seen")
        [forest] = paceline("model", "ls", "--kind", "random_forest", "--limit", "1", "--quiet", shown=False).split()
        heading, *rows = paceline("model", "predict", forest, "new-tumours.csv", shown=False).splitlines()
        console.print("\n".join([heading, *rows[:3], f"… {len(rows)} rows"]))
        say("An ordinary training script; paceline.train.report is all it knows of Paceline")
        failed |= not follow("run", "--", sys.executable, str(EXAMPLES / "hello_training.py"))
    console.print(f"\nDone in {time.perf_counter() - began:.0f} s" + ("; something failed." if failed else "."))
    next_steps()
    return int(failed)


# ── a fleet of its own ──────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def fleet() -> Iterator[None]:
    """A server and two workers on this machine, ready; stopped again at the end."""
    say("A server and two workers")
    subprocess.run([sys.executable, EXAMPLES / "tables.py", PLACE], check=True)
    command = typed("up", "--workers", "2", "--port", "0", "--json")
    with (
        LOG.open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, process_group=0) as up,
    ):
        try:
            said = json.loads(up.stdout.readline() if up.stdout else "")
            if "error" in said:
                raise SystemExit(f"{said['error']['message']}\nhint: {said['error']['hint']}")
            console.print(f"{said['address']}, {' and '.join(said['workers'])} (log in {place(LOG)})")
            console.print(f"In a browser, while it lasts: {said['dashboard']}", soft_wrap=True)
            subprocess.run([*PACELINE, "cancel", "all"], stdout=subprocess.DEVNULL, check=False)  # of a broken off demo
            yield
        finally:
            up.terminate()
            up.wait()


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def paceline(*words: str, shown: bool = True) -> str:
    """What a command prints. Ends the demo if it fails: it told why."""
    done = subprocess.run(typed(*words), cwd=PLACE, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.returncode)
    if shown:
        console.print(done.stdout.rstrip(), markup=False)
    return done.stdout


def follow(*words: str) -> bool:
    """A command that shows what it does, while it does it. False: it failed."""
    return subprocess.run(typed(*words), cwd=PLACE, check=False).returncode == 0


def typed(*words: str) -> list[str]:
    """The command, which is shown as one would type it."""
    known = {sys.executable: "python", str(EXAMPLES): "examples"}
    words_shown = [
        next((to + word[len(at) :] for at, to in known.items() if word.startswith(at)), word) for word in words
    ]
    console.print(f"[dim]$ paceline {shlex.join(words_shown)}[/dim]")
    return [*PACELINE, *words]


def place(path: Path) -> str:
    """A path below here, without what everybody knows."""
    return str(path.relative_to(PLACE.parent)) if path.is_relative_to(PLACE.parent) else str(path)


def say(text: str) -> None:
    console.print(f"\n[bold]{text}[/bold]")


def next_steps() -> None:
    console.print("\nWhat next? The fleet is stopped; its home is kept. Start it again and look around:\n")
    home = f"PACELINE_HOME={place(PLACE / 'home')}"
    for command in ("up", "ps", "model show last", "logs last"):
        console.print(f"  {home} .venv/bin/paceline {command}")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
