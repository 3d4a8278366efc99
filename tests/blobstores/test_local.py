"""Blobs in a directory."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from paceline.blobs import Blobs
from paceline.blobstores.local import LocalBlobs
from paceline.model.errors import TryAgain
from tests.contracts.blobs import LARGE, BlobsContract, named, pieces, whole
from tests.mounts import small_disk


class TestLocalBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Blobs:
        return LocalBlobs(tmp_path / "blobs")

    @pytest.fixture
    def damage(self, tmp_path: Path) -> Callable[[str], None]:
        def change(name: str) -> None:
            place = tmp_path / "blobs" / name[:2] / name
            content = bytearray(place.read_bytes())
            content[len(content) // 2] ^= 1
            place.write_bytes(content)

        return change

    def test_nothing_is_made_before_it_is_needed(self, tmp_path: Path, blobs: Blobs) -> None:
        assert asyncio.run(blobs.all()) == frozenset()
        assert not (tmp_path / "blobs").exists()

    def test_nobody_else_can_read_them(self, tmp_path: Path, blobs: Blobs) -> None:
        asyncio.run(blobs.put(named(b"a"), 0, pieces(b"a")))
        found = list((tmp_path / "blobs").rglob("*"))
        assert all(path.stat().st_mode & 0o077 == 0 for path in found)


@pytest.mark.system
def test_on_a_full_disk_nothing_is_lost_and_it_goes_on_by_itself(tmp_path: Path) -> None:
    async def play(disk: Path) -> None:
        blobs = LocalBlobs(disk / "blobs")
        ballast = disk / "ballast"
        await blobs.put(named(b"before"), 0, pieces(b"before"))
        ballast.write_bytes(bytes(3 << 20))
        with pytest.raises(TryAgain, match="No space left on device") as caught:
            await blobs.put(named(LARGE * 2), 0, pieces(LARGE, LARGE))
        assert "free some space" in caught.value.hint
        assert await whole(blobs, b"before") == b"before"
        ballast.unlink()
        begun = await blobs.begun(named(LARGE * 2))
        await blobs.put(named(LARGE * 2), begun, pieces((LARGE * 2)[begun:]))
        assert await whole(blobs, LARGE * 2) == LARGE * 2

    with small_disk(tmp_path / "disk", "size=4m") as disk:
        asyncio.run(play(disk))
