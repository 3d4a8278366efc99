"""The tasks of jobs seen as trials: what each was given, and how good it turned out."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from paceline.model.ids import JobId, TaskId
from paceline.model.views import ReportView, TaskView
from paceline.orders import metric as metrics
from paceline.sdk.queries import ALL_REPORTS, Queries

PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One task. ``metrics``: the numbers of its result; what that lacks, from its last report."""

    task: TaskId
    state: str
    attempt: int
    params: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: str = ""  # key of the model it put into the catalogue
    simulated: bool = False


async def trials_of(client: Queries, job: int) -> list[Trial]:
    """All tasks of a job, by index."""
    results = await _results(client, job)
    entries = await _entries(client, job)
    tasks = [task async for task in _tasks(client, job)]
    last = await _last_reports(client, job, [task.index for task in tasks])
    return [_trial(task, entries.get(task.index, b""), results.get(task.index, b""), last) for task in tasks]


def values_of(report: ReportView) -> Mapping[str, object]:
    """What a report says, by name."""
    values: dict[str, object] = json.loads(report.values)
    return values


def best(trials: Iterable[Trial], metric: str, way: metrics.Direction) -> list[Trial]:
    """Those that have the metric and did not fail, the best first; of equals, the one that was asked for first."""
    sign = 1 if way == "min" else -1
    judged = [trial for trial in trials if metric in trial.metrics and trial.state != "FAILED"]
    return sorted(judged, key=lambda trial: (sign * trial.metrics[metric], trial.task))


def params_of(payload: bytes) -> Mapping[str, object]:
    """What a task was made from, by name: the members of a JSON object, any other text as ``entry``."""
    try:
        value = json.loads(payload) if payload else {}
    except UnicodeDecodeError:  # a pickle
        return {}
    except ValueError:
        value = payload.decode()
    return value if isinstance(value, dict) else {"entry": value}


def _trial(task: TaskView, entry: bytes, result: bytes, last: Mapping[int, ReportView]) -> Trial:
    said = metrics.members(result)
    reported = values_of(last[task.index]) if task.index in last else {}
    return Trial(
        task=TaskId(JobId(task.job), task.index),
        state=task.state,
        attempt=task.attempt,
        params=params_of(entry),
        metrics={**metrics.numbers(reported), **metrics.of_result(said)},
        model=str(said.get("key", "")),
        simulated=bool(said.get("simulated") or reported.get("simulated")),
    )


async def _tasks(client: Queries, job: int) -> AsyncIterator[TaskView]:
    after = -1
    while page := await client.tasks(job, after=after, limit=PAGE):
        for task in page:
            yield task
        after = page[-1].index


async def _results(client: Queries, job: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while page := await client.results(job, after=max(found, default=-1)):
        found.update((row.index, row.result) for row in page)
    return found


async def _entries(client: Queries, job: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while page := await client.entries(job, after=max(found, default=-1)):
        found.update((row.index, row.payload) for row in page)
    return found


async def _last_reports(client: Queries, job: int, indexes: Sequence[int]) -> dict[int, ReportView]:
    """By index. Where a job has more reports than are given at once, the tasks left out are asked about one by one."""
    reports = await client.reports(job)
    last = {report.index: report for report in reports}
    if len(reports) == ALL_REPORTS:
        for index in indexes:
            if index not in last and (own := await client.reports(job, index)):
                last[index] = own[-1]
    return last
