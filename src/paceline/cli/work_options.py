"""What ``run`` and ``submit`` have in common: their options, and the order that words and options make."""

from collections.abc import Callable, Mapping, Sequence
from getpass import getuser
from pathlib import Path
from typing import TypedDict, TypeVar

import click

from paceline import grammar
from paceline.clock import SystemClock
from paceline.config import of_caller
from paceline.model.bounds import require_int32
from paceline.model.errors import UsageError
from paceline.model.job import JobSpec, Range, Retry, Spec
from paceline.orders import rows
from paceline.orders.work import Asked, Order, default_name, needs, prepare, read_params

F = TypeVar("F", bound=Callable[..., object])


class WorkOptions(TypedDict):
    """The options as they were written; empty: not at all."""

    name: str
    cpus: str
    memory: str
    disk: str
    gpus: str
    label: tuple[str, ...]
    time_limit: str
    time_request: str
    priority: int
    deadline: str
    not_before: str
    array: str
    each_line: str
    from_json: str
    limit: int
    after: tuple[str, ...]
    retries: int
    env: tuple[str, ...]
    cwd: str
    shell: bool
    submit_id: str
    experiment: str
    kind: str
    param: tuple[str, ...]
    mlflow: str


_OPTIONS = (
    click.option("--name", default="", help="Name of the job; default: the program's."),
    click.option("--cpus", default="", metavar="N", help="Processors of a task, at least: 4, 0.5."),
    click.option("--memory", default="", metavar="SIZE", help="Memory of a task, which is held to it: 8GiB, 512MB."),
    click.option("--disk", default="", metavar="SIZE", help="Free disk, at least."),
    click.option("--gpus", "--gpu", default="", metavar="GPU", help="Devices: 1, 0.5, A100:2, A10G,A100:24GB..:1."),
    click.option("--label", multiple=True, metavar="KEY=VALUE", help="A label that the worker must have."),
    click.option("--time", "time_limit", default="", metavar="DURATION", help="How long an attempt may run: 30s, 4h."),
    click.option("--time-request", default="", metavar="DURATION", help="Time that a worker must still have left."),
    click.option("--priority", type=int, default=0, metavar="N", help="Higher goes first; default 0."),
    click.option("--deadline", default="", metavar="TIME", help="When it should be done: 8h, 2026-01-31T18:00:00Z."),
    click.option("--not-before", default="", metavar="TIME", help="When it may start."),
    click.option("--array", default="", metavar="RANGES", help="One task per index: 1-100, 0-9:2, 1-100%8."),
    click.option("--each-line", default="", metavar="FILE", help="One task per line, found in PACELINE_ENTRY."),
    click.option("--from-json", default="", metavar="FILE", help="One task per item of a JSON list."),
    click.option("--limit", type=click.IntRange(0), default=0, metavar="N", help="At most N tasks at once."),
    click.option("--after", multiple=True, metavar="JOB", help="Jobs that must succeed first."),
    click.option("--retries", type=click.IntRange(0), default=0, metavar="N", help="Further attempts after failures."),
    click.option("--env", multiple=True, metavar="NAME[=VALUE]", help="Environment; a name alone passes yours on."),
    click.option("--cwd", default="", metavar="DIR", help="Where to run; default: here."),
    click.option("--shell", is_flag=True, help="Give the words, joined, to /bin/sh -c."),
    click.option("--submit-id", default="", metavar="ID", help="The same one again is the same submission."),
    click.option("--experiment", default="", help="A label that groups jobs."),
    click.option("--kind", default="", help="What to run instead of a program: train …"),
    click.option("--param", multiple=True, metavar="KEY=VALUE", help="A parameter of the kind."),
    click.option("--mlflow", default="", metavar="URI", help="Keep an MLflow run of every attempt there."),
)


