"""Options of ``server``, ``worker`` and ``up``, and the values that they make."""

from collections.abc import Callable
from pathlib import Path
from socket import gethostname
from typing import TypeVar
from urllib.parse import urlsplit

import click

from paceline import config
from paceline.cli.face import Face
from paceline.config import (
    HTTP_PORT,
    METRICS_PORT,
    SERVER_KEEPALIVE,
    STATUS_PORT,
    KeepAlive,
    LogOptions,
    ServerOptions,
    Tls,
    WorkerOptions,
)
from paceline.config.setting import Setting
from paceline.config.settings import client, server, shared, worker
from paceline.config.sources import FLAG, RANKS, Settings
from paceline.grammar import format_duration
from paceline.model.errors import UsageError

F = TypeVar("F", bound=Callable[..., object])

LOG = (shared.LOG_LEVEL, shared.LOG_FORM)
TLS = (shared.TLS_CERT, shared.TLS_KEY, shared.TLS_CA)
SERVER = (
    *(server.HOST, server.SERVER_GRPC_PORT, server.SERVER_HTTP_PORT, server.HTTP_HOSTS, server.STORE, server.CATALOG),
    *(server.BEAT, server.LEASE, server.SERVER_RESERVE, server.PROFILE, shared.HOME, *LOG, *TLS),
)
"""What may be said on the command line of a server."""
OFFER = (
    *(worker.WORKER_NAME, worker.OFFERED_CPUS, worker.OFFERED_MEMORY, worker.OFFERED_GPUS, worker.MAX_TASKS),
    *(worker.TIME_LEFT, worker.LABELS, worker.WORKER_EXPERIMENT, worker.COMPUTE_RESOURCE, worker.WORKING_DIR),
    shared.HOME,
)
"""What may be said of what a worker has to offer."""
WORKER = (
    *(client.SERVER_ADDRESS, *OFFER, worker.TASK_TIMEOUT, worker.WORKER_RESERVE),
    *(worker.METRICS_HOST, worker.WORKER_HTTP_HOSTS, worker.METRICS_PORT, worker.STATUS_PORT, worker.PROFILE),
    *(*LOG, *TLS),
)
"""What may be said on the command line of a worker."""
UP = (server.SERVER_GRPC_PORT, shared.HOME, *LOG)
"""The same of ``up``; all else its server and workers find themselves, in the environment and in files."""
BEATS = 4
"""Beats that a lease lasts at least, unless somebody says otherwise."""
LEASE = 20.0
"""Seconds that it lasts at least, on the same condition."""


def record_options(command: F) -> F:
    """What is written down of every decision."""
    command = click.option(
        "--record-payloads", is_flag=True, help="Record payloads, results, parameters and environments in full."
    )(command)
    option = click.option(
        "--record", default="", metavar="FILE", help="Append every event and decision, for `paceline replay`."
    )
    return option(command)


def server_options(found: Settings, record: str, *, contents: bool) -> ServerOptions:
    """What a server is to be. Raises UsageError for a value that is none, naming where it stands."""
    _refuse_password(found)
    beat = found.of(server.BEAT)
    return ServerOptions(
        home=home_of(found),
        host=found.of(server.HOST),
        port=found.of(server.SERVER_GRPC_PORT),
        http_port=found.of(server.SERVER_HTTP_PORT) if found.said(server.SERVER_HTTP_PORT) else HTTP_PORT,
        http_elsewhere=not found.said(server.SERVER_HTTP_PORT),
        http_hosts=found.of(server.HTTP_HOSTS),
        store=found.of(server.STORE),
        catalog=found.of(server.CATALOG),
        tls=tls_of(found),
        beat=beat,
        lease=_lease(found, beat),
        reserve=found.of(server.SERVER_RESERVE),
        record=record,
        record_contents=contents,
        profile=found.of(server.PROFILE),
        keepalive=keepalive_of(found, SERVER_KEEPALIVE),
        log=log_of(found),
    )


