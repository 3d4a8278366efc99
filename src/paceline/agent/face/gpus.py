"""How busy the machine's GPUs are, as NVIDIA's library counts; where that is not, nothing is known of any.

A driver may take its time to answer, so this is asked in a thread.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import pynvml

T = TypeVar("T")


class GpuLoad(NamedTuple):
    """``busy``: share of the last second or so in which anything ran on it, 0 to 1; NaN where the device does not tell,
    as parts of one (MIG) do not."""

    uuid: str
    busy: float
    memory_bytes: int


def read() -> list[GpuLoad]:
    """All of them. A driver that fails has none for us."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    try:
        count = pynvml.nvmlDeviceGetCount()
        return [_load(pynvml.nvmlDeviceGetHandleByIndex(index)) for index in range(count)]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _load(handle: object) -> GpuLoad:
    return GpuLoad(
        uuid=pynvml.nvmlDeviceGetUUID(handle),
        busy=_told(lambda: pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100, float("nan")),
        memory_bytes=_told(lambda: int(pynvml.nvmlDeviceGetMemoryInfo(handle).used), 0),
    )


def _told(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except pynvml.NVMLError:
        return otherwise
