"""A training put down in one file, bit by bit, and taken up again. Tensors and a header of numbers: nothing is pickled.

Between two batches everything that a training is made of is in ``Learning``, but for the state of torch's generators.
"""

from pathlib import Path

import msgspec
import torch

from paceline.tasks.train.neural_network import tensor_file
from paceline.tasks.train.neural_network.learning import Learning


class Saved(msgspec.Struct, kw_only=True, frozen=True):
    """What is no tensor. ``groups`` and ``schedule``: as torch's ``state_dict`` has them."""

    epoch: int
    batch: int
    rows: int
    val_losses: list[float]
    groups: list[dict[str, object]]
    schedule: dict[str, object]


def write(learning: Learning, file: Path) -> None:
    """Put it down."""
    optimizer = learning.optimizer.state_dict()
    saved = Saved(
        epoch=learning.epoch,
        batch=learning.batch,
        rows=learning.tally.rows,
        val_losses=learning.val_losses,
        groups=optimizer["param_groups"],
        schedule=learning.schedule.state_dict(),
    )
    tensor_file.write(file, _tensors(learning, optimizer["state"]), saved)


def read(learning: Learning, file: Path) -> None:
    """Take it up in a training that has just begun. Raises UsageError for a file that ``write`` did not make."""
    tensors, saved = tensor_file.read(file, Saved)
    learning.layers.load_state_dict(tensor_file.part(tensors, "layers."))
    learning.best = tensor_file.part(tensors, "best.")
    learning.optimizer.load_state_dict({"state": _by_weight(tensors), "param_groups": saved.groups})
    learning.schedule.load_state_dict(saved.schedule)
    learning.epoch, learning.batch, learning.val_losses = saved.epoch, saved.batch, saved.val_losses
    learning.tally.restore(saved.rows, tensor_file.part(tensors, "tally."))
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and learning.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"])


def _tensors(learning: Learning, moments: dict[int, dict[str, object]]) -> dict[str, torch.Tensor]:
    groups = {
        "layers.": learning.layers.state_dict(),
        "best.": learning.best,
        "tally.": learning.tally.sums(),
        "random.": {"cpu": torch.get_rng_state()},
        **{f"optimizer.{weight}.": held for weight, held in moments.items()},
    }
    if learning.device.type == "cuda":
        groups["random."]["cuda"] = torch.cuda.get_rng_state()
    return {prefix + name: value for prefix, group in groups.items() for name, value in group.items()}


def _by_weight(tensors: dict[str, torch.Tensor]) -> dict[int, dict[str, torch.Tensor]]:
    """ "3.exp_avg" → {3: {"exp_avg": …}}."""
    found: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensor_file.part(tensors, "optimizer.").items():
        weight, _, moment = name.partition(".")
        found.setdefault(int(weight), {})[moment] = tensor
    return found
