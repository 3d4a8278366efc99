"""What the control groups of this process allow it: processors and memory, version 1, version 2, or both at once.

A group may use no more than the least that it and any group above it is allowed. Files that are not there, or say
"max", allow everything.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

UNLIMITED = float("inf")
_NO_LIMIT_V1 = 1 << 60  # version 1 writes "no limit" as the largest multiple of a page


def cpu_limit(proc: Path = Path("/proc"), tree: Path = Path("/sys/fs/cgroup")) -> float:
    """Processors, infinity for as many as there are."""
    groups = read_groups((proc / "self" / "cgroup").read_text()) if (proc / "self" / "cgroup").exists() else {}
    new = [parse_cpu_max(text) for text in _texts(tree, groups.get("", "/"), "cpu.max")]
    old = [
        parse_quota(quota, period)
        for base in _controllers(tree, "cpu")
        for quota, period in zip(
            _texts(base, groups.get("cpu", "/"), "cpu.cfs_quota_us"),
            _texts(base, groups.get("cpu", "/"), "cpu.cfs_period_us"),
            strict=False,
        )
    ]
    return min([UNLIMITED, *new, *old])


def memory_limit(proc: Path = Path("/proc"), tree: Path = Path("/sys/fs/cgroup")) -> float:
    """Bytes, infinity for as many as there are."""
    groups = read_groups((proc / "self" / "cgroup").read_text()) if (proc / "self" / "cgroup").exists() else {}
    new = [parse_memory(text) for text in _texts(tree, groups.get("", "/"), "memory.max")]
    old = [
        parse_memory(text)
        for base in _controllers(tree, "memory")
        for text in _texts(base, groups.get("memory", "/"), "memory.limit_in_bytes")
    ]
    return min([UNLIMITED, *new, *old])


def read_groups(text: str) -> Mapping[str, str]:
    """``/proc/self/cgroup``: controller → path of its group. Version 2 is the controller without a name."""
    groups: dict[str, str] = {}
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        groups.update(dict.fromkeys(controllers.split(","), path))
    return groups


def parse_cpu_max(text: str) -> float:
    """``cpu.max``: "150000 100000" is one and a half processors, "max 100000" as many as there are."""
    quota, _, period = text.strip().partition(" ")
    return parse_quota(quota, period or "100000")


def parse_quota(quota: str, period: str) -> float:
    """Microseconds of processor time in each period; -1 or "max" for no limit."""
    if quota.strip() in ("max", "-1", ""):
        return UNLIMITED
    return int(quota) / int(period)


def parse_memory(text: str) -> float:
    """``memory.max`` or ``memory.limit_in_bytes``."""
    if text.strip() in ("max", ""):
        return UNLIMITED
    limit = int(text)
    return limit if limit < _NO_LIMIT_V1 else UNLIMITED


def _controllers(tree: Path, name: str) -> Iterator[Path]:
    """Where version 1 mounts a controller: alone, or ``cpu,cpuacct``."""
    if tree.is_dir():
        yield from (path for path in sorted(tree.iterdir()) if name in path.name.split(",") and path.is_dir())


def _texts(base: Path, group: str, name: str) -> Iterator[str]:
    """The file of the group and of every group above it. Inside a container the path may not exist: its root does."""
    inside = Path(group.lstrip("/"))
    for directory in [inside, *inside.parents]:
        try:
            yield (base / directory / name).read_text()
        except OSError:
            continue
