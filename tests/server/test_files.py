"""Files between a worker's agent and the server, whichever way they go."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.agent.files import Files
from paceline.catalog import Catalog, Model
from paceline.config import WorkerOptions
from paceline.model.checkpoint import Checkpoint, Retention
from paceline.model.errors import Conflict, NotFound, TryAgain, UsageError
from paceline.model.file import File
from paceline.model.ids import AttemptId, JobId, TaskId
from paceline.model.job import JobSpec, Retry, Spec
from paceline.server.space import Space
from paceline.wire.files import FILES_LIMIT
from paceline.wire.gen import worker_pb2 as pb
from tests.server.conftest import ScriptedWorker, Served, serving

LARGE = bytes(range(256)) * 10_000
ATTEMPT = AttemptId(JobId(1), 0, 1)
CARD = '{"model": "random_forest", "task": "classification", "metrics": {"val_accuracy": 0.95}}'


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "way" in metafunc.fixturenames:
        metafunc.parametrize("way", ["near", "far"])


async def broken() -> AsyncIterator[bytes]:
    yield b"half"
    raise ConnectionError


class Play:
    """A server, a job of one task, and the worker that runs it."""

    def __init__(self, served: Served, worker: ScriptedWorker, files: Files, folder: Path) -> None:
        self.served = served
        self.worker = worker
        self.files = files
        self.folder = folder
        self.sent = 0

    def going(self, count: int) -> None:
        self.sent += count

    def write(self, **contents: bytes) -> list[File]:
        """These files in the folder."""
        for name, content in contents.items():
            (self.folder / name).write_bytes(content)
        return [
            File(name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
            for name, content in contents.items()
        ]

    async def keep(self, step: int, attempt: AttemptId = ATTEMPT, **contents: bytes) -> None:
        made = Checkpoint(attempt=attempt, step=step, files=self.write(**contents), metric=0.5)
        await self.files.keep(made, Retention(keep=2), self.folder, self.going)

    async def end(self, outcome: str) -> None:
        ended = pb.Endings(job=1, indexes=[0], numbers=[1], outcomes=[outcome])
        await self.worker.say(pb.WorkerWord(ended=ended))
        await self.worker.hear("settled")


def play(tmp_path: Path, way: str, story: Callable[[Play], Awaitable[None]]) -> None:
    async def run() -> None:
        async with serving(tmp_path / "home") as served, served.client() as client, ScriptedWorker(served) as worker:
            join = served.fleet.auth.create("join", "", served.fleet.clock.now(), 600)[0]
            number, key = await worker.join(join)
            await worker.hello(number, key)
            spec = Spec(kind="command", body=b'{"argv": ["true"]}')
            await client.submit([JobSpec(name="j", run=spec, retry=Retry(failures=1, base=0.0))])
            await worker.hear("grant")
            home = served.home if way == "near" else tmp_path / "elsewhere"
            folder = tmp_path / "folder"
            folder.mkdir()
            files = Files(WorkerOptions(server=served.address, home=home), key)
            await story(Play(served, worker, files, folder))

    asyncio.run(run())


def test_a_checkpoint_is_kept_found_and_fetched(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        await it.keep(4, weights=LARGE, state=b"", empty=b"")
        [found] = await it.files.find(ATTEMPT)
        assert (found.attempt, found.step, found.metric) == (ATTEMPT, 4, 0.5)
        assert {file.name: file.bytes for file in found.files} == {"weights": len(LARGE), "state": 0, "empty": 0}
        into = tmp_path / "into"
        for file in found.files:
            await it.files.fetch(replace(file, name=f"a/{file.name}"), into, it.going)
        assert (into / "a" / "weights").read_bytes() == LARGE
        assert (into / "a" / "empty").read_bytes() == b""

    play(tmp_path, way, story)


def test_whoever_asks_is_told_what_a_task_has(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        async with it.served.client(way) as client:
            assert await client.checkpoints(ATTEMPT.task) == []
            await it.keep(1, weights=LARGE)
            await it.files.keep(
                Checkpoint(attempt=ATTEMPT, step=2, files=it.write(a=b"1", b=b"22")), Retention(), it.folder, it.going
            )
            told = await client.checkpoints(ATTEMPT.task)
            assert [(each.step, each.attempt, each.metric, each.files, each.bytes) for each in told] == [
                (2, 1, None, 2, 3),
                (1, 1, 0.5, 1, len(LARGE)),
            ]
            await it.end("SUCCEEDED")
            assert await client.checkpoints(ATTEMPT.task) == []
            with pytest.raises(NotFound, match="job 1 has no task 7"):
                await client.checkpoints(TaskId(JobId(1), 7))

    play(tmp_path, way, story)


def test_what_is_there_is_not_sent_again(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        await it.keep(1, weights=LARGE)
        assert it.sent == len(LARGE)
        await it.keep(2, weights=LARGE, state=b"new")
        assert it.sent == len(LARGE) + 3
        assert [each.step for each in await it.files.find(ATTEMPT)] == [2, 1]

    play(tmp_path, way, story)


def test_what_broke_off_goes_on_where_it_was(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        half = asyncio.Event()

        def going(count: int) -> None:
            it.sent += count
            if it.sent > len(LARGE) // 4:
                half.set()

        made = Checkpoint(attempt=ATTEMPT, step=1, files=it.write(weights=LARGE))
        keeping = asyncio.create_task(it.files.keep(made, Retention(), it.folder, going))
        await half.wait()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert await it.files.find(ATTEMPT) == []
        it.sent = 0
        await it.keep(1, weights=LARGE)
        assert it.sent <= len(LARGE)
        [found] = await it.files.find(ATTEMPT)
        await it.files.fetch(found.files[0], tmp_path, it.going)
        assert (tmp_path / "weights").read_bytes() == LARGE

    play(tmp_path, way, story)


def test_a_wrong_beginning_that_another_left_is_brought_again(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        for name, content in (("weights", LARGE), ("model", LARGE + b"m")):
            [file] = it.write(**{name: content})
            with pytest.raises(ConnectionError):
                await it.served.fleet.blobs.put(file.sha256, 0, broken())
        await it.keep(1, weights=LARGE)
        [found] = await it.files.find(ATTEMPT)
        await it.files.fetch(found.files[0], tmp_path, it.going)
        assert (tmp_path / "weights").read_bytes() == LARGE
        assert await it.files.publish(ATTEMPT, CARD, it.write(model=LARGE + b"m"), it.folder, it.going)

    play(tmp_path, way, story)


def test_a_stale_attempt_is_refused(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        await it.end("FAILED")
        await it.worker.hear("grant")
        with pytest.raises(Conflict, match=r"attempt 1\.0#1 is not the current one of its task"):
            await it.keep(1, weights=LARGE)
        assert it.sent == 0, "nothing is sent in vain"
        with pytest.raises(Conflict, match="not the current one"):
            await it.files.find(ATTEMPT)
        with pytest.raises(Conflict, match="not the current one"):
            await it.files.publish(ATTEMPT, CARD, it.write(a=b"a"), it.folder, it.going)
        await it.keep(1, AttemptId(JobId(1), 0, 2), weights=b"w")

    play(tmp_path, way, story)


def test_a_damaged_blob_is_not_found(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        await it.keep(1, weights=LARGE)
        [found] = await it.files.find(ATTEMPT)
        [blob] = (it.served.home / "blobs").glob("??/*")
        blob.write_bytes(LARGE[:-1] + b"x")
        with pytest.raises(NotFound, match="is damaged"):
            await it.files.fetch(found.files[0], tmp_path, it.going)
        await it.keep(1, weights=LARGE)
        (tmp_path / "weights").unlink()
        await it.files.fetch(found.files[0], tmp_path, it.going)

    play(tmp_path, way, story)


def test_a_file_that_changes_while_it_is_kept_is_refused(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        files = it.write(weights=LARGE)
        made = Checkpoint(attempt=ATTEMPT, step=1, files=files)
        (it.folder / "weights").write_bytes(LARGE[:100])
        with pytest.raises(UsageError, match="weights became shorter while it was kept: 100 of 2,560,000 bytes"):
            await it.files.keep(made, Retention(), it.folder, it.going)
        (it.folder / "weights").write_bytes(b"x" * len(LARGE))
        with pytest.raises(UsageError, match="what came has the hash"):
            await it.files.keep(made, Retention(), it.folder, it.going)
        await it.keep(1, weights=LARGE)

    play(tmp_path, way, story)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ([], "files: 0 of them"),
        ([File(name="a", sha256="a" * 64, bytes=1)] * 2, "files: 'a' is there twice"),
        ([File(name="../a", sha256="a" * 64, bytes=1)], r"files: '\.\./a' is not the name of a file in a folder"),
        ([File(name="/a", sha256="a" * 64, bytes=1)], "files: '/a' is not the name"),
        ([File(name="a", sha256="A" * 64, bytes=1)], "is not 64 hexadecimal digits"),
        ([File(name="a", sha256="a" * 64, bytes=-1)], "-1 bytes are less than none"),
        ([File(name=str(n), sha256="a" * 64, bytes=1) for n in range(FILES_LIMIT + 1)], "files: 4,097 of them"),
    ],
    ids=["none", "one twice", "outside", "absolute", "no hash", "no size", "too many"],
)
def test_what_cannot_be_files_is_refused(tmp_path: Path, files: list[File], complaint: str) -> None:
    async def story(it: Play) -> None:
        with pytest.raises(UsageError, match=complaint):
            await it.files.keep(Checkpoint(attempt=ATTEMPT, step=1, files=files), Retention(), it.folder, it.going)

    play(tmp_path, "near", story)


def test_where_there_is_no_space_nothing_is_taken(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        object.__setattr__(it.served.fleet, "space", Space(place=str(tmp_path), reserve=1 << 60))
        with pytest.raises(TryAgain, match="the server accepts nothing new") as caught:
            await it.keep(1, weights=LARGE)
        assert "free some space" in caught.value.hint

    play(tmp_path, way, story)


def test_a_model_is_published(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        files = it.write(config=b"{}", model=LARGE)
        key = await it.files.publish(ATTEMPT, CARD, files, it.folder, it.going)
        assert key.startswith("random-forest-95p0-")
        assert key == await it.files.publish(ATTEMPT, CARD, files, it.folder, it.going)
        assert it.sent == len(LARGE) + 2
        await it.served.fleet.storeroom.tidy()
        assert len(await it.served.fleet.blobs.all()) == 2, "a model's files stay"

    play(tmp_path, way, story)


class Reluctant:
    """A catalogue that does not answer the first time."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.asked = 0

    async def add(self, model: Model, origin: str) -> Model:
        self.asked += 1
        if self.asked == 1:
            raise TryAgain("catalog: the MongoDB does not answer")
        return await self._catalog.add(model, origin)


