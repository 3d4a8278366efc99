"""What the system tests let train: a number that says of every step whether it was made, and whether it was made once.

Each attempt leaves a line per step in the *witness* directory, outside of Paceline.
"""

import os
import sys
import time
from pathlib import Path

from paceline.train import checkpoint, requeue, restore, session, should_stop

STEPS = 30


def train(witness: str, nap: float = 0.05) -> int:
    """Learn to the end; the final number."""
    seen = Path(witness, session.current().replace("#", "-"))
    done = restore()
    state, first = (int((done.path / "state").read_text()), done.step + 1) if done else (1, 0)
    seen.write_text(f"{os.getpid()} begins at {first}\n")
    for step in range(first, STEPS):
        state = learn(state, step)
        if step == 7:
            wait_for(Path(witness, "go on"))
        with checkpoint(step=step, metric=float(-step)) as folder:
            (folder / "state").write_text(str(state))
            (folder / "weights").mkdir()
            (folder / "weights" / "0.bin").write_bytes(bytes([step]) * 100_000)
            if step == 5:
                wait_for(Path(witness, "keep it"))
        with seen.open("a") as file:
            file.write(f"{step}\n")
        if should_stop():
            requeue()
        time.sleep(nap)
    return state


def learn(state: int, step: int) -> int:
    return (state * 6364136223846793005 + step) % (1 << 64)


def final() -> int:
    state = 1
    for step in range(STEPS):
        state = learn(state, step)
    return state


def wait_for(path: Path) -> None:
    """Until the test has put it there. Somebody may want us to stop meanwhile."""
    while not path.exists() and not should_stop():
        time.sleep(0.01)


if __name__ == "__main__":
    print(train(sys.argv[1]))  # noqa: T201 - its result
