"""The way to the server, step by step."""

import os
import socket
from pathlib import Path

import pytest

from paceline.cli.doctor import answer, connection
from paceline.cli.doctor.finding import State
from paceline.cli.doctor.surroundings import surroundings
from paceline.clock import SystemClock
from paceline.wire.whereabouts import write_whereabouts
from tests.cli.doctor.around import LOCAL, asked, free_port, near, told


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PACELINE_HOME", str(tmp_path))
    for name in ("SERVER", "TOKEN"):
        monkeypatch.delenv(f"PACELINE_{name}", raising=False)
    (tmp_path / "server").mkdir()
    return tmp_path


def test_without_any_server_it_says_what_to_type(home: Path) -> None:
    [found] = connection.configured(surroundings("", SystemClock()))
    assert found.state is State.PROBLEM
    assert "paceline up" in found.todo


def test_who_named_the_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PACELINE_SERVER", "far.example:6000")
    [found] = connection.configured(surroundings("", SystemClock()))
    assert told([found]) == [("ok", "far.example:6000, by PACELINE_SERVER")]
    [found] = connection.configured(surroundings("near.example", SystemClock()))
    assert told([found]) == [("ok", "near.example:50051, by --server")]


def test_a_server_of_this_home_that_has_ended(home: Path) -> None:
    write_whereabouts(home, "127.0.0.1:50051")
    file = home / "server" / "server.json"
    file.write_text(file.read_text().replace(str(os.getpid()), str(_ended())))
    (home / "server" / "admin.token").write_text("pl_admin_x\n")
    [found] = connection.configured(surroundings("", SystemClock()))
    assert found.state is State.PROBLEM
    assert "has ended" in found.finding
    assert str(file) in found.finding


def test_one_that_runs(home: Path) -> None:
    write_whereabouts(home, "127.0.0.1:50051")
    (home / "server" / "admin.token").write_text("pl_admin_x\n")
    [found] = connection.configured(surroundings("", SystemClock()))
    assert found.state is State.OK
    assert found.fields["address"] == "127.0.0.1:50051"


def test_a_name_that_leads_nowhere(tmp_path: Path) -> None:
    around = near(tmp_path, host="no-such-host.invalid")
    [found] = connection.resolves(around)
    assert found.state is State.PROBLEM
    assert "no-such-host.invalid" in found.finding
    assert told(connection.connects(around)) == [("skipped", "its name is not known")]


def test_a_name_that_leads_somewhere(tmp_path: Path) -> None:
    assert told(connection.resolves(near(tmp_path))) == [("ok", "127.0.0.1 is 127.0.0.1")]


def test_nobody_listens(tmp_path: Path) -> None:
    port = free_port()
    [found] = connection.connects(near(tmp_path, port))
    assert told([found]) == [("problem", f"127.0.0.1:{port}: connection refused")]
    assert found.todo == "start a server here: paceline up"
    [found] = asked(near(tmp_path, port), answer.answers)
    assert found.state is State.PROBLEM
    assert "no Paceline server answers" in found.finding


def test_somebody_else_listens(tmp_path: Path) -> None:
    with socket.create_server((LOCAL, 0)) as stranger:
        around = near(tmp_path, stranger.getsockname()[1])
        assert [each.state for each in connection.connects(around)] == [State.OK]
        [found] = asked(around, answer.answers, patience=0.1)
    assert found.state is State.PROBLEM
    assert "says nothing for 0.1 s" in found.finding
    assert "PACELINE_TLS_CA" in found.todo


def _ended() -> int:
    """Pid of a process that is no more."""
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)
    return pid
