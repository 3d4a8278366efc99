"""How well the rows of the epoch under way were answered when they came."""

from collections.abc import Mapping

import torch

from paceline.tasks.train.neural_network.recipe import Recipe

_FOLD = 64
"""Batches that are added up at once: small ones would take longer to count than to learn from."""


class Tally:
    """Sums stay where they are made: nobody waits for a GPU until somebody asks."""

    def __init__(self, recipe: Recipe, device: torch.device) -> None:
        self.rows = 0
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._hits = torch.zeros((), dtype=torch.int64, device=device)
        self._fresh: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
        self._classifies = recipe.task == "classification"
        self._unit = recipe.target.deviation[0] ** 2

    def add(self, loss: torch.Tensor, said: torch.Tensor, y: torch.Tensor) -> None:
        """One batch: its mean loss, what the network said (rows, outputs), and what was right."""
        self._fresh.append((loss, said, y))
        self.rows += len(y)
        if len(self._fresh) == _FOLD:
            self._fold()

    def metrics(self) -> dict[str, float]:
        """So far. The scaled target has variance 1: what the loss has left of it, R2 has not."""
        self._fold()
        loss = self._loss.item() / self.rows
        if self._classifies:
            return {"loss": loss, "accuracy": self._hits.item() / self.rows}
        return {"loss": loss * self._unit, "r2": 1 - loss}

    def sums(self) -> dict[str, torch.Tensor]:
        """For a checkpoint; with ``rows``, all there is."""
        self._fold()
        return {"loss": self._loss, "hits": self._hits}

    def restore(self, rows: int, sums: Mapping[str, torch.Tensor]) -> None:
        """Go on from there."""
        self.rows = rows
        self._loss.copy_(sums["loss"])
        self._hits.copy_(sums["hits"])

    def clear(self) -> None:
        """An epoch begins."""
        self._fresh.clear()
        self._loss.zero_()
        self._hits.zero_()
        self.rows = 0

    def _fold(self) -> None:
        if not self._fresh:
            return
        losses, said, right = zip(*self._fresh, strict=True)
        sizes = torch.tensor([len(y) for y in right], dtype=torch.float64, device=self._loss.device)
        self._loss += torch.stack(losses).double() @ sizes
        if self._classifies:
            self._hits += (torch.cat(said).argmax(dim=1) == torch.cat(right)).sum()
        self._fresh.clear()
