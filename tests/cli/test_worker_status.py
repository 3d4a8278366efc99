"""``paceline worker --status``: what a worker that runs here says of itself, and what is said where none does."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from paceline.cli.main import run
from paceline.config import WorkerOptions
from paceline.wire.whereabouts import WorkerWhereabouts, write_worker
from tests.agent.face import Shown
from tests.agent.test_status import showing


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PACELINE_HOME", str(tmp_path))
    return tmp_path


def while_it_runs(home: Path, ask: Callable[[], int]) -> int:
    async def test() -> int:
        async with showing(Shown(home)):
            return await asyncio.to_thread(ask)

    return asyncio.run(test())


def gone(home: Path, name: str) -> None:
    """A worker that left its file, and whose port nobody has."""
    options = WorkerOptions(server="box:50051", name=name, home=home)
    options.directory.mkdir(parents=True)
    here = WorkerWhereabouts(
        name=name, http="http://127.0.0.1:9", grpc="127.0.0.1:9", server="box:50051", started_at=1.0, pid=1
    )
    write_worker(options, here)


def test_the_worker_that_runs_is_asked_itself(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert while_it_runs(home, lambda: run(["worker", "--status"])) == 0
    text = capsys.readouterr().out
    assert "ada (number 3, process" in text
    assert "box:50051, connected" in text
    assert "0 running, 0 completed, 0 failed" in text


def test_json_is_its_health(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert while_it_runs(home, lambda: run(["worker", "--status", "--name", "ada", "--json"])) == 0
    said = json.loads(capsys.readouterr().out)["worker"]
    assert (said["worker_id"], said["status"], said["active_tasks"]) == ("ada", "healthy", 0)


def test_one_that_is_gone_does_not_answer(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone(home, "ada")
    assert run(["worker", "--status"]) == 69
    assert "no worker of this home runs here" in capsys.readouterr().err


def test_whoever_has_its_port_now_is_not_taken_for_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def test() -> int:
        async with showing(Shown(home)) as here:
            (home / "workers/ada/worker.json").write_text(
                json.dumps({**{name: getattr(here, name) for name in here.__slots__}, "pid": 1})
            )
            return await asyncio.to_thread(run, ["worker", "--status"])

    assert asyncio.run(test()) == 69
    assert "runs here" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "hint"), [("bda", "did you mean --name ada?"), ("zoe", "start it: paceline worker --name zoe")]
)
def test_a_name_that_none_has(home: Path, capsys: pytest.CaptureFixture[str], name: str, hint: str) -> None:
    gone(home, "ada")
    assert run(["worker", "--status", "--name", name]) == 69
    said = capsys.readouterr().err
    assert f"no worker named {name} runs here" in said
    assert hint in said
