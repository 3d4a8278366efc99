"""Who spent the processor is read off real processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.processes import Meter, parts


@pytest.mark.system
def test_a_process_of_the_home_is_known_by_its_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "paceline", "server", "--home", str(tmp_path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        found = {part for part, _ in parts(tmp_path)}
        process.terminate()
    assert found == {"server", "store keep"}


def test_the_meter_tells_our_own_cpu(tmp_path: Path) -> None:
    with Meter(tmp_path) as spent:
        sum(range(3_000_000))
    assert spent.seconds["client"] > 0
    assert spent.serving() == 0
