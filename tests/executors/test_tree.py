"""What is known of processes, and signals that reach the right one."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from paceline.executors.tree import Process, children, everyone, families, look, send, variable

pytestmark = pytest.mark.system


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"], env={"A": "1", "AB": "2=3"}, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_a_process_is_described(sleeper: subprocess.Popen[bytes]) -> None:
    process = look(sleeper.pid)
    assert process is not None
    assert (process.pid, process.parent, process.session) == (sleeper.pid, os.getpid(), sleeper.pid)
    assert process in [each._replace(state=process.state) for each in everyone()]
    assert sleeper.pid in children(os.getpid())


def test_what_is_not_there_is_nothing() -> None:
    assert look(2**22 + 1) is None
    assert children(2**22 + 1) == []
    assert variable(2**22 + 1, b"A") == b""


@pytest.mark.parametrize(("name", "value"), [(b"A", b"1"), (b"AB", b"2=3"), (b"B", b""), (b"", b"")])
def test_a_variable_is_found_by_its_whole_name(sleeper: subprocess.Popen[bytes], name: bytes, value: bytes) -> None:
    assert variable(sleeper.pid, name) == value


def test_a_family_is_the_root_and_what_descends_from_it() -> None:
    script = "sleep 1000 & sh -c 'sleep 1000 & echo; wait' & wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as root:
        assert root.stdout
        root.stdout.readline()
        family = families([root.pid])
        assert family[0].pid == root.pid
        assert len(family) == 4
        for process in family:
            send(process, signal.SIGKILL)


def test_a_signal_reaches_the_process_it_is_for(sleeper: subprocess.Popen[bytes]) -> None:
    process = look(sleeper.pid)
    assert process is not None
    send(process._replace(started=process.started + 1), signal.SIGKILL)  # another one with the same pid
    assert sleeper.poll() is None
    send(process, signal.SIGTERM)
    assert sleeper.wait() == -signal.SIGTERM
    send(process, signal.SIGTERM)


def test_a_name_with_brackets_confuses_nobody() -> None:
    script = "import ctypes; ctypes.CDLL(None).prctl(15, b'a) R 1 (b', 0, 0, 0); print(flush=True); input()"
    with subprocess.Popen(["python3", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        found = look(process.pid)
        assert isinstance(found, Process)
        assert found.parent == os.getpid()
        process.kill()
