"""The agent's desk: a real question of a program's, answered by a real server."""

import asyncio
import hashlib
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from paceline.agent.desk import Desk
from paceline.agent.files import Files
from paceline.agent.places import Places
from paceline.clock import SystemClock
from paceline.config import WorkerOptions
from paceline.model.columns import Attempts
from paceline.model.ids import JobId
from paceline.model.job import JobSpec, Spec
from paceline.train.agent import Answer, Refused, ask
from tests.server.conftest import ScriptedWorker, serving

KEY = "1.0#1"


class Program:
    """Has been run by this worker, and asks."""

    def __init__(self, places: Places) -> None:
        self.places = places

    async def ask(self, what: str, key: str = KEY, **more: object) -> Answer:
        return await asyncio.to_thread(ask, self.places.desk, {"ask": what, "key": key, **more}, 5.0)

    async def keep(self, step: int, key: str = KEY, **contents: str) -> Answer:
        folder = self.places.checkpoints / f"{key}-{step}"
        folder.mkdir()
        for name, text in contents.items():
            (folder / name).write_text(text)
        files = [_file(name, text.encode()) for name, text in contents.items()]
        about = {"step": step, "metric": None, "best": "min", "keep": 3}
        return await self.ask("keep", key, folder=str(folder), files=files, **about)


def _file(name: str, content: bytes) -> Mapping[str, object]:
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def play(tmp_path: Path, story: Callable[[Program], Awaitable[None]]) -> None:
    """A server, and a desk for the one attempt that this worker has."""

    async def run() -> None:
        async with serving(tmp_path / "home") as served, served.client() as client, ScriptedWorker(served) as worker:
            number, key = await worker.join(served.fleet.auth.create("join", "", served.fleet.clock.now(), 600)[0])
            await worker.hello(number, key)
            await client.submit([JobSpec(name="j", run=Spec(kind="command", body=b'{"argv": ["true"]}'))])
            await worker.hear("grant")
            places = Places(directory=tmp_path, scratch=tmp_path / "scratch")
            files = Files(WorkerOptions(server=served.address, home=served.home), key)
            desk = Desk(places, files, lambda: [Attempts(job=JobId(1), indexes=[0])], SystemClock())
            serving_desk = asyncio.create_task(desk.run())
            program = Program(places)
            try:
                assert await program.ask("restore") == {"skipped": []}, "it is there"
                await story(program)
            finally:
                serving_desk.cancel()
                await asyncio.gather(serving_desk, return_exceptions=True)

    asyncio.run(run())


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    async def story(program: Program) -> None:
        await program.keep(1, state="one")
        await program.keep(2, state="two")
        found = await program.ask("restore")
        assert (found["step"], found["metric"], found["skipped"]) == (2, None, [])
        assert (Path(found["folder"]) / "state").read_text() == "two"

    play(tmp_path, story)


def test_a_damaged_one_is_passed_over_and_that_is_said(tmp_path: Path) -> None:
    async def story(program: Program) -> None:
        await program.keep(1, state="one")
        await program.keep(2, state="two", other="whole")
        (blob,) = (tmp_path / "home" / "blobs").glob(f"??/{hashlib.sha256(b'two').hexdigest()}")
        blob.write_bytes(b"twp")
        found = await program.ask("restore")
        assert found["step"] == 1
        [why] = found["skipped"]
        assert why.startswith("the checkpoint of step 2 by 1.0#1 is passed over: blob ")
        folders = {path.name for path in program.places.checkpoints.iterdir()}
        assert folders == {"1.0#1-1", "1.0#1-2", Path(found["folder"]).name}, "nothing of it is left"

    play(tmp_path, story)


def test_what_attempts_left_behind_goes_and_the_others_stay(tmp_path: Path) -> None:
    async def story(program: Program) -> None:
        for name in ("1.0#2-abc", "7.0#1-abc.part", "1.0#1-abc.part"):
            (program.places.checkpoints / name).mkdir()
        await program.ask("restore")
        assert [path.name for path in program.places.checkpoints.iterdir()] == ["1.0#1-abc.part"]

    play(tmp_path, story)


def test_a_stale_attempt_is_told(tmp_path: Path) -> None:
    async def story(program: Program) -> None:
        with pytest.raises(Refused, match=r"attempt 1\.0#2 is not the current one of its task") as caught:
            await program.keep(1, "1.0#2", state="one")
        assert caught.value.stale

    play(tmp_path, story)


@pytest.mark.parametrize(
    "question",
    [b"\n", b"nonsense\n", b"[]\n", b"{}\n", b'{"ask": "dance"}\n', b'{"ask": "restore", "key": "x"}\n'],
)
def test_what_is_no_question_is_refused(tmp_path: Path, question: bytes) -> None:
    async def story(program: Program) -> None:
        reader, writer = await asyncio.open_unix_connection(program.places.desk)
        writer.write(question)
        assert json.loads(await reader.readline())["refused"][0] == "USAGE"
        writer.close()
        assert await program.ask("restore") == {"skipped": []}, "the others are served"

    play(tmp_path, story)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    async def story(program: Program) -> None:
        files = [_file("a", b"a")]
        with pytest.raises(Refused, match="No such file or directory"):
            await program.ask(
                "publish",
                folder="/nowhere",
                files=files,
                card={"model": "random_forest", "task": "classification", "metrics": {"val_accuracy": 1.0}},
            )

    play(tmp_path, story)


def test_nobody_else_may_come_to_the_desk(tmp_path: Path) -> None:
    async def story(program: Program) -> None:
        assert program.places.desk.stat().st_mode & 0o077 == 0
        assert program.places.checkpoints.stat().st_mode & 0o077 == 0

    play(tmp_path, story)


def test_one_that_died_there_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "desk.sock"))

    async def story(program: Program) -> None:
        await program.keep(1, state="one")

    play(tmp_path, story)
