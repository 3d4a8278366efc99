"""Control groups: the kernel holds a tree of processes to the memory it may use, and counts whom it killed for it.

Version 1 and version 2 differ in names, in whether one may do without asking, and in little else:

    version 1   the memory controller's own hierarchy; a group may hold processes and groups, so ours lie in our own
    version 2   one hierarchy; a group that holds processes cannot control others. Only where our group is said to be
                ours (systemd's ``Delegate=yes``), or in the root, do we rearrange it: its processes into one group
                below, and ours beside that

Where neither can be written there are no groups, and ``memory`` looks after trees in another way.

A process starts *in* its group: we step inside, start it, step out again, and only then set the limit; so it is never
anywhere else, and we are never inside a group that has a limit.
"""

import errno
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from paceline.executors.tree import look, send


class Names(NamedTuple):
    """Files of a group."""

    enter: str  # takes a pid; 0: the writer
    limits: tuple[str, ...]  # bytes; the first one must be there
    peak: str
    kills: str  # has a line "oom_kill N"


HOST = "paceline-host"
"""Where the processes of a group go that is rearranged."""
V1 = Names(
    "tasks",
    ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    "memory.max_usage_in_bytes",
    "memory.oom_control",
)
V2 = Names("cgroup.procs", ("memory.max",), "memory.peak", "memory.events")


class Home(NamedTuple):
    """Where groups of ours can be made. ``own``: the group we are in."""

    names: Names
    base: Path
    own: Path


def find_home(proc: Path) -> Home:
    """The first that we may write to. Raises OSError: there is none."""
    mounts = list(_mounts((proc / "mountinfo").read_text()))
    groups = read_groups((proc / "cgroup").read_text())
    for kind, point, options in mounts:
        with suppress(OSError):
            if kind == "cgroup2" and (home := _home_v2(_below(point, groups.get("", "/")))):
                return home
            if kind == "cgroup" and "memory" in options:
                own = _below(point, groups.get("memory", "/"))
                if os.access(own, os.W_OK):
                    return Home(V1, own, own)
    raise OSError(errno.EROFS, "no control group can be written")


def read_groups(text: str) -> Mapping[str, str]:
    """``/proc/self/cgroup``: controller → path of its group. Version 2 is the controller without a name."""
    rows = (line.split(":", 2) for line in text.splitlines())
    return {name: path for _, names, path in rows for name in names.split(",")}


def _mounts(mountinfo: str) -> Iterator[tuple[str, Path, list[str]]]:
    """Type, mount point and options of everything mounted; version 2 first."""
    rows = [line.split(" - ") for line in mountinfo.splitlines()]
    found = [(right.split()[0], Path(left.split()[4]), right.split()[-1].split(",")) for left, right in rows]
    yield from sorted(found, key=lambda each: each[0] != "cgroup2")


def _below(point: Path, group: str) -> Path:
    """Inside a container the path may be the host's: then the root is our group."""
    path = point / group.lstrip("/")
    return path if path.is_dir() else point


def _home_v2(own: Path) -> Home | None:
    if own.name == HOST:  # rearranged by a predecessor
        own = own.parent
    if "memory" not in (own / "cgroup.controllers").read_text().split():
        return None
    root = not (own / "cgroup.type").exists()
    if not root and not _delegated(own):
        return None
    leaf = own
    if not root:
        leaf = own / HOST
        leaf.mkdir(exist_ok=True)
        for pid in (own / "cgroup.procs").read_text().split():
            _write(leaf / "cgroup.procs", pid)
    _write(own / "cgroup.subtree_control", "+memory")
    return Home(V2, own, leaf)


def _delegated(group: Path) -> bool:
    """Whether systemd leaves the group to us."""
    for name in ("user.delegate", "trusted.delegate"):
        with suppress(OSError):
            if os.getxattr(group, name) == b"1":
                return True
    return False


class Group:
    """One tree's."""

    def __init__(self, home: Home, path: Path) -> None:
        self._home = home
        self._path = path
        path.mkdir(exist_ok=True)
        if not os.access(path / home.names.limits[0], os.W_OK):
            path.rmdir()
            raise OSError(errno.EROFS, "no limit can be set")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What is started inside the block is in the group."""
        enter = self._home.names.enter
        _write(self._path / enter, "0")
        try:
            yield
        finally:
            _write(self._home.own / enter, "0")

    def limit(self, size: int) -> bool:
        """From now on. False: more is in use already."""
        first, *others = self._home.names.limits
        try:
            _write(self._path / first, str(size))
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return False
        more = {**dict.fromkeys(others, str(size)), "memory.swap.max": "0", "memory.oom.group": "1"}
        for name, text in more.items():
            with suppress(OSError):  # not in every kernel
                _write(self._path / name, text)
        return True

    def kills(self) -> int:
        """How often the kernel killed here because the limit was reached."""
        rows = (line.split() for line in _text(self._path / self._home.names.kills).splitlines())
        return next((int(row[1]) for row in rows if row[0] == "oom_kill"), 0)

    def peak(self) -> int:
        """Bytes; 0 where the kernel does not say."""
        text = _text(self._path / self._home.names.peak).strip()
        return int(text) if text.isdigit() else 0

    def alarm(self) -> int:
        """A file that can be read once the limit was hit; -1: this kernel kills the whole group by itself."""
        if self._home.names is V2:
            return -1
        told = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        try:
            with (self._path / self._home.names.kills).open() as watched:
                _write(self._path / "cgroup.event_control", f"{told} {watched.fileno()}")
        except OSError:
            os.close(told)
            return -1
        return told

    def kill(self) -> None:
        """Everything in it: at once where the kernel does that, else one by one."""
        _kill(self._path)

    def remove(self) -> bool:
        """False: somebody is still in it."""
        return _remove(self._path)


def remove_all(stem: Path) -> None:
    """Every group whose path is this and a number, with whatever is in it."""
    for path in list(stem.parent.glob(f"{stem.name}-*")):
        _kill(path)
        _remove(path)


def _kill(path: Path) -> None:
    try:
        _write(path / "cgroup.kill", "1")
    except OSError:
        for pid in _text(path / "cgroup.procs").split():
            if process := look(int(pid)):
                send(process, signal.SIGKILL)


def _remove(path: Path) -> bool:
    try:
        path.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    """In one go, into a file that is there."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
