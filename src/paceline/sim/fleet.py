"""The machines of a simulated fleet, in few words: ``COUNT[xCPUS[:MEMORY[:GPU]]]``.

=============================  =================================================
``10000``                      ten thousand of 16 processors and 64 GiB
``500x64``                     five hundred of 64 processors and 256 GiB
``500x64:512GiB``              the same with 512 GiB
``8x96:1TiB:A100:80GB:8``      eight more, each with eight A100 of 80 GB
=============================  =================================================
"""

import re
from collections.abc import Iterable, Sequence

from paceline.grammar import parse_count, parse_gpu, parse_size
from paceline.model.errors import UsageError
from paceline.model.resources import WHOLE, Capacity, Gpu, GpuNeed
from paceline.model.worker import Machine

CPUS, MEMORY_PER_CPU, DISK = 16, 4 << 30, 1 << 40
MOST = 1_000_000
"""Workers of one fleet; more is a slip of the finger."""
_FORM = re.compile(r"(\d+)(?:x([\d.]+)(?::([^:]+)(?::(.+))?)?)?", re.ASCII)
_HINT = "the form is COUNT[xCPUS[:MEMORY[:GPU]]], such as 8x96:1TiB:A100:80GB:8"


def parse_fleet(texts: Iterable[str], field: str = "--workers") -> Sequence[Machine]:
    """One machine for each worker, in the order of the texts; equal ones are one value."""
    machines = [machine for text in texts for machine in _alike(text.strip(), field)]
    if not machines:
        raise UsageError(f"{field}: there is no worker", hint=_HINT)
    return machines


def _alike(text: str, field: str) -> Sequence[Machine]:
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError(f"{field}: cannot read {text!r} as workers", hint=_HINT)
    count, cpus, memory, gpu = match.groups(default="")
    if int(count) > MOST:
        raise UsageError(f"{field}: {count} workers", hint=f"at most {MOST}")
    cpu = parse_count(cpus, field) if cpus else CPUS * WHOLE
    capacity = Capacity(
        cpu=cpu,
        memory=parse_size(memory, field) if memory else cpu * MEMORY_PER_CPU // WHOLE,
        disk=DISK,
        gpus=_devices(gpu, field) if gpu else (),
    )
    return [Machine(host="simulated", capacity=capacity)] * int(count)


def _devices(text: str, field: str) -> tuple[Gpu, ...]:
    need: GpuNeed = parse_gpu(text, field)[0]
    if need.milli % WHOLE or len(need.models) > 1:
        raise UsageError(f"{field}: {text!r} does not name the devices of one machine", hint="such as A100:80GB:8")
    model = next(iter(need.models), "GPU")
    return tuple(
        Gpu(uuid=f"GPU-{number}", vendor=need.vendor or "nvidia", model=model, memory=need.memory)
        for number in range(need.milli // WHOLE)
    )
