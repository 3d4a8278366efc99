"""Lines of the event log as sentences: who did what, to what, and why."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from paceline.cli.table import state
from paceline.grammar import format_duration, format_moment, format_size
from paceline.model.text import visible
from paceline.model.views import EventView

Body: TypeAlias = Mapping[str, Any]


class Sentences:
    """Learns from the lines what workers are called."""

    def __init__(self, workers: Mapping[int, str]) -> None:
        """``workers``: names that are known already, by number."""
        self._workers = dict(workers)

    def of(self, line: EventView) -> str:
        """The line with its time. One of a kind that is not known here is told as it is."""
        body = _visible(json.loads(line.body or "{}"))
        subject = visible(line.subject)
        if line.kind == "worker_kept":
            self._workers[body["worker"]] = subject
        say = _SAID.get(line.kind)
        said = say(subject, {**body, "on": self._name(body)}) if say else f"{line.kind} {subject} {json.dumps(body)}"
        return f"{format_moment(line.at)}  {said}"

    def _name(self, body: Body) -> str:
        number = body.get("worker", 0)
        return self._workers.get(number, f"worker {number}")


def _job_kept(job: str, body: Body) -> str:
    size = "open" if body["open"] else _count(body["tasks"], "task")
    return f'job {job} "{body["name"]}" was submitted{_by(body)}{_for(body)}: {body["kind"]}, {size}'


def _tasks_kept(job: str, body: Body) -> str:
    first, count = body["first"], body["count"]
    return f"job {job} was handed the arguments of {_span(first, first + count - 1)}"


def _job_shut(job: str, body: Body) -> str:
    return f"job {job} has all its tasks: {body['count']}"


def _job_over(job: str, body: Body) -> str:
    counts = ", ".join(f"{count} {word.lower()}" for word, count in body["counts"].items() if count)
    return f"job {job} is over: {state(body['state'])}" + (f" ({counts})" if counts else "")


def _cancel_kept(job: str, body: Body) -> str:
    spans = [_span(start, stop - 1) for start, stop, _ in body["ranges"]]
    what = f"{job} ({', '.join(spans)})" if spans else job
    return f"job {what} was cancelled{_by(body)}{_why(body)}"


def _attempts_granted(job: str, body: Body) -> str:
    return f"{_attempts(job, body)} went to {body['on']}"


def _attempts_over(job: str, body: Body) -> str:
    rows = len(body["indexes"])
    outcomes = body["outcomes"] or ["SUCCEEDED"] * rows
    if rows != 1:
        told = ", ".join(f"{count} {state(word)}" for word, count in Counter(outcomes).most_common())
        return f"{_attempts(job, body)} ended on {body['on']}: {told}"
    took = f" after {format_duration(round(body['seconds'][0], 3))}" if any(body["seconds"]) else ""
    again = f"; again from {format_moment(body['retry_at'][0])} on" if any(body["retry_at"]) else ""
    return f"{_attempts(job, body)} ended on {body['on']}: {state(outcomes[0])}{_detail(body)}{took}{again}"


def _detail(body: Body) -> str:
    detail, code = "".join(body["details"][:1]), sum(body["codes"][:1])
    return f" ({detail})" if detail else f" (exit code {code})" if code else ""


def _checkpoint_kept(job: str, body: Body) -> str:
    size = f"{_count(body['files'], 'file')}, {format_size(body['bytes'])}"
    return f"attempt {body['attempt']} left a checkpoint at step {body['step']}: {size}"


def _checkpoints_dropped(job: str, body: Body) -> str:
    return f"job {job}: {_count(len(body['indexes']), 'checkpoint')} needed no more"


def _worker_kept(worker: str, body: Body) -> str:
    return f"worker {worker} is {state(body['state'])}{_why(body)}{',' if body.get('by') else ''}{_by(body)}"


def _token_kept(token: str, body: Body) -> str:
    named = f' "{body["name"]}"' if body["name"] else ""
    until = f", good until {format_moment(body['expires_at'])}" if body["expires_at"] else ""
    return f"{body['role']} token {token}{named} was made{_by(body)}{until}"


def _token_spent(token: str, body: Body) -> str:
    return f"token {token} was {'revoked' if body.get('revoked') else 'used up'}{_by(body)}"


def _model_changed(key: str, body: Body) -> str:
    to = f' "{body["to"]}"' if body["to"] else ""
    return f'model {key} "{body["name"]}" was {body["change"]}{to}{_by(body)}'


def _attempts(job: str, body: Body) -> str:
    """``task 3.17 (attempt 2)``, or how many."""
    indexes, numbers = body["indexes"], body["numbers"]
    if len(indexes) != 1:
        return f"{_count(len(indexes), 'task')} of job {job}"
    again = f" (attempt {numbers[0]})" if numbers and numbers[0] > 1 else ""
    return f"task {job}.{indexes[0]}{again}"


def _span(first: int, last: int) -> str:
    return f"task {first}" if first == last else f"tasks {first}-{last}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _by(body: Body) -> str:
    """Of a line that an older server wrote nobody knows."""
    return f" by {body['by']}" if body.get("by") else ""


def _for(body: Body) -> str:
    return f" for {body['owner']}" if body["owner"] else ""


def _why(body: Body) -> str:
    return f": {body['reason']}" if body["reason"] else ""


def _visible(value: Any) -> Any:
    """All texts in it."""
    match value:
        case str():
            return visible(value)
        case list():
            return [_visible(each) for each in value]
        case dict():
            return {key: _visible(each) for key, each in value.items()}
    return value


_SAID: Mapping[str, Callable[[str, Body], str]] = {
    "job_kept": _job_kept,
    "tasks_kept": _tasks_kept,
    "job_shut": _job_shut,
    "job_over": _job_over,
    "cancel_kept": _cancel_kept,
    "attempts_granted": _attempts_granted,
    "attempts_over": _attempts_over,
    "checkpoint_kept": _checkpoint_kept,
    "checkpoints_dropped": _checkpoints_dropped,
    "worker_kept": _worker_kept,
    "token_kept": _token_kept,
    "token_spent": _token_spent,
    "model_changed": _model_changed,
}
