"""New work is refused in time for the old to end."""

import asyncio
from pathlib import Path

import grpc
import grpc.aio
import pytest

from paceline.model.errors import TryAgain
from paceline.server.space import Space
from tests.server.conftest import ScriptedWorker, serving


def test_with_room_enough_all_is_accepted(tmp_path: Path) -> None:
    space = Space(place=str(tmp_path), reserve=0)
    assert space.trouble() is None
    space.demand()


def test_below_the_reserve_it_says_how_much_is_left_of_what(tmp_path: Path) -> None:
    space = Space(place=str(tmp_path), reserve=1 << 60)
    with pytest.raises(
        TryAgain, match=rf"accepts nothing new: \d+ MiB are left on {tmp_path}, less than the reserve of"
    ):
        space.demand()
    trouble = space.trouble()
    assert trouble
    assert trouble.hint.startswith("free some space, it goes on by itself")


def test_a_store_without_a_place_needs_no_room() -> None:
    assert Space(reserve=1 << 60).trouble() is None


def test_while_nothing_can_be_kept_no_token_is_made_or_spent_and_all_can_be_seen(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with serving(tmp_path) as served, served.client() as client, ScriptedWorker(served) as worker:
            token = (await client.create_token("join")).token
            hold = served.fleet.loop.hold
            hold.begin(TryAgain("the server is read-only: no space left on /x", hint="free some space"))
            with pytest.raises(TryAgain, match="read-only"):
                await client.create_token("join")
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await worker.join(token)
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert (await client.info()).trouble == "the server is read-only: no space left on /x; free some space"
            assert (await client.jobs(), await client.workers()) == ([], [])
            hold.end()
            assert (await worker.join(token))[0] == 1

    asyncio.run(scenario())