def test_a_model_waits_for_a_catalogue_that_does_not_answer(tmp_path: Path, way: str) -> None:
    async def story(it: Play) -> None:
        catalog = Reluctant(it.served.fleet.catalog)
        object.__setattr__(it.served.fleet, "catalog", catalog)
        key = await it.files.publish(ATTEMPT, CARD, it.write(model=LARGE), it.folder, it.going)
        assert key.startswith("random-forest-95p0-")
        assert catalog.asked == 2
        assert it.sent == len(LARGE), "and its files are not sent again"

    play(tmp_path, way, story)


@pytest.mark.parametrize(
    ("card", "complaint"),
    [
        ("[]", "card: a mapping is needed, got list"),
        ("{", "card: "),
        ('{"model": "m", "task": "classification", "metrics": {}, "simulated": true}', "simulated"),
    ],
)
def test_a_model_without_a_good_card_is_refused_before_a_byte_is_sent(
    tmp_path: Path, card: str, complaint: str
) -> None:
    async def story(it: Play) -> None:
        with pytest.raises(UsageError, match=complaint):
            await it.files.publish(ATTEMPT, card, it.write(a=b"a"), it.folder, it.going)
        assert it.sent == 0

    play(tmp_path, "near", story)


# ── what nobody needs any more ──────────────────────────────────────────────────────────────────────────────────────