def worker_options(found: Settings, address: str, join_token: str) -> WorkerOptions:
    """What a worker is to be. Raises UsageError for a value that is none, naming where it stands."""
    return WorkerOptions(
        server=address,
        name=found.of(worker.WORKER_NAME) or gethostname(),
        home=home_of(found),
        join_token=join_token,
        cpus=found.of(worker.OFFERED_CPUS),
        memory=found.of(worker.OFFERED_MEMORY),
        gpus=found.of(worker.OFFERED_GPUS),
        max_tasks=found.of(worker.MAX_TASKS),
        task_timeout=found.of(worker.TASK_TIMEOUT),
        working_dir=found.of(worker.WORKING_DIR),
        labels=labels_of(found),
        time=found.of(worker.TIME_LEFT),
        reserve=found.of(worker.WORKER_RESERVE),
        metrics_host=found.of(worker.METRICS_HOST),
        http_hosts=found.of(worker.WORKER_HTTP_HOSTS),
        metrics_port=found.of(worker.METRICS_PORT) if found.said(worker.METRICS_PORT) else METRICS_PORT,
        status_port=found.of(worker.STATUS_PORT) if found.said(worker.STATUS_PORT) else STATUS_PORT,
        profile=found.of(worker.PROFILE),
        tls=tls_of(found),
        keepalive=keepalive_of(found, KeepAlive()),
        log=log_of(found),
    )


def home_of(found: Settings) -> Path:
    """The directory that was named, or the usual one."""
    named = found.of(shared.HOME)
    return Path(named).absolute() if named else config.home()


def tls_of(found: Settings) -> Tls:
    """The files that were named."""
    return Tls(cert=found.of(shared.TLS_CERT), key=found.of(shared.TLS_KEY), ca=found.of(shared.TLS_CA))


def log_of(found: Settings) -> LogOptions:
    """How much is logged, and how."""
    return LogOptions(level=found.of(shared.LOG_LEVEL), form=found.of(shared.LOG_FORM))


def keepalive_of(found: Settings, usual: KeepAlive) -> KeepAlive:
    """When a quiet connection is looked after."""
    for setting in (shared.KEEPALIVE_TIME, shared.KEEPALIVE_TIMEOUT):
        if found.said(setting) and found.of(setting) < 1:
            raise UsageError(f"{_field(found, setting)}: must be a second at least", hint="such as 30s")
    return KeepAlive(
        time=found.of(shared.KEEPALIVE_TIME) or usual.time,
        timeout=found.of(shared.KEEPALIVE_TIMEOUT) or usual.timeout,
        idle=found.of(shared.KEEPALIVE_IDLE),
    )


def labels_of(found: Settings) -> tuple[tuple[str, str], ...]:
    """Those that were given, and those that older systems have names of their own for. Each has one value."""
    labels: dict[str, str] = {}
    for key, value in found.of(worker.LABELS):
        if labels.setdefault(key, value) != value:
            what = f"{_field(found, worker.LABELS)}: the label {key!r} is said twice: {labels[key]!r} and {value!r}"
            raise UsageError(what, hint="say it once")
    for key, setting in (("experiment", worker.WORKER_EXPERIMENT), ("compute_resource", worker.COMPUTE_RESOURCE)):
        value = found.of(setting)
        if value and (labels.setdefault(key, value) == value or _decides(found, key, setting)):
            labels[key] = value
    return tuple(labels.items())


def tell_unread(face: Face, found: Settings) -> None:
    """Say once which variables of older systems are set and mean nothing to this process."""
    for name, why in found.unread():
        face.remark(f"{name} is set, and not read here: {why}")


def _decides(found: Settings, key: str, setting: Setting[object]) -> bool:
    """Whether this is above the labels, which say otherwise. Raises UsageError where neither is."""
    label, other = next(found.candidates(worker.LABELS)), next(found.candidates(setting))
    if label.rank == other.rank:
        what = f"{label.source} and {other.source} say different things of the label {key!r}"
        raise UsageError(what, hint="say it once")
    return RANKS.index(other.rank) < RANKS.index(label.rank)


def _lease(found: Settings, beat: float) -> float:
    if beat <= 0:
        raise UsageError(f"{_field(found, server.BEAT)}: must be above 0", hint="such as 5s")
    lease = found.of(server.LEASE)
    if not found.said(server.LEASE):
        return max(LEASE, BEATS * beat)
    if lease < 2 * beat:
        what = f"{_field(found, server.LEASE)}: {format_duration(lease)} is less than two beats"
        raise UsageError(what, hint=f"at least {format_duration(2 * beat)}, or a shorter --beat")
    return lease


def _refuse_password(found: Settings) -> None:
    """A password never comes from the command line, which every user of the host can read."""
    winner = found.winner(server.CATALOG)
    if winner and winner.rank == FLAG and urlsplit(str(winner.raw)).password:
        raise UsageError("--catalog: the URL holds a password", hint="put the URL into PACELINE_CATALOG")


def _field(found: Settings, setting: Setting[object]) -> str:
    winner = found.winner(setting)
    return winner.field if winner else setting.key
