"""Both versions of control groups, on directories that imitate them; the real ones are in tests/supervisor."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from paceline.executors.groups import V1, V2, Group, find_home, read_groups, remove_all


def machine(root: Path, cgroup: str, mounts: Mapping[str, str]) -> Path:
    """A ``/proc/self`` of a process in these groups. ``mounts``: directory → "type options"."""
    rows = [
        f"{number} 1 0:{number} / {root / point} rw,relatime - {kind.split()[0]} x {kind.split()[1]}"
        for number, (point, kind) in enumerate(mounts.items())
    ]
    (root / "proc").mkdir()
    (root / "proc" / "mountinfo").write_text("".join(f"{row}\n" for row in rows))
    (root / "proc" / "cgroup").write_text(cgroup)
    return root / "proc"


def group(path: Path, **files: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


def version_1(root: Path) -> Path:
    """Hybrid, as here: version 2 is mounted too, and has no memory controller."""
    group(root / "memory" / "jobs" / "a", tasks="", memory__oom_control="oom_kill 0\n")
    group(root / "unified", cgroup__controllers="hugetlb\n")
    mounts = {"memory": "cgroup rw,memory", "cpu": "cgroup rw,cpu", "unified": "cgroup2 rw"}
    return machine(root, "4:memory:/jobs/a\n1:cpu:/\n0::/\n", mounts)


def version_2(root: Path, *, delegated: bool) -> Path:
    own = group(
        root / "unified" / "app.slice" / "worker",
        cgroup__controllers="cpu memory\n",
        cgroup__type="domain\n",
        cgroup__procs="11\n12\n",
        cgroup__subtree_control="",
    )
    group(own / "paceline-host", cgroup__procs="")
    if delegated:
        try:
            os.setxattr(own, "user.delegate", b"1")
        except OSError:
            pytest.skip("the file system of the test keeps no attributes")
    return machine(root, "0::/app.slice/worker\n", {"unified": "cgroup2 rw"})


def test_groups_are_read_by_controller() -> None:
    assert read_groups("4:memory:/a\n2:cpu,cpuacct:/b\n0::/c:d\n") == {
        "memory": "/a", "cpu": "/b", "cpuacct": "/b", "": "/c:d",
    }  # fmt: skip


def test_in_version_1_our_groups_are_below_our_own(tmp_path: Path) -> None:
    home = find_home(version_1(tmp_path))
    own = tmp_path / "memory" / "jobs" / "a"
    assert home == (V1, own, own)


def test_in_a_container_the_root_is_our_own(tmp_path: Path) -> None:
    group(tmp_path / "memory", tasks="")
    home = find_home(machine(tmp_path, "4:memory:/docker/0123\n", {"memory": "cgroup rw,memory"}))
    assert home == (V1, tmp_path / "memory", tmp_path / "memory")


def test_version_2_is_rearranged_only_where_it_is_ours(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no control group can be written"):
        find_home(version_2(tmp_path, delegated=False))


def test_a_delegated_group_of_version_2_is_rearranged(tmp_path: Path) -> None:
    home = find_home(version_2(tmp_path, delegated=True))
    own = tmp_path / "unified" / "app.slice" / "worker"
    assert home == (V2, own, own / "paceline-host")
    assert (own / "paceline-host" / "cgroup.procs").read_text() == "12"  # one at a time: the last one written
    assert (own / "cgroup.subtree_control").read_text() == "+memory"


def test_what_was_rearranged_stays_so(tmp_path: Path) -> None:
    proc = version_2(tmp_path, delegated=True)
    before = find_home(proc)
    (proc / "cgroup").write_text("0::/app.slice/worker/paceline-host\n")
    assert find_home(proc) == before


def test_the_root_of_version_2_may_hold_both(tmp_path: Path) -> None:
    group(tmp_path / "unified", cgroup__controllers="memory\n", cgroup__procs="1\n", cgroup__subtree_control="")
    home = find_home(machine(tmp_path, "0::/\n", {"unified": "cgroup2 rw"}))
    assert home == (V2, tmp_path / "unified", tmp_path / "unified")


def test_nothing_mounted_is_no_home(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no control group can be written"):
        find_home(machine(tmp_path, "", {}))
    with pytest.raises(FileNotFoundError):
        find_home(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (V1, {"memory__max_usage_in_bytes": "4096\n", "memory__oom_control": "oom_kill_disable 0\noom_kill 3\n"}),
        (V2, {"memory__peak": "4096\n", "memory__events": "low 0\noom 5\noom_kill 3\noom_group_kill 1\n"}),
    ],
)
def test_a_limit_is_set_and_what_came_of_it_read(names: type, files: dict[str, str], tmp_path: Path) -> None:
    home = find_home(version_1(tmp_path))
    limits = {name.replace(".", "__"): "" for name in names.limits}  # type: ignore[attr-defined]
    mine = Group(home._replace(names=names), group(tmp_path / "mine", **files, **limits))  # type: ignore[arg-type]
    assert mine.limit(1 << 20)
    assert {(tmp_path / "mine" / name).read_text() for name in names.limits} == {"1048576"}  # type: ignore[attr-defined]
    assert (mine.peak(), mine.kills()) == (4096, 3)


def test_a_kernel_that_does_not_say_is_no_error(tmp_path: Path) -> None:
    home = find_home(version_1(tmp_path))
    mine = Group(home, group(tmp_path / "mine", memory__limit_in_bytes=""))
    assert (mine.peak(), mine.kills(), mine.alarm()) == (0, 0, -1)
    mine.kill()
    assert not mine.remove()
    (tmp_path / "mine" / "memory.limit_in_bytes").unlink()  # the kernel's files are no obstacle
    assert mine.remove()
    assert mine.remove()


def test_a_group_without_a_limit_is_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no limit can be set"):
        Group(find_home(version_1(tmp_path)), tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_all_groups_of_a_stem_are_removed(tmp_path: Path) -> None:
    for name in ("a-1", "a-2", "ab-1"):
        (tmp_path / name).mkdir()
    remove_all(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["ab-1"]
