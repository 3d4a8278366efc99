"""Models brought here: checked, never half, never over something else."""

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from paceline.catalog import Model
from paceline.model.errors import Conflict, NotFound, PacelineError, UsageError
from paceline.model.file import File
from paceline.sdk.client import Client
from paceline.sdk.fetch import fetch
from tests.contracts.catalog import model
from tests.server.conftest import Served, serving

CONTENTS = {"config.json": b"{}", "weights/0.bin": bytes(range(256)) * 10_000, "empty": b""}


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


def play(home: Path, story: Callable[[Served, Client, Model], Awaitable[None]]) -> None:
    """Against a server that has the contents, and a model of them."""

    async def run() -> None:
        async with serving(home) as served, served.client() as client:
            files = []
            for name, content in CONTENTS.items():
                sha256 = hashlib.sha256(content).hexdigest()
                await served.fleet.blobs.put(sha256, 0, chunks(content))
                files.append(File(name=name, sha256=sha256, bytes=len(content)))
            await story(served, client, model(files=tuple(files)))

    asyncio.run(run())


def there(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_model_comes_whole_and_says_how_far_it_is(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        told: list[int] = []
        folder = await fetch(client, wanted, tmp_path / "a" / "b", told=told.append)
        assert there(folder) == CONTENTS
        assert sum(told) == wanted.bytes

    play(tmp_path / "home", story)


def test_what_is_there_already_is_not_brought_again(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        await fetch(client, wanted, tmp_path / "m")
        (tmp_path / "m" / "empty").unlink()
        (tmp_path / "m" / "notes.txt").write_text("mine")
        large = wanted.files[1]
        await served.fleet.blobs.remove(large.sha256)
        told: list[int] = []
        await fetch(client, wanted, tmp_path / "m", told=told.append)
        assert there(tmp_path / "m") == {**CONTENTS, "notes.txt": b"mine"}
        assert sum(told) == wanted.bytes

    play(tmp_path / "home", story)


def test_two_that_bring_the_same_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        await asyncio.gather(*(fetch(client, wanted, tmp_path / "c" / "m", replace=True) for _ in range(3)))
        assert there(tmp_path / "c") == {f"m/{name}": content for name, content in CONTENTS.items()}

    play(tmp_path / "home", story)


def test_what_a_kill_leaves_behind_does_no_harm(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        moments = [tmp_path / str(moment) for moment in range(3)]
        coming = iter(moments)
        fetching = tmp_path / "cache"

        def told(count: int) -> None:
            if moment := next(coming, None):
                shutil.copytree(fetching, moment)

        await fetch(client, wanted, fetching / "m", told=told)
        for killed in moments:
            assert there(killed / "m").items() <= CONTENTS.items(), "whoever looks sees whole files only"
            assert [path.name for path in killed.iterdir() if path.suffix == ".part"], "and it was half way"
            await fetch(client, wanted, killed / "m", replace=True)
            assert there(killed / "m") == CONTENTS

    play(tmp_path / "home", story)


def test_another_file_is_overwritten_only_on_demand(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "empty").write_text("mine")
        with pytest.raises(Conflict, match="is there already, with another content"):
            await fetch(client, wanted, tmp_path / "m")
        assert there(tmp_path / "m") == {"empty": b"mine"}
        await fetch(client, wanted, tmp_path / "m", replace=True)
        assert there(tmp_path / "m") == CONTENTS

    play(tmp_path / "home", story)


def test_bytes_that_are_not_what_they_should_be_do_not_stay(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        digest = wanted.files[0].sha256
        [path] = (served.home / "blobs").glob(f"*/{digest}")
        path.write_bytes(b"[]")
        with pytest.raises(PacelineError, match=r"damaged|checksum"):
            await fetch(client, replace(wanted, files=wanted.files[:1]), tmp_path / "m")
        assert there(tmp_path / "m") == {}

    play(tmp_path / "home", story)


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        await served.fleet.blobs.remove(wanted.files[0].sha256)
        with pytest.raises(NotFound, match="is not on this server"):
            await fetch(client, wanted, tmp_path / "m")
        assert there(tmp_path / "m") == {}

    play(tmp_path / "home", story)


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "model.pkl"])
def test_whatever_a_catalogue_says_nothing_is_written_outside_of_the_folder(name: str, tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        strange = replace(wanted.files[0], name=name)
        with pytest.raises(UsageError, match="files: "):
            await fetch(client, replace(wanted, files=(strange,)), tmp_path / "m")
        assert not (tmp_path / "outside").exists()

    play(tmp_path / "home", story)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    async def story(served: Served, client: Client, wanted: Model) -> None:
        (tmp_path / "m").write_text("a file")
        with pytest.raises(UsageError, match="cannot be written: "):
            await fetch(client, wanted, tmp_path / "m")

    play(tmp_path / "home", story)
