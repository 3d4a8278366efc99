"""Ctrl-C on attached work. The signals are real, sent by this process to itself."""

import asyncio
import signal

from paceline.cli.interrupts import attended


class Work:
    """Something attached that goes on until it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def for_ever(self) -> int:
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            self.told.append("left")
        return 0

    def let_go(self) -> None:
        self.told.append("let go")

    def let_go_and_interrupt(self) -> None:
        self.let_go()
        signal.raise_signal(signal.SIGINT)

    async def cancel(self) -> int:
        self.told.append("cancelled")
        return 130

    async def cancel_for_ever(self) -> int:
        self.told.append("cancelling")
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()
        return 130


async def at_once() -> int:
    return 3


def test_work_that_ends_gives_its_code() -> None:
    work = Work()
    assert asyncio.run(attended(at_once(), let_go=work.let_go, cancel=work.cancel)) == 3
    assert work.told == []


def test_one_interrupt_lets_go() -> None:
    work = Work()
    assert asyncio.run(attended(work.for_ever(), let_go=work.let_go, cancel=work.cancel, patience=0.0)) == 130
    assert work.told == ["left", "let go"]


def test_a_second_one_cancels() -> None:
    work = Work()
    code = asyncio.run(attended(work.for_ever(), let_go=work.let_go_and_interrupt, cancel=work.cancel))
    assert code == 130
    assert work.told == ["left", "let go", "cancelled"]


def test_a_third_one_does_not_wait_for_the_cancel() -> None:
    work = Work()
    code = asyncio.run(attended(work.for_ever(), let_go=work.let_go_and_interrupt, cancel=work.cancel_for_ever))
    assert code == 130
    assert work.told == ["left", "let go", "cancelling"]
