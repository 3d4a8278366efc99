"""What this machine has to give: processors, memory, disk, devices, and what it is able to do.

Processors and memory are the least of what the machine has, what this process may use (affinity, control groups) and
what the user grants. Devices are asked of NVIDIA's library, else of ``nvidia-smi``; where neither is, there are none.
Of them, too, only those are offered that are left to this process (``CUDA_VISIBLE_DEVICES``) and granted by the user.
"""

import csv
import os
import platform
import shutil
import socket
import subprocess
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import psutil
import pynvml

import paceline
from paceline import config, kinds
from paceline.agent.cgroups import cpu_limit, memory_limit
from paceline.clock import Clock
from paceline.config import WorkerOptions
from paceline.model.errors import UsageError
from paceline.model.resources import WHOLE, Capacity, Gpu
from paceline.model.worker import Machine

_SMI = ("nvidia-smi", "--query-gpu=uuid,name,memory.total", "--format=csv,noheader,nounits")
_SMI_SECONDS = 20.0
_MIB = 1 << 20


def probe(options: WorkerOptions, clock: Clock) -> Machine:
    """Everything. Takes some milliseconds, and seconds where a driver is slow to answer."""
    return Machine(
        host=socket.gethostname(),
        capacity=Capacity(
            cpu=processors(options.cpus),
            memory=options.memory or usable_memory(),
            disk=shutil.disk_usage(_existing(options.scratch)).free,
            gpus=offered_gpus(options.gpus),
            tasks=options.max_tasks,
        ),
        labels=options.labels,
        features=features(),
        python=platform.python_version(),
        version=paceline.__version__,
        pid=os.getpid(),
        ends_at=clock.now() + options.time if options.time else 0.0,
    )


def _existing(path: Path) -> Path:
    """The path, or of those above it the first that is there."""
    return path if path.exists() else _existing(path.parent)


def processors(wanted: float) -> int:
    """Thousandths. A user may grant more than there are: many tasks mostly wait."""
    if wanted < 0:
        raise UsageError(f"cpus: {wanted:g} is below 0", hint="leave it out for all that there are")
    there = min(len(os.sched_getaffinity(0)), cpu_limit())
    return max(1, round((wanted or there) * WHOLE))


def usable_memory() -> int:
    """Bytes that this process and its children may have."""
    return int(min(psutil.virtual_memory().total, memory_limit()))


def features() -> tuple[str, ...]:
    """Whatever any kind of task that is installed here finds that it can do here."""
    return tuple(sorted({*kinds.offered(), "python{}.{}".format(*platform.python_version_tuple())}))


def offered_gpus(wanted: Sequence[str] = ()) -> tuple[Gpu, ...]:
    """Of this machine's devices those that this process may use, and of those the wanted ones; all if none is named."""
    there = gpus()
    return chosen(there, visible(there, config.visible_gpus()), wanted)


def visible(there: Sequence[Gpu], mask: Sequence[str] | None) -> Sequence[Gpu]:
    """As CUDA reads it: numbers, or how UUIDs begin, up to the first word that stands for no device."""
    if mask is None:
        return there
    seen = takewhile(lambda gpu: gpu is not None, (_named(there, word) for word in mask))
    return list(dict.fromkeys(filter(None, seen)))


def chosen(there: Sequence[Gpu], left: Sequence[Gpu], wanted: Sequence[str]) -> tuple[Gpu, ...]:
    """The wanted ones of those that are left. Raises UsageError for a word that stands for none of them."""
    if not wanted:
        return tuple(left)
    if list(wanted) == ["none"]:
        return ()
    named = [_named(there, word) for word in wanted]
    for word, gpu in zip(wanted, named, strict=True):
        if gpu not in left:
            names = ", ".join(f"{number} ({gpu.uuid})" for number, gpu in enumerate(there) if gpu in left)
            raise UsageError(f"gpus: there is no GPU {word!r} here", hint=f"there are {names or 'none'}")
    return tuple(gpu for gpu in left if gpu in named)


def _named(there: Sequence[Gpu], word: str) -> Gpu | None:
    if word.isdecimal():
        return there[int(word)] if int(word) < len(there) else None
    found = [gpu for gpu in there if word and gpu.uuid.startswith(word)]
    return found[0] if len(found) == 1 else None


def gpus() -> Sequence[Gpu]:
    """Devices, in the driver's order."""
    try:
        return _ask_library()
    except pynvml.NVMLError:
        return _ask_program()


def _ask_library() -> list[Gpu]:
    pynvml.nvmlInit()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return [
            nvidia(
                pynvml.nvmlDeviceGetUUID(handle),
                pynvml.nvmlDeviceGetName(handle),
                pynvml.nvmlDeviceGetMemoryInfo(handle).total,
            )
            for handle in handles
        ]
    finally:
        pynvml.nvmlShutdown()


def _ask_program() -> Sequence[Gpu]:
    if shutil.which(_SMI[0]) is None:
        return ()
    try:
        answer = subprocess.run(_SMI, capture_output=True, text=True, timeout=_SMI_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()  # a driver that does not answer has no devices for us
    return read_smi(answer.stdout)


def read_smi(text: str) -> Sequence[Gpu]:
    """What ``nvidia-smi --query-gpu=uuid,name,memory.total --format=csv,noheader,nounits`` prints; memory in MiB.

    Lines of any other form (a driver that complains) are passed over.
    """
    rows = [[field.strip() for field in row] for row in csv.reader(text.splitlines())]
    return [
        nvidia(row[0], row[1], int(row[2]) * _MIB)
        for row in rows
        if len(row) == 3 and row[0].startswith(("GPU-", "MIG-")) and row[2].isdecimal()  # noqa: PLR2004
    ]


def nvidia(uuid: str, name: str, memory: int) -> Gpu:
    """The driver says "NVIDIA A100-SXM4-80GB"."""
    return Gpu(uuid=uuid, vendor="nvidia", model=name.upper().removeprefix("NVIDIA ").strip(), memory=memory)
