"""The job file: YAML that says what to run, what it needs, and which job comes after which.

Every mistake is told with the file, line and column, the path of the key, and the nearest spelling that would work:
``job.yaml:7:3: resources.memroy: unknown key; did you mean 'memory'?``
"""

import difflib
import graphlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from paceline.grammar import parse_array
from paceline.model.errors import UsageError
from paceline.orders.jobfile.around import Afar, Around, Surroundings
from paceline.orders.jobfile.build import Search, order, search
from paceline.orders.jobfile.document import Place, Plain, compose, unspell
from paceline.orders.jobfile.fields import Job, Random, Resources, Retries, Sweep
from paceline.orders.jobfile.given import read
from paceline.orders.work import Order

__all__ = ["Afar", "Search", "Surroundings", "load", "load_search", "parse", "parse_json", "parse_search"]

T = TypeVar("T")

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_PATH = re.compile(r"([\w.\[\]-]+): (.*)", re.DOTALL)
_SECTIONS = (Job, Resources, Retries, Random, Sweep)


class Document(Protocol):
    """A job file that is read, but not yet understood."""

    def values(self) -> dict[str, Plain]: ...

    def error(self, place: Place, text: str, hint: str = "") -> UsageError: ...


def load(path: Path, around: Surroundings) -> Sequence[Order]:
    """The jobs of a file on disk, in its order."""
    return parse(_read(path), str(path), around)


def load_search(path: Path, around: Surroundings) -> Search:
    """The sweep of a file on disk."""
    return parse_search(_read(path), str(path), around)


def parse(text: str, file: str, around: Surroundings) -> Sequence[Order]:
    """The jobs in a text, in its order. ``file`` is what messages call it."""
    return _orders(compose(text, file), around)


def parse_json(body: bytes, around: Around) -> Sequence[Order]:
    """The jobs in a text of JSON, in its order."""
    return _orders(read(body), around)


def _orders(document: Document, around: Around) -> Sequence[Order]:
    values = document.values()
    if "jobs" not in values:
        return [_order(document, (), "", values, around)]
    orders = [
        _order(document, ("jobs", name), name, fields, around) for name, fields in _jobs(document, values).items()
    ]
    _check_graph(document, orders)
    return orders


def parse_search(text: str, file: str, around: Surroundings) -> Search:
    """The sweep in a text."""
    document = compose(text, file)
    values = document.values()
    if "jobs" in values:
        raise document.error(("jobs",), "a sweep is of one job", "take the job out of 'jobs' into a file of its own")
    return _understood(document, (), values, lambda job: search(job, around))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 text: {error.reason}") from None


def _jobs(document: Document, values: dict[str, Plain]) -> dict[str, Plain]:
    for key in values:
        if key != "jobs":
            raise document.error((key,), "a file with 'jobs' has no other keys", "put it into each job")
    jobs = values["jobs"]
    if not isinstance(jobs, dict) or not jobs:
        raise document.error(("jobs",), "must be a mapping of names to jobs, with at least one")
    return jobs


def _order(document: Document, place: Place, name: str, fields: Plain, around: Around) -> Order:
    def made(job: Job) -> Order:
        if name and job.name not in ("", name):
            raise UsageError(f"name: is {job.name!r}, but the file calls it {name!r}", hint="take it out")
        if job.needs and not name:
            raise UsageError("needs: this file has no other job", hint="put several under jobs:")
        return order(name, job, around)

    return _understood(document, place, fields, made)


def _understood(document: Document, place: Place, fields: Plain, make: Callable[[Job], T]) -> T:
    """What is made of a job's fields; a mistake is told with its place."""
    try:
        job = msgspec.convert(fields, Job, strict=False)
        _refuse_empty(job, fields)
        return make(job)
    except msgspec.ValidationError as error:
        raise _misfit(document, place, str(error)) from None
    except UsageError as error:
        raise _located(document, place, error) from None


def _refuse_empty(job: Job, fields: Plain) -> None:
    """``items: []`` must not quietly mean a single task."""
    for key in ("array", "each_line", "items", "grid"):
        if isinstance(fields, dict) and key in fields and not getattr(job, key):
            raise UsageError(f"{key}: is empty, and an array needs at least one task", hint="take it out for one task")
    if job.array.isdecimal():
        index = parse_array(job.array)[0][0].start
        hint = f"write 0-{index - 1} for {index} tasks" if index else "take it out for one task"
        raise UsageError(f"array: {job.array} would be a single index", hint=hint)


def _misfit(document: Document, place: Place, text: str) -> UsageError:
    """What msgspec says, in our words: ``Object contains unknown field `x` - at `$.resources```."""
    problem, _, where = text.partition(" - at `$")
    inner = unspell(where.rstrip("`").replace("[...]", ""))
    if unknown := _UNKNOWN.fullmatch(problem):
        return document.error((*place, *inner, unknown[1]), f"unknown key{_nearest(unknown[1], inner)}")
    return document.error((*place, *inner), problem[:1].lower() + problem[1:], _choices(inner))


def _section(inner: Place) -> type[msgspec.Struct]:
    return next((each for each in _SECTIONS if inner and each.__name__.lower() == inner[0]), Job)


def _choices(inner: Place) -> str:
    """The words that a key may hold, where those are listed."""
    types = {field.encode_name: field.type for field in msgspec.structs.fields(_section(inner))}
    told = msgspec.inspect.type_info(types.get(str(inner[-1]), object)) if inner else None
    listed = told.type if isinstance(told, msgspec.inspect.Metadata) else told
    if not isinstance(listed, msgspec.inspect.LiteralType):
        return ""
    return f"one of {', '.join(str(value) for value in listed.values if value)}"


def _nearest(key: str, inner: Place) -> str:
    known = [field.encode_name for field in msgspec.structs.fields(_section(inner))]
    near = difflib.get_close_matches(key, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"


def _located(document: Document, place: Place, error: UsageError) -> UsageError:
    """Put the line and column before a message that begins with a path."""
    match = _PATH.fullmatch(error.message)
    if match is None:
        return document.error(place, error.message, error.hint)
    return document.error((*place, *unspell(match[1])), match[2], error.hint)


def _check_graph(document: Document, orders: Sequence[Order]) -> None:
    names = [each.spec.name for each in orders]
    for each in orders:
        for position, needed in enumerate(each.spec.after_names):
            if needed not in names:
                near = difflib.get_close_matches(needed, names, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"jobs here: {', '.join(names)}"
                where = ("jobs", each.spec.name, "needs", position)
                raise document.error(where, f"there is no job {needed!r} in this file", hint)
    try:
        graphlib.TopologicalSorter({each.spec.name: each.spec.after_names for each in orders}).prepare()
    except graphlib.CycleError as error:
        cycle = error.args[1]
        raise document.error(
            ("jobs", cycle[1], "needs"), f"jobs wait for each other: {' → '.join(reversed(cycle))}"
        ) from None
