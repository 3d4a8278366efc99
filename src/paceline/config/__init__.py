"""Options of every process, frozen, and the only place where the environment is read.

What people may set is in ``settings``, where from and in which order in ``sources``. Nothing else in Paceline asks
``os.environ``.
"""

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GRPC_PORT = 50051
HTTP_PORT = 3000
METRICS_PORT = 2112
STATUS_PORT = 50052
DEFAULT_ADDRESS = f"127.0.0.1:{GRPC_PORT}"
MESSAGE_LIMIT = 4 << 20
"""Bytes of one gRPC message."""
PAYLOAD_LIMIT = 1 << 20
"""Bytes of one function with its arguments, or of one result."""


def home() -> Path:
    """Where this user's Paceline keeps its files: ``PACELINE_HOME``, the user's file, else the state directory."""
    given = os.environ.get("PACELINE_HOME") or _home_in_file()
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(given).absolute() if given else Path(state, "paceline")


def _home_in_file() -> str:
    from paceline.config.settings.shared import HOME  # noqa: PLC0415 - whoever is told where it is need not look
    from paceline.config.sources import settings  # noqa: PLC0415 - as above

    return settings("client").of(HOME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Files in PEM form; empty: none."""

    cert: str = ""
    key: str = ""
    ca: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """How a quiet gRPC connection is looked after, in seconds."""

    time: float = 30.0  # of silence, after which the other side is asked whether it is there
    timeout: float = 10.0  # that it may take to answer
    idle: bool = False  # ask also while no call is open


SERVER_KEEPALIVE = KeepAlive(time=10.0, timeout=20.0)
"""A server has more of them to lose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What a process logs, on stderr."""

    level: str = "info"  # or "debug", "warning", "error"
    form: str = ""  # "console" or "json"; empty: console at a terminal, else JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Of ``paceline server``."""

    home: Path = field(default_factory=home)
    host: str = "127.0.0.1"
    port: int = GRPC_PORT
    http_port: int = HTTP_PORT
    http_elsewhere: bool = True  # any free port will do if that one is taken
    http_hosts: tuple[str, ...] = ()  # names, besides this machine's own, by which browsers may call it
    store: str = ""  # "memory", or a path; empty: home/server/paceline.db
    catalog: str = field(default="", repr=False)  # URL of a MongoDB; empty: home/server/catalog.db
    tls: Tls = field(default_factory=Tls)
    beat: float = 5.0  # seconds between heartbeats
    lease: float = 20.0  # seconds without one until a worker is lost
    reserve: int = 256 << 20  # bytes free where the store lies, below which nothing new is accepted
    record: str = ""  # file to which every event and decision is appended; empty: none
    record_contents: bool = False  # payloads, results, parameters and environments too, not only their lengths
    profile: bool = False  # an admin at this machine may look where its time goes
    keepalive: KeepAlive = SERVER_KEEPALIVE
    log: LogOptions = field(default_factory=LogOptions)

    @property
    def directory(self) -> Path:
        return self.home / "server"

    @property
    def admin_token(self) -> Path:
        return self.directory / "admin.token"

    @property
    def whereabouts(self) -> Path:
        """JSON {"address", "http", "pid"} of the server that runs from this home."""
        return self.directory / "server.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """Of ``paceline worker``."""

    server: str  # host:port
    name: str = field(default_factory=socket.gethostname)
    home: Path = field(default_factory=home)
    join_token: str = field(default="", repr=False)
    cpus: float = 0.0  # 0: as many as the machine has
    memory: int = 0  # bytes; 0: what the machine has
    gpus: tuple[str, ...] = ()  # by number or UUID, or "none"; empty: all that are left to it
    max_tasks: int = 0  # at once; 0: as many as fit
    task_timeout: float = 0.0  # seconds that a task may run that says nothing of it; 0: no limit
    working_dir: str = ""  # below which tasks run that name no directory; empty: its own
    labels: tuple[tuple[str, str], ...] = ()
    time: float = 0.0  # seconds until the machine goes away; 0: never
    reserve: int = 64 << 20  # bytes free where it keeps its files, below which it takes nothing new
    metrics_host: str = "127.0.0.1"  # where it shows how it is, over HTTP and gRPC
    http_hosts: tuple[str, ...] = ()  # names by which it may be called there, besides this machine's own
    metrics_port: int = METRICS_PORT  # 0: any that is free, which is also taken if that one is not
    status_port: int = STATUS_PORT  # the same, for gRPC
    profile: bool = False  # whoever has its key may look where its time goes, from this machine
    keepalive: KeepAlive = KeepAlive()
    tls: Tls = field(default_factory=Tls)
    log: LogOptions = field(default_factory=LogOptions)

    @property
    def directory(self) -> Path:
        """Key, spool and task output of this worker."""
        return self.home / "workers" / self.name

    @property
    def scratch(self) -> Path:
        """Where tasks run that name no directory. It is removed with what is left in it."""
        return Path(self.working_dir, self.name, "scratch") if self.working_dir else self.directory / "scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """Of the CLI and the SDK."""

    address: str
    token: str = field(repr=False)
    tls: Tls = field(default_factory=Tls)
    home: Path = field(default_factory=home)  # a server that runs from it is reached the short way
    owner: str = field(default_factory=getpass.getuser)


def variable(name: str) -> str:
    """``PACELINE_<name>``, or empty."""
    return os.environ.get(f"PACELINE_{name}", "")


def of_caller(name: str) -> str | None:
    """A variable of the caller's own, by its full name: ``NO_COLOR``, or what ``--env NAME`` passes on."""
    return os.environ.get(name)


def traces_wanted() -> bool:
    """Whether spans are to be told to a collector: ``PACELINE_OTEL`` says it, or OpenTelemetry's own variables do."""
    said = variable("OTEL").lower()
    if said or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return said not in ("", "0", "false", "no", "off")
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))


def trace_share() -> float:
    """Of the traces that begin with us, the share that is collected: ``OTEL_TRACES_SAMPLER`` and its ``_ARG``."""
    sampler = os.environ.get("OTEL_TRACES_SAMPLER", "").removeprefix("parentbased_")
    if sampler == "always_off":
        return 0.0
    try:
        share = float(os.environ.get("OTEL_TRACES_SAMPLER_ARG", "1")) if sampler == "traceidratio" else 1.0
    except ValueError:
        return 1.0
    return min(max(share, 0.0), 1.0)


def threads() -> int:
    """Processors this task was given (``OMP_NUM_THREADS``); 1 where nobody said."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) > 0 else 1


def gpus() -> tuple[str, ...]:
    """GPUs this task was given (``CUDA_VISIBLE_DEVICES``); none where nobody said."""
    return visible_gpus() or ()


def visible_gpus() -> tuple[str, ...] | None:
    """GPUs that are left to this process (``CUDA_VISIBLE_DEVICES``), in CUDA's words; None where nobody said."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if said is None else tuple(each.strip() for each in said.split(",") if each.strip())


def task_environment() -> Mapping[str, str]:
    """What of the worker's own environment every task may see; never its secrets."""
    allowed = (
        "HOME",
        "PATH",
        "LANG",
        "LANGUAGE",
        "USER",
        "LOGNAME",
        "SHELL",
        "TMPDIR",
        "TZ",
        "VIRTUAL_ENV",
        "LD_LIBRARY_PATH",
    )
    return {k: v for k, v in os.environ.items() if k in allowed or k.startswith("LC_")}


def hush_grpc() -> None:
    """Keep gRPC's own notes off the user's terminal (a server that restarts is worth none), unless they were asked for.

    Before gRPC is first imported: it looks once.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
