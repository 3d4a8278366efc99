"""What is left of this machine: its disks, ports, pages, limits."""

import json
import os
import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paceline.cli.doctor import disk, machine, pages, ports
from paceline.cli.doctor.finding import State
from paceline.cli.doctor.processes import command, holder, is_alive, listeners
from paceline.wire.whereabouts import write_whereabouts
from tests.cli.doctor.around import LOCAL, free_port, near, told
from tests.mounts import small_disk


def test_there_is_room(tmp_path: Path) -> None:
    around = near(tmp_path / "not" / "there" / "yet")
    [found] = disk.store(around)
    assert found.fields["directory"] == str(around.home / "server")
    assert not around.home.exists()


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home", "size=1m") as place:
        [store] = disk.store(near(place))
        [workers] = disk.home(near(place))
    assert (store.state, workers.state) == (State.PROBLEM, State.PROBLEM)
    assert "less than the reserve of 256 MiB: it accepts nothing new" in store.finding
    assert "less than the reserve of 64 MiB: it takes nothing new" in workers.finding


def test_a_disk_that_is_soon_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "home", "size=512m") as place:
        assert [each.state for each in disk.store(near(place))] == [State.WARNING]


def test_a_store_that_is_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    write_whereabouts(tmp_path, "127.0.0.1:50051")
    assert [each.state for each in disk.store(near(tmp_path, host="far.example"))] == [State.SKIPPED]


# ── ports ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_has_a_port() -> None:
    with socket.create_server((LOCAL, 0)) as server:
        assert listeners()[server.getsockname()[1]] == os.getpid()
    assert server.fileno() == -1


def test_ports_free_ours_and_a_strangers() -> None:
    wanted = [(port, f"number {port}", "--port") for port in (1, 2, 3, 4)]
    commands = {7: "python -m paceline server", 8: "node index.js", 0: ""}
    ours, theirs, unseen, free = ports.judged({1: 7, 2: 8, 3: 0}, commands.__getitem__, wanted)
    assert told([ours]) == [("ok", "1 is Paceline's: python -m paceline server (process 7)")]
    assert told([theirs]) == [("warning", "2 (number 2) is taken by node index.js (process 8)")]
    assert "--port PORT" in theirs.todo
    assert told([unseen]) == [("warning", "3 (number 3) is taken by a process that is not ours to see")]
    assert told([free]) == [("ok", "free: 4")]


def test_a_process() -> None:
    assert is_alive(os.getpid())
    assert not is_alive(0)
    assert "python" in command(os.getpid())
    assert command(1 << 30) == ""


def test_who_has_a_file_open(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    file.touch()
    assert holder(file) == 0
    with file.open():
        assert holder(file) == os.getpid()


# ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/": 200, "/health": 200, "/metrics": 200, "/guarded/metrics": 401}.get(self.path, 404))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's word
        pass


@contextmanager
def answering() -> Iterator[str]:
    with ThreadingHTTPServer((LOCAL, 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://{LOCAL}:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_servers_pages(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    around = near(tmp_path, 50051)
    with answering() as url:
        write_whereabouts(tmp_path, "127.0.0.1:50051", url)
        assert told(pages.server(around)) == [("ok", f"{url}/health answers"), ("ok", f"{url}/ answers")]
        write_whereabouts(tmp_path, "127.0.0.1:50051", f"{url}/elsewhere")
        assert [each.state for each in pages.server(around)] == [State.PROBLEM, State.PROBLEM]
    found, _ = pages.server(around)
    assert found.state is State.PROBLEM
    assert "does not answer: connection refused" in found.finding


def test_a_workers_metrics(tmp_path: Path) -> None:
    directory = tmp_path / "workers" / "w"
    directory.mkdir(parents=True)
    about = {"name": "w", "grpc": "", "server": "", "started_at": 0.0, "pid": os.getpid()}
    with answering() as url:
        (directory / "worker.json").write_text(json.dumps({**about, "http": url}))
        assert told(pages.worker(near(tmp_path))) == [("ok", f"{url}/metrics answers")]
        (directory / "worker.json").write_text(json.dumps({**about, "http": f"{url}/guarded"}))
        assert told(pages.worker(near(tmp_path))) == [("ok", f"{url}/guarded/metrics answers whoever shows a token")]
    (directory / "worker.json").write_text(json.dumps({**about, "http": f"http://{LOCAL}:{free_port()}"}))
    assert [each.state for each in pages.worker(near(tmp_path))] == [State.PROBLEM]
    (directory / "worker.json").write_text(json.dumps({**about, "http": url, "pid": 1 << 30}))
    assert told(pages.worker(near(tmp_path))) == [("skipped", "w does not run")]


def test_no_worker_says_where_it_answers(tmp_path: Path) -> None:
    assert [each.state for each in pages.worker(near(tmp_path))] == [State.SKIPPED]


# ── the rest ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_look_at_the_machine_finds_something(tmp_path: Path) -> None:
    looks = (machine.devices, machine.engine, machine.memory, machine.cpu, machine.python, disk.shared_memory)
    for look in looks:
        assert all(each.finding for each in look(near(tmp_path))), look


def test_who_waits_for_memory() -> None:
    text = "some avg10=12.50 avg60=1.00 avg300=0.00 total=1\nfull avg10=3.00 avg60=0.00 avg300=0.00 total=1\n"
    assert machine.pressure(text) == 12.5
    assert machine.pressure("") == 0.0


@pytest.fixture
def few_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("few_files")
def test_too_few_open_files(tmp_path: Path) -> None:
    files, _ = machine.limits(near(tmp_path))
    assert told([files]) == [("warning", "256 open files at most")]
    assert "ulimit -n 4096" in files.todo
