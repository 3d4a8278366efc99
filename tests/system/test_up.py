"""``paceline up``: it starts, it mends, it stops."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.system.conftest import until

pytestmark = pytest.mark.system


class Up:
    """``paceline up`` with two workers at any free port."""

    def __init__(self, home: Path) -> None:
        self.env = {**os.environ, "PACELINE_HOME": str(home)}
        self.process = self.start("up", "--port", "0", "--workers", "2", "--cpus", "1", "--json")
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "paceline", *words],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def children(self) -> dict[str, int]:
        """Process ids by the command they run: ``server``, and workers by name."""
        found = {}
        for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if "paceline" in words:
                found[words[words.index("--name") + 1] if "--name" in words else "server"] = int(pid)
        return found

    def run(self, *words: str) -> str:
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return out

    def answers(self) -> bool:
        process = self.start("worker", "ls")
        process.communicate(timeout=60)
        return process.returncode == 0


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    here = Up(tmp_path)
    yield here
    here.process.terminate()
    here.process.communicate(timeout=60)


def test_it_starts_mends_and_stops(up: Up) -> None:
    first, second = up.ready["workers"]
    assert Path(up.ready["token_file"]).stat().st_mode & 0o777 == 0o600
    assert up.run("run", "--", "echo", "hello") == "hello\n"
    workers = json.loads(up.run("worker", "ls", "--json"))["workers"]
    offered = [worker["machine"]["capacity"]["memory"] for worker in workers]
    assert len(offered) == 2
    assert sum(offered) <= psutil.virtual_memory().total

    before = up.children()
    assert set(before) == {"server", first, second}
    for name in ("server", first):
        os.kill(before[name], signal.SIGKILL)

    def both_back() -> bool:
        now = up.children()  # once: between two looks one may go or come
        return now.keys() == before.keys() and all(now[name] != before[name] for name in ("server", first))

    until(both_back, "both are back")
    until(up.answers, "the server answers again")
    assert up.run("submit", "--wait", "--array", "1-4", "-q", "--", "true")

    up.process.send_signal(signal.SIGINT)
    up.process.communicate(timeout=60)
    assert up.process.returncode == 0
    assert [name for name, pid in before.items() if Path(f"/proc/{pid}").exists()] == []


def test_a_second_one_says_what_runs_already(up: Up) -> None:
    second = up.start("up")
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert err.startswith(f"error: a server runs here already: {up.ready['address']}, process ")
