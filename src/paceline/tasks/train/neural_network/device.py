"""Where a network learns, and under which rules: all of them are torch's for a whole process, so they are put back."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from paceline import config
from paceline.model.errors import UsageError
from paceline.tasks.train.params import NeuralNetworkParams


def chosen(params: NeuralNetworkParams) -> torch.device:
    """The device that was asked for. Raises UsageError if there is none."""
    there = torch.cuda.is_available()
    if params.device == "cuda" and not there:
        raise UsageError("train.device: there is no GPU here", hint="ask for one (needs: gpu: 1), or device: auto")
    return torch.device("cuda" if there and params.device != "cpu" else "cpu")


@contextmanager
def settled(params: NeuralNetworkParams, device: torch.device) -> Iterator[None]:
    """As many threads as the task was given, a generator that begins from the seed, the same sums every time.

    On a GPU the last digits may still differ from run to run: cuBLAS has no order there. To ask for the same sums,
    ``use_deterministic_algorithms`` would import a compiler that nobody needs here; that takes two seconds.
    """
    threads, strict = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device.type == "cuda" else []):
        torch.manual_seed(params.seed)
        torch.set_num_threads(config.threads())
        torch.set_deterministic_debug_mode("error" if device.type == "cpu" else "default")
        torch.utils.deterministic.fill_uninitialized_memory = False  # what nobody wrote, nobody here reads
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            torch.set_deterministic_debug_mode(strict)
            torch.utils.deterministic.fill_uninitialized_memory = fill


@contextmanager
def sparing(params: NeuralNetworkParams, device: torch.device) -> Iterator[None]:
    """Says of memory that ran out whose it was, and what to do. Raises UsageError."""
    try:
        yield
    except torch.OutOfMemoryError:
        peak, total = torch.cuda.max_memory_reserved(device), torch.cuda.mem_get_info(device)[1]
        raise _spent(params, "GPU memory", f"{_mebibytes(peak)} of its {_mebibytes(total)}") from None
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "can't allocate memory" not in str(error):
            raise
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        raise _spent(params, "memory", _mebibytes(peak)) from error


def memory(device: torch.device) -> dict[str, int]:
    """Bytes of the GPU that this training holds, for a report; nothing without a GPU."""
    return {"gpu_memory_bytes": torch.cuda.memory_reserved(device)} if device.type == "cuda" else {}


def _spent(params: NeuralNetworkParams, what: str, peak: str) -> UsageError:
    return UsageError(
        f"train.batch_size: out of {what} with batches of {params.batch_size} rows; the peak was {peak}",
        hint="a smaller batch_size, fewer hidden neurons or channels, or a task that asks for more",
    )


def _mebibytes(size: int) -> str:
    return f"{size >> 20:,} MiB"
