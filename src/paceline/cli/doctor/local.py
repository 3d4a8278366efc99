"""Workers of this home: whether each runs, and if the server does not know it, why."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paceline.cli.doctor.aside import aside
from paceline.cli.doctor.finding import Finding, ok, problem, skipped, warning
from paceline.cli.doctor.processes import holder
from paceline.cli.doctor.surroundings import Surroundings
from paceline.cli.doctor.visit import Answer, Visit
from paceline.model.views import WorkerView
from paceline.model.worker import WorkerState
from paceline.wire.whereabouts import read_workers

_TAIL = 1 << 14
"""Bytes of a log in which its last error is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What its files say."""

    name: str
    pid: int  # of its agent; 0: none runs
    has_key: bool
    server: str  # that it last went to, where it says so
    said: str  # the last error in its log, or its last line


async def registered(around: Surroundings, answer: Answer) -> Iterable[Finding]:
    """Each worker that was ever started here."""
    here = await aside(lambda: workers_of(around.home))
    if not here:
        return [ok("no worker was ever started from this home", workers=0)]
    if not isinstance(answer, Visit):
        return [_unasked(each) for each in here]
    known = {each.name: each for each in await answer.client.workers() if each.state != WorkerState.LOST}
    return [_judged(each, known, answer.client.options.address) for each in here]


def workers_of(home: Path) -> Sequence[Worker]:
    """All of them; one that could not even make its directory has a log at least."""
    names = {each.name for each in (home / "workers").glob("*") if each.is_dir()}
    names |= {each.stem for each in (home / "logs").glob("*.log")} - {"server"}
    servers = {each.name: each.server for each in read_workers(home)}
    return [_read(home, name, servers.get(name, "")) for name in sorted(names)]


def _read(home: Path, name: str, server: str) -> Worker:
    directory = home / "workers" / name
    return Worker(
        name=name,
        pid=holder(directory / "agent.lock"),
        has_key=(directory / "key").exists(),
        server=server,
        said=last_error(home / "logs" / f"{name}.log"),
    )


def last_error(log: Path) -> str:
    """The last line that speaks of an error, else the last line; empty if there is no such file."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    return next((in_words(line) for line in reversed(lines) if "error" in line.lower()), in_words(*lines[-1:]))


def in_words(line: str = "") -> str:
    """A line of a log: an event and its fields if it is JSON, else as it is."""
    try:
        said = json.loads(line)
    except ValueError:
        return line
    if not isinstance(said, dict):
        return line
    fields = [f"{key}={value}" for key, value in said.items() if key not in ("time", "level", "process", "event")]
    return " ".join([str(said.get("event", "")), *fields])


def _unasked(worker: Worker) -> Finding:
    runs = f"runs (process {worker.pid})" if worker.pid else "does not run"
    said = f"; it said: {worker.said}" if worker.said else ""
    return skipped(f"{worker.name} {runs}; whether the server knows it cannot be asked{said}")


def _judged(worker: Worker, known: dict[str, WorkerView], address: str) -> Finding:
    fields = {"worker": worker.name, "pid": worker.pid, "has_key": worker.has_key, "said": worker.said}
    said = f"; it said: {worker.said}" if worker.said else ""
    if worker.pid and worker.name in known:
        return ok(f"{worker.name} runs (process {worker.pid}), and the server knows it", **fields)
    if worker.pid:
        where = f", it belongs to {worker.server}" if worker.server and worker.server != address else ""
        todo = f"stop it and start it for this server: paceline worker --name {worker.name} --server {address}"
        return problem(
            f"{worker.name} runs (process {worker.pid}), not known to {address}{where}{said}", todo, **fields
        )
    if not worker.has_key:
        todo = f"paceline token create --join -q > t; paceline worker --name {worker.name} --join-token-file t"
        return warning(f"{worker.name} never joined: it has no key{said}", todo, **fields)
    todo = f"start it: paceline worker --name {worker.name} --server {address}; or remove its directory"
    return warning(f"{worker.name} does not run{said}", todo, **fields)
