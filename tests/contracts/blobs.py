"""What every place for blobs must do. Inherit ``BlobsContract`` and bring ``blobs``."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from paceline.blobs import CHUNK, Blobs
from paceline.model.errors import NotFound, PacelineError, UsageError

LARGE = bytes(range(256)) * (CHUNK // 256 * 3 + 1)
"""Takes several chunks."""


def named(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def pieces(*given: bytes | Exception) -> AsyncIterator[bytes]:
    """These, one after the other; an exception is raised when its turn comes."""
    for piece in given:
        if isinstance(piece, Exception):
            raise piece
        yield piece


async def pour(chunks: AsyncIterator[bytes], into: bytearray) -> None:
    async for chunk in chunks:
        into += chunk


async def whole(blobs: Blobs, content: bytes, start: int = 0) -> bytes:
    """A blob as it is given back."""
    return b"".join([chunk async for chunk in blobs.get(named(content), start)])


class BlobsContract:
    """Every test runs with fresh ``blobs``."""

    @pytest.fixture
    def blobs(self) -> Blobs:
        raise NotImplementedError

    @pytest.fixture
    def damage(self) -> Callable[[str], None]:
        """Changes a byte of a blob behind the store's back."""
        raise NotImplementedError

    @pytest.mark.parametrize("content", [b"", b"a", LARGE], ids=["empty", "short", "large"])
    def test_what_was_put_is_given_back(self, blobs: Blobs, content: bytes) -> None:
        async def play() -> None:
            assert not await blobs.has(named(content))
            await blobs.put(named(content), 0, pieces(content[:5], content[5:]))
            assert await blobs.has(named(content))
            assert await whole(blobs, content) == content
            assert await blobs.all() == {named(content)}

        asyncio.run(play())

    @pytest.mark.parametrize("start", [0, 1, CHUNK, CHUNK + 1, len(LARGE) - 1, len(LARGE)])
    def test_the_rest_of_a_blob_can_be_had(self, blobs: Blobs, start: int) -> None:
        async def play() -> None:
            await blobs.put(named(LARGE), 0, pieces(LARGE))
            assert await whole(blobs, LARGE, start) == LARGE[start:]

        asyncio.run(play())

    def test_what_is_not_there_is_not_found(self, blobs: Blobs) -> None:
        with pytest.raises(NotFound, match="there is no blob"):
            asyncio.run(whole(blobs, b"never"))

    def test_what_has_another_hash_is_refused_and_nothing_of_it_stays(self, blobs: Blobs) -> None:
        async def play() -> None:
            with pytest.raises(UsageError, match=f"blob {named(b'a')}: what came has the hash {named(b'b')}"):
                await blobs.put(named(b"a"), 0, pieces(b"b"))
            assert await blobs.begun(named(b"a")) == 0
            await blobs.put(named(b"a"), 0, pieces(b"a"))

        asyncio.run(play())

    def test_what_broke_off_is_gone_on_with(self, blobs: Blobs) -> None:
        async def play() -> None:
            name = named(LARGE)
            with pytest.raises(ConnectionError):
                await blobs.put(name, 0, pieces(LARGE[:100], LARGE[100:300], ConnectionError("cable")))
            assert not await blobs.has(name)
            begun = await blobs.begun(name)
            assert begun == 300
            assert await blobs.all() == {name}
            await blobs.put(name, begun, pieces(LARGE[begun:]))
            assert await whole(blobs, LARGE) == LARGE
            assert await blobs.begun(name) == 0

        asyncio.run(play())

    def test_who_waited_while_another_got_further_goes_on_from_his_own_place(self, blobs: Blobs) -> None:
        async def play() -> None:
            name = named(LARGE)
            with pytest.raises(ConnectionError):
                await blobs.put(name, 0, pieces(LARGE[:100], ConnectionError()))
            with pytest.raises(ConnectionError):
                await blobs.put(name, 100, pieces(LARGE[100:CHUNK], ConnectionError()))
            await blobs.put(name, 100, pieces(LARGE[100:]))
            assert await whole(blobs, LARGE) == LARGE

        asyncio.run(play())

    def test_where_its_beginning_is_gone_it_is_to_begin_again(self, blobs: Blobs) -> None:
        async def play() -> None:
            name = named(LARGE)
            with pytest.raises(PacelineError, match="does not go on at byte 100 any more") as caught:
                await blobs.put(name, 100, pieces(LARGE[100:]))
            assert type(caught.value) is PacelineError
            assert await blobs.begun(name) == 0
            await blobs.put(name, 0, pieces(LARGE))
            assert await whole(blobs, LARGE) == LARGE

        asyncio.run(play())

    def test_a_wrong_beginning_is_not_the_fault_of_who_goes_on(self, blobs: Blobs) -> None:
        async def play() -> None:
            name = named(LARGE)
            with pytest.raises(ConnectionError):
                await blobs.put(name, 0, pieces(b"x" * 100, ConnectionError()))
            with pytest.raises(PacelineError, match="does not go with its beginning") as caught:
                await blobs.put(name, 100, pieces(LARGE[100:]))
            assert type(caught.value) is PacelineError
            assert await blobs.begun(name) == 0

        asyncio.run(play())

    def test_two_that_bring_the_same_do_not_disturb_each_other(self, blobs: Blobs) -> None:
        async def play() -> None:
            await asyncio.gather(*(blobs.put(named(LARGE), 0, pieces(LARGE[:9], LARGE[9:])) for _ in range(3)))
            assert await whole(blobs, LARGE) == LARGE

        asyncio.run(play())

    @pytest.mark.parametrize("content", [b"a", LARGE], ids=["short", "large"])
    def test_a_damaged_one_is_found_out_and_can_be_brought_again(
        self, blobs: Blobs, damage: Callable[[str], None], content: bytes
    ) -> None:
        async def play() -> None:
            await blobs.put(named(content), 0, pieces(content))
            damage(named(content))
            came = bytearray()
            with pytest.raises(NotFound, match=f"blob {named(content)} is damaged"):
                await pour(blobs.get(named(content)), came)
            assert len(came) < len(content)
            assert not await blobs.has(named(content))
            await blobs.put(named(content), 0, pieces(content))
            assert await whole(blobs, content) == content

        asyncio.run(play())

    def test_what_is_removed_is_gone_and_the_rest_stays(self, blobs: Blobs) -> None:
        async def play() -> None:
            for content in (b"a", b"b"):
                await blobs.put(named(content), 0, pieces(content))
            with pytest.raises(ConnectionError):
                await blobs.put(named(b"c"), 0, pieces(b"c", ConnectionError()))
            for gone in (b"a", b"a", b"c"):
                await blobs.remove(named(gone))
            assert await blobs.all() == {named(b"b")}
            assert await blobs.begun(named(b"c")) == 0

        asyncio.run(play())

    @pytest.mark.parametrize("name", ["", "abc", "../" * 21 + "a", "G" * 64, "A" * 64, "a" * 64 + "\n"])
    def test_a_name_that_is_no_hash_is_refused(self, blobs: Blobs, name: str) -> None:
        def refused(call: Coroutine[Any, Any, object]) -> None:
            with pytest.raises(PacelineError, match=r"sha256: .* is not 64 hexadecimal digits"):
                asyncio.run(call)

        refused(blobs.has(name))
        refused(blobs.begun(name))
        refused(blobs.put(name, 0, pieces(b"a")))
        refused(blobs.remove(name))
        refused(anext(blobs.get(name)))

    def test_whoever_is_cut_off_leaves_no_harm_to_the_next(self, blobs: Blobs) -> None:
        async def play() -> None:
            for turns in range(30):
                content = LARGE + bytes([turns])
                cut_off = asyncio.create_task(blobs.put(named(content), 0, pieces(content[:CHUNK], content[CHUNK:])))
                for _ in range(turns):
                    await asyncio.sleep(0)
                cut_off.cancel()
                await asyncio.wait({cut_off})
                if not await blobs.has(named(content)):
                    begun = await blobs.begun(named(content))
                    await blobs.put(named(content), begun, pieces(content[begun:]))
                assert await whole(blobs, content) == content

        asyncio.run(play())
