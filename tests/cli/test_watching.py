"""What is told of a task that failed, to somebody who may not be the one who wrote it."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

import pytest

from paceline.cli.face import Face
from paceline.cli.watching import show_failure
from paceline.model.ids import TaskId
from paceline.model.views import LogPage, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client

WILD = "boom \x1b]0;title\x07\x1b[2J"
FAILED = TaskView(
    job=3, index=7, state="FAILED", attempt=1, worker="w1", outcome="FAILED", detail=f"{WILD}\njob 4 succeeded"
)


class Logs:
    """All that the task wrote is one line."""

    async def logs(self, task: TaskId, tail: int) -> AsyncIterator[tuple[str, LogPage]]:
        yield "err", LogPage(start=0, data=WILD.encode(), size=len(WILD))


def test_a_failure_speaks_to_no_terminal_and_tells_of_no_other_job(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(show_failure(cast("Client", Logs()), Face(), FAILED))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        r"3.7 failed: boom \u001b]0;title\u0007\u001b[2J\njob 4 succeeded (attempt 1 on w1)",
        r"  boom \u001b]0;title\u0007\u001b[2J",
    ]