def work_options(command: F) -> F:
    """Give a command all of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def order(words: Sequence[str], options: WorkOptions) -> Order:
    """The job that was described, but for what it comes after. Raises UsageError naming the option."""
    require_int32(**{f"--{name}": options[name] for name in ("priority", "limit", "retries")})
    kind, params = _kind(words, options)
    payloads = _rows(options)
    ranges, limit = _tasks(options, len(payloads))
    work = prepare(kind, params, payloads)
    now = SystemClock().now()
    spec = JobSpec(
        name=grammar.check_name(options["name"] or default_name(kind, params), "--name"),
        run=Spec(
            kind=kind, body=work.body, env=_environment(options["env"]), cwd=_cwd(options), timeout=_limit(options)
        ),
        ranges=ranges,
        needs=needs(work.need, _asked(options)),
        priority=options["priority"],
        deadline=_moment(options["deadline"], now, "--deadline"),
        not_before=_moment(options["not_before"], now, "--not-before"),
        limit=limit,
        retry=Retry(failures=options["retries"]),
        experiment=options["experiment"],
        owner=getuser(),
    )
    return Order(spec=spec, payloads=payloads)


def refuse_with_file(options: WorkOptions) -> None:
    """A job file says everything itself but what it comes after."""
    given = [name for name, value in options.items() if value and name not in ("after", "submit_id", "mlflow")]
    if given:
        option = given[0].replace("_limit", "").replace("_", "-")
        raise UsageError(f"--{option}: a job file says this itself", hint="write it into the file")


def _kind(words: Sequence[str], options: WorkOptions) -> tuple[str, Mapping[str, object]]:
    kind, pairs = options["kind"], [grammar.parse_pair(each, "--param") for each in options["param"]]
    if kind and words:
        raise UsageError(f"a job runs either a program ({words[0]!r}) or --kind {kind}", hint="leave one of them out")
    if kind:
        return kind, read_params(kind, pairs)
    if pairs:
        raise UsageError("--param: is for kinds", hint="say which: --kind train")
    if not words:
        raise UsageError("there is nothing to run", hint="paceline run -- COMMAND")
    argv = [" ".join(words)] if options["shell"] else list(words)
    return "command", {"argv": argv, "shell": options["shell"]}


def _rows(options: WorkOptions) -> Sequence[bytes]:
    given = [name for name in ("array", "each_line", "from_json") if options[name]]
    if len(given) > 1:
        one, other = (f"--{name.replace('_', '-')}" for name in given[:2])
        raise UsageError(f"{one} and {other} both say which tasks there are", hint="leave one of them out")
    if options["each_line"] and options["kind"]:
        raise UsageError("--each-line: a kind takes mappings, not lines", hint="use --from-json")
    if options["each_line"]:
        return rows.from_lines(Path(options["each_line"]), "--each-line")
    return rows.from_json(Path(options["from_json"]), "--from-json") if options["from_json"] else ()


def _tasks(options: WorkOptions, count: int) -> tuple[tuple[Range, ...], int]:
    if not options["array"]:
        return (Range(start=0, stop=count or 1),), options["limit"]
    ranges, limit = grammar.parse_array(options["array"], "--array")
    return ranges, limit or options["limit"]


def _asked(options: WorkOptions) -> Asked:
    return Asked(
        cpu=grammar.parse_count(options["cpus"], "--cpus") if options["cpus"] else 0,
        memory=grammar.parse_size(options["memory"], "--memory") if options["memory"] else 0,
        disk=grammar.parse_size(options["disk"], "--disk") if options["disk"] else 0,
        gpus=grammar.parse_gpu(options["gpus"], "--gpus") if options["gpus"] else (),
        labels=tuple(grammar.parse_pair(each, "--label") for each in options["label"]),
        time=grammar.parse_duration(options["time_request"], "--time-request") if options["time_request"] else 0.0,
    )


def _environment(settings: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(grammar.settle(setting, of_caller, "--env") for setting in settings)


def _cwd(options: WorkOptions) -> str:
    return str(Path.cwd() / options["cwd"])


def _limit(options: WorkOptions) -> float:
    return grammar.parse_duration(options["time_limit"], "--time") if options["time_limit"] else 0.0


def _moment(text: str, now: float, field: str) -> float:
    return grammar.parse_moment(text, now, field) if text else 0.0
