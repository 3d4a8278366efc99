"""What a worker that calls says it can do, and the machine that this makes in our words; and the way back."""

from paceline.model.errors import UsageError
from paceline.model.resources import WHOLE, Capacity, Gpu
from paceline.model.worker import Machine
from paceline.server.polling.words import at_least_0
from paceline.wire.gen import worker_pb2 as pb

GB = 10**9
GPUS_LIMIT = 256
"""Devices of one worker."""


def machine(said: pb.WorkerCapabilities, now: float) -> Machine:
    """Raises UsageError naming the field: what is not said is 0, and cores and tasks then follow from each other."""
    for name in ("cpu_cores", "memory_gb", "gpu_count", "max_tasks", "disk_gb", "seconds_left"):
        at_least_0(getattr(said, name), f"capabilities.{name}")
    cores = said.cpu_cores or said.max_tasks or 1
    return Machine(
        host=_shown(said.host, "host"),
        capacity=Capacity(
            cpu=cores * WHOLE,
            memory=round(said.memory_gb * GB),
            disk=round(said.disk_gb * GB),
            gpus=_gpus(said),
            tasks=said.max_tasks or cores,
        ),
        labels=tuple(sorted((_shown(key, "labels"), _shown(value, "labels")) for key, value in said.labels.items())),
        features=tuple(sorted({*said.features, *said.kinds} - {"command"})),
        ends_at=now + said.seconds_left if said.seconds_left else 0.0,
    )


def capabilities(found: Machine) -> pb.WorkerCapabilities:
    """The same in words of the calls."""
    has = found.capacity
    return pb.WorkerCapabilities(
        cpu_cores=has.cpu // WHOLE,
        memory_gb=has.memory / GB,
        gpu_count=len(has.gpus),
        max_tasks=has.tasks,
        disk_gb=has.disk / GB,
        gpus=[pb.Gpu(uuid=each.uuid, vendor=each.vendor, model=each.model, memory=each.memory) for each in has.gpus],
        labels=dict(found.labels),
        features=found.features,
        host=found.host,
    )


def _gpus(said: pb.WorkerCapabilities) -> tuple[Gpu, ...]:
    if said.gpu_count > GPUS_LIMIT or len(said.gpus) > GPUS_LIMIT:
        count = max(said.gpu_count, len(said.gpus))
        raise UsageError(f"capabilities.gpu_count: {count:,}, limit {GPUS_LIMIT}")
    if not said.gpus:
        return tuple(Gpu(uuid=str(number), vendor="", model="GPU", memory=0) for number in range(said.gpu_count))
    if said.gpu_count not in (0, len(said.gpus)):
        raise UsageError(
            f"capabilities.gpu_count: {said.gpu_count}, but gpus lists {len(said.gpus)}", hint="give one of the two"
        )
    return tuple(
        Gpu(
            uuid=each.uuid or str(number),
            vendor=each.vendor.lower(),
            model=each.model.upper(),
            memory=int(at_least_0(each.memory, f"capabilities.gpus[{number}].memory")),
        )
        for number, each in enumerate(said.gpus)
    )


def _shown(text: str, field: str) -> str:
    """The text, if it can be shown to people."""
    if not text.isprintable():
        raise UsageError(f"capabilities.{field}: {text!r} is not printable")
    return text
