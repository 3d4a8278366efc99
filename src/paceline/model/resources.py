"""What a task needs, what a worker has, and the arithmetic between them.

Whole numbers throughout, so that booking and releasing a thousand times ends exactly where it began: processors and
devices are counted in thousandths (``1000`` is one), memory and disk in bytes.
"""

from dataclasses import dataclass, field

from paceline.model.bounds import require

WHOLE = 1000
"""One processor, or one device, in thousandths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One device of a machine."""

    uuid: str
    vendor: str
    model: str  # upper case, without the vendor: "A100-SXM4-80GB"
    memory: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuNeed:
    """Devices one task wants. ``milli`` of 2000 is two whole devices; below 1000 it is a share of a single one."""

    milli: int
    vendor: str = ""  # "nvidia", "amd" …; empty for any
    models: tuple[str, ...] = ()  # acceptable model names, upper case; empty for any
    memory: int = 0  # bytes at least, per device
    memory_max: int = 0  # bytes at most, per device; 0 for no bound

    def __post_init__(self) -> None:
        require(1, milli=self.milli)
        require(0, memory=self.memory, memory_max=self.memory_max)

    def takes(self, gpu: Gpu) -> bool:
        """Whether a device is of a kind that is asked for."""
        return (
            (not self.vendor or gpu.vendor == self.vendor)
            and (not self.models or any(_names(model, gpu.model) for model in self.models))
            and gpu.memory >= self.memory
            and (not self.memory_max or gpu.memory <= self.memory_max)
        )


def _names(wanted: str, model: str) -> bool:
    """Whether one or more whole words of a device's name make up what is wanted: RTX4090 is a GEFORCE RTX 4090, and
    A10 is not an A100."""
    words = _words(model)
    plain = "".join(_words(wanted))
    spans = ((start, end) for start in range(len(words)) for end in range(start + 1, len(words) + 1))
    return any("".join(words[start:end]) == plain for start, end in spans)


def _words(name: str) -> list[str]:
    return "".join(letter if letter.isalnum() else " " for letter in name.upper()).split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one task needs on one worker. Equal needs share a queue, so this value is hashed and compared."""

    cpu: int = WHOLE
    memory: int = 0
    disk: int = 0
    gpu: GpuNeed | None = None
    labels: tuple[tuple[str, str], ...] = ()  # every pair must be among the worker's labels
    features: tuple[str, ...] = ()  # what the worker must be able to do: "python3.11", "train.random_forest"
    time: float = 0.0  # seconds the worker must still have left (``time_request``)

    def __post_init__(self) -> None:
        require(0, cpu=self.cpu, memory=self.memory, disk=self.disk, time=self.time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a worker has to give."""

    cpu: int
    memory: int
    disk: int
    gpus: tuple[Gpu, ...] = field(default=())
    tasks: int = 0  # that it takes at once, however little they need; 0: as many as fit
