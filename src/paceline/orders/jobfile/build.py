"""From the fields of one job to what is submitted. Raises UsageError with the field's path within the job."""

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
from msgspec.structs import replace as replace_fields

from paceline import grammar
from paceline.model.errors import UsageError
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.orders import rows
from paceline.orders.jobfile.around import Around, Surroundings
from paceline.orders.jobfile.fields import Job, Resources, Retries, Sweep
from paceline.orders.metric import Direction, direction
from paceline.orders.space import Space, corners, parse_space
from paceline.orders.work import Asked, Order, default_name, needs, prepare

_ROW = re.compile(r"row \d+: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What ``paceline sweep`` runs: trials of one open job. ``identity`` is the same for the same file in the same
    place, however many trials it asks for."""

    spec: JobSpec
    space: Space
    sweep: Sweep
    way: Direction
    identity: str


def order(name: str, job: Job, around: Around) -> Order:
    """One job of a file. ``name``: what it is called unless it says so itself."""
    if job.sweep:
        raise UsageError("sweep: is not submitted, but run by its driver", hint="paceline sweep FILE")
    return _order(name, job, _rows(job, around), around)


def search(job: Job, around: Surroundings) -> Search:
    """The sweep of a file. The extremes of its space are checked now."""
    if job.sweep is None:
        raise UsageError("sweep: is missing", hint="say there what to search, or submit the file")
    if job.needs:
        raise UsageError("needs: a sweep's file has no other job", hint="submit that first, then sweep")
    _rows(job, around)  # nothing else may say which tasks there are
    space = parse_space(job.sweep.space, "sweep.space")
    spec = _order("", job, [msgspec.json.encode(row) for row in corners(space)], around).spec
    return Search(
        spec=replace(spec, ranges=(), limit=0, open=True),
        space=space,
        sweep=job.sweep,
        way=job.sweep.direction or direction(job.sweep.metric, field="sweep.metric", hint="add direction: min, or max"),
        identity=_identity(job, job.sweep, around),
    )


def _identity(job: Job, sweep: Sweep, around: Surroundings) -> str:
    what = replace_fields(job, sweep=replace_fields(sweep, trials=1, parallel=1))
    told = msgspec.json.encode([what, str(around.cwd), around.owner], order="deterministic")
    return hashlib.sha256(told).hexdigest()[:24]


def _order(name: str, job: Job, payloads: Sequence[bytes], around: Around) -> Order:
    kind, params = _work(job)
    ranges, limit = grammar.parse_array(job.array) if job.array else ((Range(start=0, stop=len(payloads) or 1),), 0)
    try:
        work = prepare(kind, params, payloads)
    except UsageError as error:
        raise UsageError(_inside_params(kind, error.message, job), hint=error.hint) from None
    run = Spec(
        kind=work.kind,
        body=work.body,
        env=_environment(job.env, around),
        cwd=around.place(job.cwd),
        timeout=_duration(job.time, "time"),
    )
    spec = JobSpec(
        name=grammar.check_name(name or job.name or default_name(kind, params)),
        run=run,
        ranges=ranges,
        needs=needs(work.need, _asked(job.resources, "resources")),
        priority=job.priority,
        deadline=_moment(job.deadline, around.now, "deadline"),
        not_before=_moment(job.not_before, around.now, "not_before"),
        limit=limit or job.limit,
        after_names=tuple(job.needs),
        retry=_retry(job.retries),
        experiment=job.experiment,
        owner=around.owner,
    )
    return Order(spec=spec, payloads=payloads)


def _work(job: Job) -> tuple[str, Mapping[str, object]]:
    if bool(job.run) == bool(job.kind):
        raise UsageError("run: say either what to run, or a kind with its params", hint="such as run: python train.py")
    if job.kind and job.shell:
        raise UsageError("shell: is for commands", hint="take it out")
    if job.kind:
        return job.kind, job.params
    if job.params:
        raise UsageError("params: are for kinds, and this job runs a command", hint="put them into run")
    return "command", {"argv": _argv(job), "shell": job.shell}


def _argv(job: Job) -> Sequence[str]:
    if job.shell:
        if not isinstance(job.run, str):
            raise UsageError("run: a shell takes one line of text, not a list", hint="take shell out")
        return [job.run]
    if not isinstance(job.run, str):
        return job.run
    try:
        return shlex.split(job.run, comments=True)
    except ValueError as error:
        raise UsageError(f"run: {str(error).lower()}", hint="write a list, or shell: true") from None


def _rows(job: Job, around: Around) -> Sequence[bytes]:
    sources = {
        "array": job.array,
        "each_line": job.each_line,
        "items": job.items,
        "grid": job.grid,
        "random": job.random,
        "sweep": job.sweep,
    }
    given = [name for name, value in sources.items() if value]
    if len(given) > 1:
        raise UsageError(f"{given[1]}: the tasks are already given by {given[0]!r}", hint="take one of them out")
    if job.each_line and job.kind:
        raise UsageError("each_line: a kind takes mappings, not lines", hint="use items or grid")
    if job.each_line:
        return around.lines(job.each_line)
    if job.items:
        return rows.from_items(job.items)
    if job.random:
        space = parse_space(job.random.space, "random.space")
        return rows.from_random(space, job.random.samples, job.random.seed, around.room)
    return rows.from_grid(job.grid, room=around.room) if job.grid else ()


def _asked(resources: Resources, path: str) -> Asked:
    r = resources
    return Asked(
        cpu=grammar.parse_count(r.cpus, f"{path}.cpus") if r.cpus else 0,
        memory=grammar.parse_size(r.memory, f"{path}.memory") if r.memory else 0,
        disk=grammar.parse_size(r.disk, f"{path}.disk") if r.disk else 0,
        gpus=grammar.parse_gpu(r.gpu, f"{path}.gpu") if r.gpu else (),
        labels=tuple(sorted(r.labels.items())),
        time=_duration(r.time_request, f"{path}.time_request"),
        any_of=tuple(_asked(choice, f"{path}.any_of[{number}]") for number, choice in enumerate(r.any_of)),
    )


def _retry(retries: int | Retries) -> Retry:
    if isinstance(retries, int):
        if retries < 0:
            raise UsageError(f"retries: {retries} is less than none", hint="0 or more")
        return Retry(failures=retries)
    return Retry(
        failures=retries.failures,
        losses=retries.losses,
        codes=tuple(retries.on_exit_codes),
        base=_duration(retries.base, "retries.base"),
        cap=_duration(retries.cap, "retries.cap"),
    )


def _environment(env: dict[str, str | None] | list[str], around: Around) -> tuple[tuple[str, str], ...]:
    if isinstance(env, dict):
        env = [name if value is None else f"{name}={value}" for name, value in env.items()]
    return tuple(grammar.settle(setting, around.value, "env") for setting in env)


def _duration(text: str, path: str) -> float:
    return grammar.parse_duration(text, path) if text else 0.0


def _moment(text: str, now: float, path: str) -> float:
    return grammar.parse_moment(text, now, path) if text else 0.0


def _inside_params(kind: str, message: str, job: Job) -> str:
    """``train.targt: …`` → ``params.targt: …``: in a job file the kind's parameters stand under that key.

    A row of a sweep is none that anybody wrote.
    """
    row = found[0] if (found := _ROW.match(message)) else ""
    field = message.removeprefix(row)
    head, dot, rest = field.partition(".")
    inside = f"params.{rest}" if dot and head == kind else field
    return inside if job.sweep else f"{row}{inside}"
