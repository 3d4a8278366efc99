"""What a setting is, and how its value is written.

A *setting* has one key (``worker.max_tasks``) and many names: a line in a file, a variable of ours, flags, and the
variables by which older systems knew it (*aliases*). Names like ``WORKER_ID`` are short, and somebody's own program may
use them as well; so an alias says which processes read it, and no other does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from paceline.grammar import parse_count, parse_duration, parse_pair, parse_size
from paceline.grammar.address import format_address, parse_address, parse_port
from paceline.grammar.level import LEVELS, LOG_FORMATS, parse_level, parse_log_format
from paceline.grammar.name import NAME_LIMIT
from paceline.model.errors import UsageError

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

CLIENT: Final = "client"  # every command that asks a server, and the SDK
WORKER: Final = "worker"
SERVER: Final = "server"
ALL: Final = (CLIENT, WORKER, SERVER)
BOTH: Final = (WORKER, SERVER)

TENSORFLEET: Final = "TensorFleet"
AIRAVATA: Final = "Airavata"
NODE: Final = "TensorFleet node"
CELERY: Final = "Celery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[T_co]):
    """How values of one sort are written.

    ``read`` takes the words of a value (one, unless it is a list) and what to call it in an error. ``nothing``: the
    value where there is none.
    """

    name: str  # "duration"
    like: str  # "30s, 1h"
    metavar: str  # "DURATION"
    read: Callable[[Sequence[str], str], T_co]
    nothing: T_co
    typed: tuple[type, ...] = (str,)  # what it may be in a file
    separator: str = ""  # of a list that is written as one text
    is_path: bool = False  # relative ones in a file are seen from there
    plain: tuple[str, ...] = ()  # words that are no path

    def words(self, raw: object) -> Sequence[str]:
        """The words of a text, or of a list."""
        if isinstance(raw, list | tuple):
            return [str(each) for each in raw]
        text = str(raw)
        return [each.strip() for each in text.split(self.separator)] if self.separator else [text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A variable by which another system knew this.

    ``readers``: processes that read it. ``deaf``: those that do not, although they did there. ``note``: what differs
    here, or why they do not.
    """

    name: str
    systems: str
    readers: tuple[str, ...] = ()
    deaf: tuple[str, ...] = ()
    note: str = ""
    port: str = ""  # variable that holds the port, where this one holds a host alone

    def why(self, process: str) -> str:
        """Why this process does not read it."""
        return self.note if process in self.deaf else f"only a {' or a '.join(self.readers)} reads it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Generic[T_co]):
    """See the module."""

    key: str
    kind: Kind[T_co]
    readers: tuple[str, ...]
    help: str  # a sentence, without what it is by default
    default: str = ""
    otherwise: str = ""  # without a default: what holds, in words
    flags: tuple[str, ...] = ()  # ours first
    own: str = ""  # our variable, where it is not the key's
    aliases: tuple[Alias, ...] = field(default=())
    secret: bool = False  # never shown
    personal: bool = False  # not for a project's file, which others write

    @property
    def variable(self) -> str:
        """Ours: ``worker.max_tasks`` → ``PACELINE_WORKER_MAX_TASKS``."""
        return self.own or "PACELINE_" + self.key.upper().replace(".", "_")

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that ``config explain`` knows it by."""
        ports = tuple(alias.port for alias in self.aliases if alias.port)
        return (self.key, self.variable, *self.flags, *(alias.name for alias in self.aliases), *ports)

    def parse(self, raw: object, field: str) -> T_co:
        """The value. Raises UsageError that begins with ``field``."""
        return self.kind.read(self.kind.words(raw), field)


# ── kinds ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _one(parse: Callable[[str, str], T]) -> Callable[[Sequence[str], str], T]:
    return lambda words, field: parse(words[0], field)


def _list(parse: Callable[[str, str], T]) -> Callable[[Sequence[str], str], tuple[T, ...]]:
    return lambda words, field: tuple(parse(word, field) for word in words if word)


def _text(text: str, field: str) -> str:
    return text


def _cpus(text: str, field: str) -> float:
    return parse_count(text, field) / 1000


def _whole(text: str, field: str) -> int:
    if text.isdecimal():
        return int(text)
    raise UsageError(f"{field}: {text!r} is not a whole number", hint="such as 4; 0 for no bound")


def _name(text: str, field: str) -> str:
    if text.isprintable() and text == text.strip() and len(text) <= NAME_LIMIT and "/" not in text and text.strip("."):
        return text
    hint = f"up to {NAME_LIMIT} printable characters without a slash, such as gpu-3"
    raise UsageError(f"{field}: {text!r} cannot be a worker's name", hint=hint)


def _switch(text: str, field: str) -> bool:
    word = text.strip().lower()
    if word in ("true", "yes", "on", "1"):
        return True
    if word in ("false", "no", "off", "0"):
        return False
    raise UsageError(f"{field}: {text!r} is neither yes nor no", hint="true or false")


def _address(text: str, field: str) -> str:
    return format_address(*parse_address(text, field))


TEXT = Kind(name="text", metavar="TEXT", like="any", read=_one(_text), nothing="")
NAME = Kind(name="name", metavar="NAME", like="gpu-3", read=_one(_name), nothing="")
FILE = Kind(name="file", metavar="FILE", like="a path", read=_one(_text), nothing="", is_path=True)
DIRECTORY = Kind(name="directory", metavar="DIR", like="a path", read=_one(_text), nothing="", is_path=True)
STORE_FILE = Kind(
    name="file", metavar="PATH", like="a path, or memory", read=_one(_text), nothing="", is_path=True, plain=("memory",)
)
NAMES = Kind(
    name="names",
    metavar="NAME",
    like="a, b",
    read=_list(_text),
    nothing=tuple[str, ...](),
    typed=(str, list),
    separator=",",
)
GPUS = Kind(
    name="GPUs",
    metavar="GPUS",
    like="0,1 or GPU-3f2a…",
    read=_list(_text),
    nothing=tuple[str, ...](),
    typed=(str, int, list),
    separator=",",
)
PAIRS = Kind(
    name="labels",
    metavar="KEY=VALUE",
    like="site=lab, disk=ssd",
    read=_list(parse_pair),
    nothing=tuple[tuple[str, str], ...](),
    typed=(str, list),
    separator=",",
)
DURATION = Kind(
    name="duration",
    metavar="DURATION",
    like="30s, 1h, 3600, 01:30:00",
    read=_one(parse_duration),
    nothing=0.0,
    typed=(str, int, float),
)
SIZE = Kind(name="size", metavar="SIZE", like="512MB, 8GiB", read=_one(parse_size), nothing=0)
CPUS = Kind(name="number", metavar="N", like="4, 0.5", read=_one(_cpus), nothing=0.0, typed=(str, int, float))
WHOLE = Kind(name="whole number", metavar="N", like="4; 0: no bound", read=_one(_whole), nothing=0, typed=(str, int))
PORT = Kind(
    name="port", metavar="PORT", like="0 to 65535; 0: any free one", read=_one(parse_port), nothing=0, typed=(str, int)
)
LEVEL = Kind(name="level", metavar="LEVEL", like=", ".join(LEVELS), read=_one(parse_level), nothing="")
LOG_FORMAT = Kind(
    name="log format", metavar="FORMAT", like=", ".join(LOG_FORMATS), read=_one(parse_log_format), nothing=""
)
SWITCH = Kind(name="switch", metavar="YES|NO", like="true, false", read=_one(_switch), nothing=False, typed=(str, bool))
ADDRESS = Kind(name="address", metavar="HOST[:PORT]", like="host, host:port, a URL", read=_one(_address), nothing="")
