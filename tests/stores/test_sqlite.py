"""What only a store in a file can go through: other servers, killed processes, broken and foreign files, full disks."""

import asyncio
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from paceline.model.errors import StoreError, TryAgain
from paceline.model.ids import AttemptId
from paceline.model.queries import Jobs, Log
from paceline.model.records import Snapshot
from paceline.model.views import LogPage
from paceline.stores.sqlite import SqliteStore
from tests.contracts.records import JOB, chunk, job, token
from tests.contracts.store import keep
from tests.system.chaos import tracer

pytestmark = pytest.mark.system


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server" / "paceline.db"


async def load(path: Path, patience: float = 0.0) -> Snapshot:
    """Load and close."""
    store = SqliteStore(path, patience=patience)
    try:
        return await store.load()
    finally:
        await store.close()


def process_of(role: str) -> psutil.Process:
    """The store's process in a role, among this process's children."""
    (process,) = (child for child in psutil.Process().children() if role in child.cmdline())
    return process


def is_whole(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    finally:
        connection.close()


# ── one server ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_server_is_refused_by_the_pid_of_the_first(path: Path) -> None:
    async def scenario() -> None:
        first = SqliteStore(path)
        await first.load()
        with pytest.raises(StoreError, match=rf"in use by another server \(pid {os.getpid()}\)") as refused:
            await load(path)
        assert "stop that server first" in refused.value.hint
        await keep(first, job())
        await first.close()

    asyncio.run(scenario())


def test_a_second_server_waits_for_the_first_to_go(path: Path) -> None:
    async def scenario() -> None:
        first = SqliteStore(path)
        await first.load()
        second = asyncio.create_task(load(path, patience=10.0))
        await asyncio.sleep(0)
        await keep(first, job())
        await first.close()
        assert (await second).next_job == 2

    asyncio.run(scenario())


def test_what_a_store_cannot_open_leaves_it_free(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("not at all a database " * 100)
    with pytest.raises(StoreError, match="not a database"):
        asyncio.run(load(path))
    path.unlink()
    assert asyncio.run(load(path)).epoch == 1


# ── killed processes ────────────────────────────────────────────────────────────────────────────────────────────────


def test_when_the_keeping_process_is_killed_all_that_is_not_kept_is_refused(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(1))
        process_of("keep").kill()
        pending = [keep(store, job(number)) for number in (2, 3)]
        told = await asyncio.gather(*pending, return_exceptions=True)
        assert [type(error) for error in told] == [StoreError, StoreError]
        with pytest.raises(StoreError, match="its process died"):
            await keep(store, job(4))
        assert [row.kept.job for row in await store.read(Jobs())][-1] == 1
        await store.close()

    asyncio.run(scenario())
    assert asyncio.run(load(path)).next_job >= 2
    assert is_whole(path)


def test_what_a_killed_server_was_told_to_be_kept_is_there(path: Path) -> None:
    program = Path(__file__).with_name("burst.py")
    root = Path(__file__).parents[2]
    command = [sys.executable, str(program), str(path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=root, env={"PYTHONPATH": str(root)}
    ) as server:
        assert server.stdout is not None
        told = [int(server.stdout.readline()) for _ in range(500)]
        server.send_signal(signal.SIGKILL)
        told += [int(line) for line in server.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    snapshot = asyncio.run(load(path, patience=10.0))
    numbers = [live.kept.job for live in snapshot.jobs]
    assert told == list(range(1, len(told) + 1))
    assert numbers == list(range(1, len(numbers) + 1))  # no gaps: what was kept was kept in order
    assert len(numbers) >= len(told)
    assert len(snapshot.tokens) == len(numbers)  # every batch as a whole
    assert is_whole(path)


def test_signals_for_the_server_do_not_end_its_keeping_process(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process_of("keep").send_signal(number)
        await keep(store, job())
        await store.close()

    asyncio.run(scenario())


def test_nobody_notices_that_the_reading_process_was_killed(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job())
        assert len(await store.read(Jobs())) == 1
        process_of("read").kill()
        pending = [store.read(Jobs()) for _ in range(3)]
        assert [len(rows) for rows in await asyncio.gather(*pending)] == [1, 1, 1]
        await store.close()

    asyncio.run(scenario())


def test_a_read_of_which_two_reading_processes_died_fails(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await store.read(Jobs())
        asked = asyncio.create_task(store.read(Jobs()))
        while not asked.done():
            for child in psutil.Process().children():
                with suppress(psutil.Error):  # it is dead already
                    if "read" in child.cmdline():
                        child.kill()
            await asyncio.wait({asked}, timeout=0.005)
        with pytest.raises(StoreError, match="the process that reads it died"):
            await asked
        assert not await store.read(Jobs())
        await store.close()

    asyncio.run(scenario())


def test_reads_that_nobody_waits_for_do_not_shift_answers(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(), chunk(0, b"hello"))
        await store.read(Jobs())
        given_up = asyncio.create_task(store.read(Jobs()))
        page = asyncio.create_task(store.read(Log(attempt=AttemptId(JOB, 0, 1), stream="out")))
        await asyncio.sleep(0)
        given_up.cancel()
        assert (await page).data == b"hello"
        await store.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("number", [1 << 63, (1 << 64) - 1, 1 << 64])
def test_what_cannot_be_asked_is_refused_and_others_get_their_own_answers(path: Path, number: int) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(), chunk(0, b"hello"))
        await store.read(Jobs())
        reading = process_of("read").pid
        page = Log(attempt=AttemptId(JOB, 0, 1), stream="out")
        asked = [store.read(Jobs(before=number)), store.read(page), store.read(Jobs())]
        refused, output, rows = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(refused, StoreError)
        assert isinstance(output, LogPage)
        assert output.data == b"hello"
        assert isinstance(rows, list)
        assert len(rows) == 1
        assert process_of("read").pid == reading
        await store.close()

    asyncio.run(scenario())


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_files_are_for_their_owner_only(path: Path) -> None:
    asyncio.run(load(path))
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {"paceline.db": 0o600, "paceline.db.logs": 0o600, "paceline.db.lock": 0o600}


def allow(path: Path, size: int) -> None:
    """So many bytes more may be written to the log of the database: a quota, as the keeping process sees it."""
    limit = path.with_name("paceline.db-wal").stat().st_size + size
    resource.prlimit(process_of("keep").pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def test_what_does_not_fit_on_the_disk_is_kept_once_it_does(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(1))
        allow(path, 64_000)
        told: asyncio.Queue[BaseException | None] = asyncio.Queue()
        store.keep([job(2), *(token(f"{number}" * 50) for number in range(5_000))], told.put_nowait)
        for _ in range(2):
            trouble = await told.get()
            assert isinstance(trouble, TryAgain)
            assert str(trouble).startswith("the server is read-only: ")
            assert "disk I/O error" in str(trouble)
            assert trouble.hint.endswith("it goes on by itself")
        assert [row.kept.job for row in await store.read(Jobs())] == [1]
        allow(path, 64_000_000)
        while (last := await told.get()) is not None:
            assert isinstance(last, TryAgain)
        await keep(store, job(3))
        await store.close()

    asyncio.run(scenario())
    snapshot = asyncio.run(load(path))
    assert [live.kept.job for live in snapshot.jobs] == [1, 2, 3]
    assert len(snapshot.tokens) == 5_000
    assert is_whole(path)


@pytest.fixture
def traceable() -> None:
    """Errors can be injected here."""
    if reason := tracer.missing():
        pytest.skip(reason)


@pytest.mark.usefixtures("traceable")
def test_what_was_not_made_durable_is_the_end_of_the_store(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(1))
        with (
            tracer.injected(process_of("keep").pid, ["fsync", "fdatasync"], "error=EIO", 1),
            pytest.raises(StoreError, match="did not make durable what it was given") as refused,
        ):
            await keep(store, job(2))
        assert not isinstance(refused.value, TryAgain)
        assert "start the server again: all that was acknowledged is there" in refused.value.hint
        with pytest.raises(StoreError, match="did not make durable"):
            await keep(store, job(3))  # the next fsync would succeed
        await store.close()

    asyncio.run(scenario())
    assert [live.kept.job for live in asyncio.run(load(path)).jobs] in ([1], [1, 2])
    assert is_whole(path)


@pytest.mark.usefixtures("traceable")
@pytest.mark.parametrize("error", ["EDQUOT", "EROFS", "ENOSPC"])
def test_what_could_not_be_written_is_written_when_it_can_be(path: Path, error: str) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        told: asyncio.Queue[BaseException | None] = asyncio.Queue()
        with tracer.injected(process_of("keep").pid, ["pwrite64"], f"error={error}", "1+"):
            store.keep([job(1)], told.put_nowait)
            assert isinstance(await told.get(), TryAgain)
        while await told.get() is not None:
            pass
        await keep(store, job(2))
        await store.close()

    asyncio.run(scenario())
    assert [live.kept.job for live in asyncio.run(load(path)).jobs] == [1, 2]


@pytest.mark.usefixtures("traceable")
def test_a_disk_that_fails_is_the_end_of_the_store(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        with tracer.injected(process_of("keep").pid, ["pwrite64", "write"], "error=EIO", "1+"):
            with pytest.raises(StoreError, match="the disk fails"):
                await keep(store, job(1))
            await store.close()

    asyncio.run(scenario())
    assert asyncio.run(load(path)).jobs == []


def test_what_a_dead_server_left_in_the_log_is_written_anew(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(1))
        log = path.with_name("paceline.db-wal")
        grown = log.stat().st_size
        process_of("keep").kill()
        with pytest.raises(StoreError):
            await keep(store, job(2))
        await store.close()
        again = SqliteStore(path)
        assert [live.kept.job for live in (await again.load()).jobs] == [1]
        assert 0 < log.stat().st_size < grown  # it began anew, with the new term
        await again.close()

    asyncio.run(scenario())


def test_a_server_may_stop_while_the_disk_is_full(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(1))
        allow(path, 64_000)
        told: asyncio.Queue[BaseException | None] = asyncio.Queue()
        store.keep([job(2), *(token(f"{number}" * 50) for number in range(5_000))], told.put_nowait)
        assert isinstance(await told.get(), TryAgain)
        await store.close()
        assert isinstance(await told.get(), TryAgain | StoreError)

    asyncio.run(scenario())
    snapshot = asyncio.run(load(path))
    assert [live.kept.job for live in snapshot.jobs] == [1]
    assert snapshot.tokens == []
    assert is_whole(path)


def test_an_impatient_look_with_another_tool_is_waited_out(path: Path) -> None:
    async def scenario() -> None:
        store = SqliteStore(path)
        await store.load()
        await keep(store, job(1))
        tool = sqlite3.connect(path, isolation_level=None)
        tool.execute("BEGIN IMMEDIATE")
        told: asyncio.Queue[BaseException | None] = asyncio.Queue()
        store.keep([job(2)], told.put_nowait)
        trouble = await told.get()
        assert "database is locked" in str(trouble)
        tool.close()
        while await told.get() is not None:
            pass
        await store.close()

    asyncio.run(scenario())


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/server cannot be written: Not a directory") as refused:
        asyncio.run(load(tmp_path / "file" / "server" / "paceline.db"))
    assert "may write to" in refused.value.hint


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE cats (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="is a database of some other program"):
        asyncio.run(load(path))
    assert path.read_bytes() == before


def test_a_newer_schema_is_refused(path: Path) -> None:
    asyncio.run(load(path))
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO migration VALUES (9999, '9999_future', '')")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"has schema 9999, this program knows up to \d+") as refused:
        asyncio.run(load(path))
    assert "newer Paceline" in refused.value.hint
