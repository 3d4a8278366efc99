"""``paceline model compare``: several models side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from paceline.catalog import Model
from paceline.cli.complete import models_argument
from paceline.cli.face import Face, asks
from paceline.cli.forms import forms
from paceline.cli.session import ask
from paceline.cli.table import styled, table
from paceline.cli.words import short
from paceline.model.errors import UsageError

WIDTH = 40
"""Characters of a value in a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that is said of all of them. None: not of this one."""

    name: str  # "params.trees"
    values: Sequence[object]

    @property
    def differs(self) -> bool:
        """Whether it is not the same of all."""
        return any(value != self.values[0] for value in self.values)


@click.command()
@models_argument()
@click.option("--all", "everything", is_flag=True, help="Also what is the same of all.")
@asks
def compare(face: Face, words: tuple[str, ...], *, everything: bool) -> None:
    """Show metrics, and what differs of parameters, data and versions, side by side."""
    if len(words) < 2:
        raise UsageError("compare: with what?", hint=f"paceline model compare {words[0]} best")
    models = ask(face, lambda client: client.several_models(words))
    lines = list(compared(models))
    differing = [line for line in lines if line.differs]
    face.show(
        lambda: {"models": forms(models), "differs": {line.name: list(line.values) for line in differing}},
        ids=(model.key for model in models),
        text=lambda: _side_by_side(models, lines if everything else [x for x in lines if _worth_it(x)]),
    )
    same = sum(not _worth_it(line) for line in lines)
    if same and not everything:
        face.remark(f"{same} more are the same of all; --all shows them")


def compared(models: Sequence[Model]) -> Iterator[Line]:
    """All that is said of any of them; what belongs together stands together, though not all models have it."""
    said = [_said(model) for model in models]
    names = list(dict.fromkeys(name for each in said for name in each))
    parts = list(dict.fromkeys(name.partition(".")[0] for name in names))
    for name in sorted(names, key=lambda name: parts.index(name.partition(".")[0])):
        yield Line(name=name, values=[each.get(name) for each in said])


def _said(model: Model) -> Mapping[str, object]:
    """Under names such as ``params.trees``."""
    card = model.said
    parts: Mapping[str, Mapping[str, object]] = {
        "metrics": {name: model.metrics[name] for name in sorted(model.metrics)},
        "params": model.params,
        "data": model.data,
        "versions": card.get("versions") or {},
        "code": card.get("code") or {},
    }
    flat = {f"{part}.{name}": value for part, values in parts.items() for name, value in values.items()}
    plain = {"kind": model.kind, "task": model.task, "target": card.get("target")}
    return {**plain, **flat, "size": model.bytes}


def _worth_it(line: Line) -> bool:
    return line.differs or line.name.startswith("metrics.")


def _side_by_side(models: Sequence[Model], lines: Sequence[Line]) -> str:
    rows = [("key", *(model.key for model in models))]
    rows += [(_marked(line), *(_cell(value) for value in line.values)) for line in lines]
    return table(("", *(model.name for model in models)), rows, empty="")


def _marked(line: Line) -> str:
    return styled(line.name, colour="yellow" if line.differs else "")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    text = short(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
