"""One commit under way, the rest forms the next."""

import asyncio
from collections.abc import Callable, Sequence

from paceline.model.errors import StoreError
from paceline.stores.group_commit import GroupCommit

Told = list[tuple[str, BaseException | None]]


def teller(told: Told, name: str) -> Callable[[BaseException | None], None]:
    return lambda error: told.append((name, error))


async def turn() -> None:
    """Let everything run that is due."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_what_is_given_meanwhile_forms_the_next_commit() -> None:
    async def scenario() -> None:
        sent: list[Sequence[bytes]] = []
        told: Told = []
        commits = GroupCommit(sent.append)
        for name in ("1", "2", "3"):
            commits.give(name.encode(), teller(told, name))
        assert sent == [[b"1"]]
        assert told == []
        commits.kept()
        assert sent == [[b"1"], [b"2", b"3"]]
        assert told == [("1", None)]
        commits.kept()
        await commits.drained()
        assert told == [("1", None), ("2", None), ("3", None)]

    asyncio.run(scenario())


def test_a_failure_is_for_all_and_for_good() -> None:
    async def scenario() -> None:
        sent: list[Sequence[bytes]] = []
        told: Told = []
        commits = GroupCommit(sent.append)
        commits.give(b"1", teller(told, "1"))
        await turn()
        commits.give(b"2", teller(told, "2"))
        error = StoreError("store: full")
        commits.fail(error)
        commits.fail(StoreError("store: its process died"))
        commits.give(b"3", teller(told, "3"))
        await commits.drained()
        await turn()
        assert told == [("1", error), ("2", error), ("3", error)]
        assert sent == [[b"1"]]

    asyncio.run(scenario())


def test_after_a_failure_nothing_is_sent() -> None:
    async def scenario() -> None:
        sent: list[Sequence[bytes]] = []
        told: Told = []
        commits = GroupCommit(sent.append)
        error = StoreError("store: its process died")
        commits.fail(error)
        commits.give(b"1", teller(told, "1"))
        await turn()
        assert (sent, told) == ([], [("1", error)])

    asyncio.run(scenario())


def test_an_idle_store_is_drained() -> None:
    async def scenario() -> None:
        await GroupCommit(lambda batches: None).drained()

    asyncio.run(scenario())
