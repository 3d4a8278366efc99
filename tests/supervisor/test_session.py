"""What a training script imports, without a supervisor."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paceline.train import report, session


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind(str(tmp_path / "reports"))
        session.enter("3.17#2", str(tmp_path / "reports"))
        yield inbox
        session.leave()


def received(inbox: socket.socket) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(inbox.recv(1 << 17))
    return message


def test_outside_paceline_nothing_happens() -> None:
    report(step=1, loss=0.5)
    assert session.current() == ""


def test_a_report_names_the_attempt(inbox: socket.socket) -> None:
    report(step=4, loss=0.5, note="half")
    assert session.current() == "3.17#2"
    assert received(inbox) == {"key": "3.17#2", "step": 4, "values": {"loss": 0.5, "note": "half"}}


def test_steps_count_by_themselves(inbox: socket.socket) -> None:
    report(loss=3)
    report(step=7)
    report()
    assert [received(inbox)["step"] for _ in range(3)] == [0, 7, 8]


def test_numbers_of_other_libraries_are_numbers(inbox: socket.socket) -> None:
    report(one=np.float32(0.5), two=np.int64(2), many=np.array([1, 2]), worst=float("inf"), nan=np.float32("nan"))
    assert received(inbox)["values"] == {"one": 0.5, "two": 2, "many": [1, 2], "worst": "Infinity", "nan": "NaN"}


def test_what_is_no_value_is_refused(inbox: socket.socket) -> None:
    with pytest.raises(TypeError, match="report: object <object object at .*> is not a number, text, list or mapping"):
        report(thing=object())


def test_too_much_is_refused(inbox: socket.socket) -> None:
    with pytest.raises(ValueError, match=r"report: step 0 takes 70,0\d\d bytes; the limit is 65,536"):
        report(text="x" * 70_000)


def test_nobody_there_is_no_failure(tmp_path: Path) -> None:
    for path in (tmp_path / "nobody", tmp_path / ("long" * 50) / "nobody"):
        session.enter("1.0#1", str(path))
        report(loss=1)
    session.leave()


def test_a_program_is_told_by_its_environment(monkeypatch: pytest.MonkeyPatch, inbox: socket.socket) -> None:
    path = inbox.getsockname()
    session.leave()
    for name, value in {"TASK_ID": "5.0", "ATTEMPT": "3", "REPORTS": path}.items():
        monkeypatch.setenv(f"PACELINE_{name}", value)
    report(loss=1)
    assert received(inbox)["key"] == "5.0#3"


@pytest.mark.system
def test_it_is_light() -> None:
    script = "import sys, paceline.train; print([name for name in ('msgspec', 'numpy', 'grpc') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
