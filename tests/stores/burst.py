"""Keeps one job after the other in the store at argv[1], as fast as it can, and prints each number once it is kept."""

import asyncio
import sys
from pathlib import Path

from paceline.stores.sqlite import SqliteStore
from tests.contracts.records import job, token


async def burst(path: Path) -> None:
    store = SqliteStore(path)
    await store.load()
    kept = asyncio.Semaphore(50)

    def told(number: int, error: BaseException | None) -> None:
        sys.stdout.write(f"{number}\n" if error is None else f"{error}\n")
        sys.stdout.flush()
        kept.release()

    for number in range(1, 1_000_000):
        await kept.acquire()
        store.keep([job(number), token(str(number))], lambda error, number=number: told(number, error))  # type: ignore[misc]


asyncio.run(burst(Path(sys.argv[1])))
