"""What a machine says of itself, from the texts it says it in."""

from pathlib import Path

import pytest

from paceline.agent.cgroups import UNLIMITED, cpu_limit, memory_limit, parse_cpu_max, parse_memory, read_groups
from paceline.agent.machine import chosen, features, nvidia, probe, processors, read_smi, visible
from paceline.config import WorkerOptions
from paceline.model.errors import UsageError
from paceline.testing import FakeClock


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_version_2_limits_are_the_least_of_all_levels(tmp_path: Path) -> None:
    proc, tree = tmp_path / "proc", tmp_path / "cg"
    write(proc / "self" / "cgroup", "0::/user.slice/job\n")
    write(tree / "user.slice" / "cpu.max", "150000 100000\n")
    write(tree / "user.slice" / "job" / "cpu.max", "max 100000\n")
    write(tree / "user.slice" / "memory.max", "max\n")
    write(tree / "user.slice" / "job" / "memory.max", "1073741824\n")
    assert cpu_limit(proc, tree) == 1.5
    assert memory_limit(proc, tree) == 1 << 30


def test_version_1_has_a_tree_for_each_controller(tmp_path: Path) -> None:
    proc, tree = tmp_path / "proc", tmp_path / "cg"
    write(proc / "self" / "cgroup", "5:cpu,cpuacct:/slurm/job_7\n4:memory:/slurm/job_7\n0::/\n")
    write(tree / "cpu,cpuacct" / "slurm" / "job_7" / "cpu.cfs_quota_us", "200000\n")
    write(tree / "cpu,cpuacct" / "slurm" / "job_7" / "cpu.cfs_period_us", "100000\n")
    write(tree / "memory" / "slurm" / "job_7" / "memory.limit_in_bytes", "4096\n")
    write(tree / "memory" / "memory.limit_in_bytes", "9223372036854771712\n")
    assert cpu_limit(proc, tree) == 2.0
    assert memory_limit(proc, tree) == 4096


def test_inside_a_container_the_root_of_the_tree_is_the_group(tmp_path: Path) -> None:
    proc, tree = tmp_path / "proc", tmp_path / "cg"
    write(proc / "self" / "cgroup", "0::/../../not/there\n")
    write(tree / "cpu.max", "50000 100000")
    assert cpu_limit(proc, tree) == 0.5


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert (cpu_limit(tmp_path, tmp_path / "x"), memory_limit(tmp_path, tmp_path / "x")) == (UNLIMITED, UNLIMITED)


@pytest.mark.parametrize(
    ("text", "processors"), [("max 100000", UNLIMITED), ("max", UNLIMITED), ("400000 100000\n", 4.0), ("50000", 0.5)]
)
def test_cpu_max(text: str, processors: float) -> None:
    assert parse_cpu_max(text) == processors


@pytest.mark.parametrize(("text", "size"), [("max\n", UNLIMITED), ("", UNLIMITED), ("9223372036854771712", UNLIMITED),
                                            ("512\n", 512)])  # fmt: skip
def test_memory_limits(text: str, size: float) -> None:
    assert parse_memory(text) == size


def test_groups_by_controller() -> None:
    assert read_groups("12:pids:/a\n3:cpu,cpuacct:/b\n0::/c\n") == {
        "pids": "/a",
        "cpu": "/b",
        "cpuacct": "/b",
        "": "/c",
    }


def test_nvidia_smi() -> None:
    text = (
        "GPU-8a1e0f2c-0000-1111-2222-333344445555, NVIDIA A100-SXM4-80GB, 81920\n"
        "GPU-1b2c3d4e-0000-1111-2222-333344445555, Tesla V100-PCIE-32GB, 32768\n"
    )
    first, second = read_smi(text)
    assert (first.uuid, first.vendor, first.model, first.memory) == (
        "GPU-8a1e0f2c-0000-1111-2222-333344445555",
        "nvidia",
        "A100-SXM4-80GB",
        80 << 30,
    )
    assert second.model == "TESLA V100-PCIE-32GB"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
        "No devices were found\n",
        "GPU-1, NVIDIA H100, [N/A]\n",
    ],
)
def test_a_driver_that_complains_has_no_devices(text: str) -> None:
    assert read_smi(text) == []


def test_names_of_devices() -> None:
    assert nvidia("u", "NVIDIA GeForce RTX 4090", 1).model == "GEFORCE RTX 4090"


def test_this_machine(tmp_path: Path) -> None:
    options = WorkerOptions(server="127.0.0.1:1", home=tmp_path, name="w", labels=(("a", "b"),), time=60.0)
    options.directory.mkdir(parents=True)
    clock = FakeClock(1000.0)
    machine = probe(options, clock)
    assert machine.capacity.cpu >= 1
    assert machine.capacity.memory > 0
    assert machine.capacity.disk > 0
    assert (machine.labels, machine.ends_at) == ((("a", "b"),), 1060.0)


def test_what_the_user_grants_counts() -> None:
    assert processors(1.5) == 1500
    with pytest.raises(UsageError, match="cpus: -1 is below 0"):
        processors(-1)


def test_the_python_of_functions_is_a_feature() -> None:
    assert any(feature.startswith("python3.") for feature in features())


# ── which devices ───────────────────────────────────────────────────────────────────────────────────────────────────

FOUR = [nvidia(f"GPU-{letter}{letter}", "NVIDIA A100", 80 << 30) for letter in "abcd"]


def uuids(mask: list[str] | None, wanted: list[str]) -> str:
    return " ".join(gpu.uuid for gpu in chosen(FOUR, visible(FOUR, mask), wanted))


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        (None, "GPU-aa GPU-bb GPU-cc GPU-dd"),
        ([], ""),
        (["2", "0"], "GPU-cc GPU-aa"),
        (["GPU-b", "3", "3"], "GPU-bb GPU-dd"),
        (["1", "-1", "2"], "GPU-bb"),
        (["NoDevFiles"], ""),
        (["GPU-", "1"], ""),
        (["4"], ""),
    ],
)
def test_what_cuda_hides_is_not_offered(mask: list[str] | None, left: str) -> None:
    assert uuids(mask, []) == left


def test_of_what_is_left_the_wanted_ones_are_offered() -> None:
    assert uuids(None, ["3", "GPU-a"]) == "GPU-aa GPU-dd"
    assert uuids(["1", "2"], ["2"]) == "GPU-cc"
    assert uuids(None, ["none"]) == ""


@pytest.mark.parametrize("word", ["4", "0", "GPU-x", "GPU-", "", "none", "-1"])
def test_a_device_that_is_not_there_is_named(word: str) -> None:
    with pytest.raises(UsageError, match=f"gpus: there is no GPU {word!r} here") as told:
        uuids(["1", "2"], ["1", word])
    assert told.value.hint == "there are 1 (GPU-bb), 2 (GPU-cc)"


def test_where_there_are_no_devices_none_is_offered() -> None:
    assert chosen([], visible([], ["0"]), []) == ()
    with pytest.raises(UsageError, match="no GPU '0' here") as told:
        chosen([], [], ["0"])
    assert told.value.hint == "there are none"