def test_blobs_of_checkpoints_that_were_dropped_go(tmp_path: Path) -> None:
    async def story(it: Play) -> None:
        for step in range(4):
            await it.keep(step, weights=b"%d" % step, shared=b"shared")
        assert len(await it.served.fleet.blobs.all()) == 5
        assert await it.served.fleet.storeroom.tidy() == 2, "of the oldest two; the best is the newest"
        await it.end("SUCCEEDED")
        assert await it.served.fleet.storeroom.tidy() == 3
        assert await it.served.fleet.blobs.all() == frozenset()

    play(tmp_path, "near", story)


def test_what_is_on_its_way_stays(tmp_path: Path) -> None:
    async def story(it: Play) -> None:
        room = it.served.fleet.storeroom
        await it.keep(1, weights=LARGE)
        [found] = await it.files.find(ATTEMPT)
        async with room.expecting(found.files) as starts:
            assert starts == [len(LARGE)]
            await it.end("SUCCEEDED")
            assert await room.tidy() == 0, "who was told that it is here need not send it"
        assert await room.tidy() == 1

    play(tmp_path, "near", story)


def test_what_a_server_left_when_it_died_goes_at_the_next_start(tmp_path: Path) -> None:
    async def story(it: Play) -> None:
        with pytest.raises(ConnectionError):
            await it.served.fleet.blobs.put("ab" * 32, 0, broken())
        assert await it.served.fleet.storeroom.tidy() == 1
        assert await it.served.fleet.blobs.all() == frozenset()

    play(tmp_path, "near", story)
