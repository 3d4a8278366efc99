"""Tasks that wait for what will never come: a machine that is not there, a package that nobody has installed."""

import re
from collections.abc import Iterable, Iterator, Sequence

from paceline.cli.doctor.finding import Finding, ok, problem
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.doctor.visit import Visit, of_visit
from paceline.model.ids import JobId, TaskId
from paceline.model.task import TaskState
from paceline.model.views import Cause, Explanation, JobView

LOOKED_AT = 200
"""Jobs, the newest, among which those that wait are sought."""
EXPLAINED = 20
"""Of those, how many are explained."""
NEVER = frozenset({"NEVER_FITS", "ENV_INCOMPATIBLE"})
"""Causes that no waiting ends (``core/explain.py``)."""
EXTRAS = {"train.neural_network": "torch", "train.random_forest": "train", "train.xgboost": "train"}
"""By feature, the extra of the package that brings it."""


@of_visit
async def waiting(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """Whether there are tasks that no worker that is connected could ever run, and what would let it."""
    explained = await _explained(visit)
    stuck = [_stuck(each) for each in explained if _never(each)]
    return stuck or [ok(f"{_jobs(len(explained))} wait, and will have their turn" if explained else "nothing waits")]


@of_visit
async def packages(around: Surroundings, visit: Visit) -> Iterable[Finding]:
    """What waiting tasks want installed that no worker has."""
    wanted: dict[str, list[str]] = {}
    for each in await _explained(visit):
        for feature in _missing(each.causes):
            wanted.setdefault(feature, []).append(str(TaskId(JobId(each.job), each.index)))
    return [_lacking(*each) for each in wanted.items()] or [ok("nothing that waits wants anything installed")]


async def _explained(visit: Visit) -> Sequence[Explanation]:
    """The first waiting task of each job that has one."""
    jobs = [job for job in await visit.client.jobs(limit=LOOKED_AT) if job.waiting and job.state != "BLOCKED"]
    return [each for job in jobs[:EXPLAINED] for each in await _of_job(visit, job)]


async def _of_job(visit: Visit, job: JobView) -> Sequence[Explanation]:
    first = await visit.client.tasks(job.job, states=[TaskState.WAITING], limit=1)
    return [await visit.client.explain(TaskId(JobId(job.job), task.index)) for task in first]


def _never(explanation: Explanation) -> bool:
    """Whether each of the alternatives is out of reach, and not only for want of a package (``packages``)."""
    codes = {cause.code for cause in explanation.causes}
    return bool(codes) and codes <= NEVER and codes != {"ENV_INCOMPATIBLE"}


def _stuck(explanation: Explanation) -> Finding:
    task = str(TaskId(JobId(explanation.job), explanation.index))
    codes = [cause.code for cause in explanation.causes]
    found = f"{task} can never run: {'; '.join(cause.text for cause in explanation.causes)}"
    change = f"submit it anew with {explanation.change}, or " if explanation.change else ""
    todo = f"{change}connect a worker that has it; all there is to say: paceline explain {task}"
    return problem(found, todo, task=task, causes=codes, nearest=explanation.nearest)


def _missing(causes: Iterable[Cause]) -> Iterator[str]:
    for cause in causes:
        if cause.code == "ENV_INCOMPATIBLE":
            yield from (feature.strip() for feature in cause.fields.get("features", "").split(",") if feature.strip())


def _lacking(feature: str, tasks: Sequence[str]) -> Finding:
    found = f"{feature} is wanted by {', '.join(tasks[:5])}, and no worker has it"
    return problem(found, _remedy(feature), feature=feature, tasks=tasks)


def _remedy(feature: str) -> str:
    if version := re.fullmatch(r"python(\d+\.\d+)", feature):
        return f"start a worker with Python {version[1]}, or submit from the Python that workers have"
    if extra := EXTRAS.get(feature):
        return f"on a worker: pip install 'paceline[{extra}]', then start it again"
    return f"install what brings {feature} on a worker, and start it again"


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
