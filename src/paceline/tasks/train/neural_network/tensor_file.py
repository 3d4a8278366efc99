"""Files of named tensors in the safetensors format, each with one structure that says what they are.

The format holds numbers and their shapes, and a header of texts; there is nothing in it that could be run.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from paceline.model.errors import UsageError

_HEADER = "paceline"
Said = TypeVar("Said", bound=msgspec.Struct)


def write(file: Path, tensors: Mapping[str, torch.Tensor], said: msgspec.Struct) -> None:
    """Tensors of any device, and the structure."""
    save_file(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        file,
        metadata={_HEADER: msgspec.json.encode(said).decode()},
    )


def read(file: Path, kind: type[Said]) -> tuple[dict[str, torch.Tensor], Said]:
    """What ``write`` wrote, on the CPU. Raises UsageError for any other file."""
    try:
        with safe_open(file, framework="pt") as opened:
            header = (opened.metadata() or {}).get(_HEADER, "")
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
        return tensors, msgspec.json.decode(header, type=kind)
    except (SafetensorError, msgspec.DecodeError) as error:
        raise UsageError(f"{str(file)!r} is not a file of Paceline's tensors: {error}") from None


def part(tensors: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Those whose names begin so, without the beginning."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
