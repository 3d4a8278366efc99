"""What a caller may say about a function's tasks, in Python words: ``cpu=2, memory="8GiB", gpu="A100:2", retries=3``.

Texts follow the same grammar as the command line and the job file.
"""

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, Unpack

from paceline.config.setting import CLIENT
from paceline.config.settings.client import EXPERIMENT
from paceline.config.sources import settings
from paceline.grammar import parse_count, parse_duration, parse_gpu, parse_size
from paceline.model.bounds import require_int32
from paceline.model.errors import UsageError
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.model.resources import Need
from paceline.sdk.functions import FEATURE, Code, body_of


class TaskOptions(TypedDict, total=False):
    """Keywords of ``Executor`` and ``task``. All are optional."""

    name: str  # of the job; default: the function's
    cpu: float | str  # processors of one task, at least; default 1
    memory: int | str  # bytes, or "8GiB"; a task that wants more ends as OOM
    disk: int | str
    gpu: float | str  # devices: 1, 0.5, "A100:2", "nvidia:24GB"
    labels: Mapping[str, str]  # that the worker must have
    time_request: float | str  # seconds, or "20m", that the worker must still have left
    timeout: float | str  # seconds, or "1h", that an attempt may run
    retries: int  # further attempts after a failure; a lost worker is always made up for
    priority: int  # larger is sooner
    limit: int  # tasks that may run at once
    env: Mapping[str, str]
    cwd: str  # default: a fresh scratch directory
    experiment: str


@dataclass(frozen=True, slots=True)
class Template:
    """Options, understood. Equal templates make tasks of the same job."""

    needs: tuple[Need, ...]
    name: str = ""
    timeout: float = 0.0
    retries: int = 0
    priority: int = 0
    limit: int = 0
    env: tuple[tuple[str, str], ...] = ()
    cwd: str = ""
    experiment: str = ""


def understand(**options: Unpack[TaskOptions]) -> Template:
    """The template of these options. Raises UsageError naming the option."""
    _refuse_unknown(options)
    return Template(
        needs=_needs(options),
        name=_text("name", options.get("name", "")),
        timeout=parse_duration(str(options.get("timeout", 0)), "timeout"),
        retries=_count("retries", options.get("retries", 0)),
        priority=_whole("priority", options.get("priority", 0)),
        limit=_count("limit", options.get("limit", 0)),
        env=_pairs("env", options.get("env", {})),
        cwd=_text("cwd", options.get("cwd", "")),
        experiment=_text("experiment", options.get("experiment", "")),
    )


def job_spec(code: Code, template: Template, owner: str) -> JobSpec:
    """An open job whose tasks are calls of this function."""
    run = Spec(kind="function", body=body_of(code), env=template.env, cwd=template.cwd, timeout=template.timeout)
    return JobSpec(
        name=template.name or code.name,
        run=run,
        ranges=NO_TASKS,
        needs=template.needs,
        priority=template.priority,
        limit=template.limit,
        retry=Retry(failures=template.retries),
        open=True,
        experiment=template.experiment or settings(CLIENT).of(EXPERIMENT),
        owner=owner,
    )


NO_TASKS: tuple[Range, ...] = ()
"""Ranges of an open job at its birth."""


def _needs(options: TaskOptions) -> tuple[Need, ...]:
    need = Need(
        cpu=parse_count(str(options.get("cpu", 1)), "cpu"),
        memory=_size("memory", options.get("memory", 0)),
        disk=_size("disk", options.get("disk", 0)),
        labels=_pairs("labels", options.get("labels", {})),
        features=(FEATURE,),
        time=parse_duration(str(options.get("time_request", 0)), "time_request"),
    )
    gpu = options.get("gpu", 0)
    if not gpu:
        return (need,)
    return tuple(dataclasses.replace(need, gpu=each) for each in parse_gpu(str(gpu), "gpu"))


def _size(field: str, value: int | str) -> int:
    return value if isinstance(value, int) else parse_size(value, field)


def _count(field: str, value: int) -> int:
    if not isinstance(value, int) or value < 0:
        raise UsageError(f"{field}: {value!r} is not a whole number from 0 up")
    return _whole(field, value)


def _whole(field: str, value: int) -> int:
    if not isinstance(value, int):
        raise UsageError(f"{field}: {value!r} is not a whole number")
    require_int32(**{field: value})
    return value


def _text(field: str, value: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{field}: {value!r} is not a text")
    return value


def _pairs(field: str, value: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for pair in value.items() for text in pair):
        raise UsageError(f"{field}: must map names to texts, got {value!r}")
    return tuple(sorted(value.items()))


def _refuse_unknown(options: Mapping[str, object]) -> None:
    known = TaskOptions.__annotations__
    for key in options:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise UsageError(f"{key}: there is no such option", hint=hint)
