"""From selectors to jobs that exist; the server is a list of jobs."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pytest

from paceline.cli.selection import one_job, one_task, resolve, resolve_tasks, whole_jobs
from paceline.model.errors import NotFound, UsageError
from paceline.model.job import Range
from paceline.model.views import JobView, TaskView

if TYPE_CHECKING:
    from paceline.sdk.client import Client


class Jobs:
    """Jobs 1 to 3, of ten tasks each, and an older namesake of one of them."""

    def __init__(self, *names: str) -> None:
        self._jobs = [_job(number, name) for number, name in enumerate(names, 1)]

    async def jobs(
        self, ids: Sequence[int] = (), before: int = 0, name: str = "", limit: int = 100
    ) -> Sequence[JobView]:
        found = [job for job in reversed(self._jobs) if not before or job.job < before]
        return [job for job in found if (not ids or job.job in ids) and name in ("", job.name)][:limit]

    async def tasks(
        self, job: int, ranges: Sequence[Range] = (), states: Sequence[str] = (), after: int = -1, limit: int = 1000
    ) -> Sequence[TaskView]:
        chosen = [i for each in ranges for i in range(each.start, each.stop, each.step)] if ranges else range(10)
        return [TaskView(job=job, index=i, state="WAITING") for i in chosen if after < i < 10][:limit]


def _job(number: int, name: str) -> JobView:
    return JobView(
        job=number,
        name=name,
        kind="command",
        state="WAITING",
        total=10,
        waiting=10,
        running=0,
        succeeded=0,
        failed=0,
        cancelled=0,
        submitted_at=0.0,
        array="0-9",
    )


def client(*names: str) -> "Client":
    return cast("Client", Jobs(*names))


def selected(*selectors: str) -> list[str]:
    found = asyncio.run(resolve(client("prep", "train", "prep"), selectors))
    return [str(target) for target in found]


@pytest.mark.parametrize(
    ("selectors", "found"),
    [
        (["last"], ["3"]),
        (["all"], ["1", "2", "3"]),
        (["2"], ["2"]),
        (["1-2"], ["1", "2"]),
        (["2-9"], ["2", "3"]),
        (["prep"], ["3"]),
        (["last.1-5"], ["3.1-5"]),
        (["train.7"], ["2.7"]),
        (["2", "train", "1"], ["2", "1"]),
    ],
)
def test_selected(selectors: list[str], found: list[str]) -> None:
    assert selected(*selectors) == found


def test_the_tasks_of_a_selection() -> None:
    tasks = asyncio.run(resolve_tasks(client("a", "b"), ["1.1-2", "2"], limit=5))
    assert [(task.job, task.index) for task in tasks] == [(1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]


@pytest.mark.parametrize(
    ("selector", "message", "hint"),
    [
        ("9", "there is no job '9'", "the newest is 3 (prep)"),
        ("trian", "there is no job 'trian'", "did you mean 'train'?"),
        ("5-9", "there is no job '5-9'", "the newest is 3"),
    ],
)
def test_what_does_not_exist_is_told_with_what_does(selector: str, message: str, hint: str) -> None:
    with pytest.raises(NotFound) as missing:
        selected(selector)
    assert missing.value.message == message
    assert hint in missing.value.hint


def test_nothing_at_all() -> None:
    assert asyncio.run(resolve(client(), ["all"])) == []
    with pytest.raises(NotFound, match="nothing was submitted yet"):
        asyncio.run(resolve(client(), ["last"]))


def test_a_task_that_is_none() -> None:
    with pytest.raises(NotFound, match="job 1 has no task 17") as missing:
        asyncio.run(resolve_tasks(client("a"), ["1.17"]))
    assert missing.value.hint == "its tasks are 0-9"


def test_one_task_and_no_more() -> None:
    assert asyncio.run(one_task(client("a"), "1.4")).index == 4
    with pytest.raises(UsageError, match="'1' is several tasks") as several:
        asyncio.run(one_task(client("a"), "1"))
    assert several.value.hint == "say which one: 1.0"
    with pytest.raises(NotFound, match="nothing was submitted yet"):
        asyncio.run(one_task(client(), "all"))


@pytest.mark.parametrize("selector", ["all", "1-3", "2,3"])
def test_several_jobs_are_not_one(selector: str) -> None:
    with pytest.raises(UsageError, match=rf"'{selector}' is \d jobs") as several:
        asyncio.run(one_job(client("prep", "train", "prep"), selector))
    assert several.value.hint == "say which one, such as 3"


def test_one_job_and_what_is_meant_of_it() -> None:
    found = asyncio.run(one_job(client("prep", "train"), "train.7"))
    assert (found.job.job, found.ranges) == (2, (Range(start=7, stop=8),))
    assert asyncio.run(one_job(client("prep"), "all")).job.job == 1
    with pytest.raises(NotFound, match="nothing was submitted yet"):
        asyncio.run(one_job(client(), "all"))


def test_what_takes_a_whole_job_does_not_take_a_part_of_one() -> None:
    assert [job.job for job in asyncio.run(whole_jobs(client("a", "b"), ["all", "1"]))] == [1, 2]
    with pytest.raises(UsageError, match=r"1\.3 is some tasks, and this takes a whole job") as part:
        asyncio.run(whole_jobs(client("a"), ["1.3"]))
    assert part.value.hint == "say 1"


def test_too_many_numbers() -> None:
    with pytest.raises(UsageError, match="200000 jobs at once, at most 100000"):
        selected("1-200000")
