"""MLflow's runs for attempts: one per attempt below one per task, found again by their tags.

Whoever comes first makes a run: the attempt itself before its program begins (``mlflow_join``), or who follows the job
from outside (``paceline mlflow follow``); whoever looks for it later finds the same one. A number of a job means
something only to one server, so runs that are older than the job are another server's and not looked at.

The only place that knows MLflow; it is imported when ``Runs`` is made.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from paceline.model.errors import UsageError
from paceline.model.views import TaskView

ADDRESS, SINCE, EXPERIMENT = "PACELINE_MLFLOW", "PACELINE_MLFLOW_SINCE", "MLFLOW_EXPERIMENT_NAME"
"""In a job's environment: where runs are kept, when the job was submitted, and in which experiment."""
JOB, TASK, ATTEMPT = "paceline.job", "paceline.task", "paceline.attempt"
"""Tags that name a run."""
WHOLE = 0
"""The attempt of a run that stands for the whole task."""
LOGGED = "paceline.logged"
"""Tag that says up to which report metrics are there: its time and step."""
PARENT = "mlflow.parentRunId"
SKEW = 60.0
"""Seconds by which the clocks of two machines may differ."""
QUICKLY = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "20", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""How long MLflow may keep us waiting, unless the environment says otherwise: its own defaults make that minutes."""
BATCH = 1000
"""Metrics that MLflow takes at once."""
_FOREIGN = re.compile(r"[^\w.:/ -]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What one report says, at second ``at``."""

    step: int
    at: float
    values: Mapping[str, object]


class Runs:
    """Runs of one job in one experiment. Raises UsageError if MLflow is not installed, and MLflow's own errors."""

    def __init__(self, uri: str, experiment: str, since: float) -> None:
        self._client: Any = _client(uri)
        self._experiment = _experiment_id(self._client, experiment)
        self._since = since - SKEW

    def find(self, task: str, number: int) -> str:
        """The run of an attempt, or of the ``WHOLE`` task; empty if there is none."""
        wanted = [f"tags.`{TASK}` = '{task}'", f"tags.`{ATTEMPT}` = '{number}'"]
        recent = f"attributes.start_time >= {int(self._since * 1000)}"
        found = self._client.search_runs(
            [self._experiment], " and ".join([*wanted, recent]), max_results=1, order_by=["attributes.start_time ASC"]
        )
        return str(found[0].info.run_id) if found else ""

    def ensure(self, task: str, number: int) -> str:
        """The same, made if there is none; that of an attempt below that of its task."""
        if run := self.find(task, number):
            return run
        tags = {JOB: task.partition(".")[0], TASK: task, ATTEMPT: str(number)}
        if number != WHOLE:
            tags[PARENT] = self.ensure(task, WHOLE)
        name = task if number == WHOLE else f"{task}#{number}"
        return str(self._client.create_run(self._experiment, tags=tags, run_name=name).info.run_id)

    def log(self, run: str, points: Sequence[Point]) -> None:
        """The numbers of these reports as metrics, but for those that are there already."""
        from mlflow.entities import Metric, RunTag  # noqa: PLC0415 - an extra

        logged = _mark(self._client.get_run(run).data.tags.get(LOGGED, ""))
        fresh = sorted(
            (each for each in points if (each.at, each.step) > logged), key=lambda each: (each.at, each.step)
        )
        metrics = [
            Metric(name, value, int(each.at * 1000), each.step) for each in fresh for name, value in _numbers(each)
        ]
        for start in range(0, len(metrics), BATCH):
            self._client.log_batch(run, metrics=metrics[start : start + BATCH])
        if fresh:
            last = fresh[-1]
            simulated = [RunTag("simulated", "true")] if last.values.get("simulated") is True else []
            self._client.log_batch(run, tags=[RunTag(LOGGED, f"{last.at!r} {last.step}"), *simulated])

    def close(self, run: str, view: TaskView) -> None:
        """Say how an attempt or a task ended, whatever the run itself still believes."""
        facts = {"outcome": view.outcome or view.state, "detail": view.detail, "worker": view.worker}
        for name, value in facts.items():
            self._client.set_tag(run, f"paceline.{name}", value)
        self._client.set_terminated(run, status=status(facts["outcome"]), end_time=int(view.ended_at * 1000))

    def give_up_before(self, task: str, number: int, at: float) -> None:
        """Earlier attempts are over: those whose process could not say so any more are closed."""
        for earlier in range(1, number):
            run = self.find(task, earlier)
            if run and self._client.get_run(run).info.status == "RUNNING":
                self._client.set_terminated(run, status="FAILED", end_time=int(at * 1000))


def status(outcome: str) -> str:
    """MLflow's word for an outcome: FINISHED, KILLED for what was asked to end, FAILED for all else."""
    asked = ("CANCELLED", "PREEMPTED", "INTERRUPTED", "REQUEUED", "RETURNED", "DEPENDENCY")
    return "FINISHED" if outcome == "SUCCEEDED" else "KILLED" if outcome in asked else "FAILED"


def check_installed() -> None:
    """Raises UsageError if MLflow is not."""
    if find_spec("mlflow") is None:
        raise UsageError("mlflow: MLflow is not installed here", hint="install it: pip install 'paceline[mlflow]'")


def _numbers(point: Point) -> Iterable[tuple[str, float]]:
    for name, value in point.values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield _FOREIGN.sub("_", name), float(value)


def _mark(text: str) -> tuple[float, int]:
    at, _, step = text.partition(" ")
    return (float(at), int(step)) if step else (0.0, -1)


def _client(uri: str) -> Any:
    check_installed()
    from mlflow import MlflowClient, environment_variables  # noqa: PLC0415 - an extra, and a second to load

    for name, value in QUICKLY.items():
        variable = getattr(environment_variables, name)
        if not variable.is_set():
            variable.set(value)
    return MlflowClient(tracking_uri=uri)


def _experiment_id(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

        try:
            return str(client.create_experiment(name))
        except MlflowException:  # somebody else has just made it, or it cannot be made
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    return str(found.experiment_id)
