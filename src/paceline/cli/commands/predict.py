"""``paceline model predict``: what a model of the catalogue says of new rows."""

from __future__ import annotations

import csv
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from paceline import config
from paceline.catalog import Model
from paceline.cli.complete import model_argument
from paceline.cli.face import Face, asks
from paceline.cli.session import ask
from paceline.cli.transfer import transfer
from paceline.model.errors import UsageError

if TYPE_CHECKING:
    from paceline.sdk.client import Client

ROWS = 10_000
"""That are turned into text at a time."""


@click.command()
@model_argument()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="A CSV file; default: stdout.")
@asks
def predict(face: Face, word: str, data: Path, *, output: Path | None) -> None:
    """Predict the rows of DATA (CSV, Parquet, NPZ) with a model, here.

    It is downloaded once, checked each time, and loaded only if it consists of nothing but data. Prints CSV: the
    prediction of each row and, of a classification, how probable each class is.
    """
    if not data.is_file():
        raise UsageError(f"data: there is no file {str(data)!r}")
    model, folder = ask(face, lambda client: _brought(client, face, word))
    answers = _predicted(folder, data)
    if output is not None:
        _write(answers, output)
        face.show(
            lambda: {"model": model.key, "rows": answers.num_rows, "output": str(output.absolute())},
            ids=[output],
            text=lambda: f"{answers.num_rows:,} rows by {model.name}, in {output}",
        )
    elif face.json:
        face.line({"model": model.key, "predictions": [row for rows in _rows(answers) for row in rows]})
    else:
        _print(answers, sys.stdout)


def cached(model: Model) -> Path:
    """Where a model lies once it was brought: named by what is in its files, so it never goes stale."""
    content = "\n".join(sorted(f"{file.sha256} {file.name}" for file in model.files))
    return config.home() / "cache" / "models" / hashlib.sha256(content.encode()).hexdigest()[:32]


async def _brought(client: Client, face: Face, word: str) -> tuple[Model, Path]:
    from paceline.sdk.fetch import fetch  # noqa: PLC0415 - as predict itself

    model = await client.model(word)
    with transfer(face, model.name, model.bytes) as told:
        return model, await fetch(client, model, cached(model), told=told, replace=True)


def _predicted(folder: Path, data: Path) -> Any:
    """A table of pyarrow's."""
    try:
        from paceline.tasks.train.predict import predict as ask_model  # noqa: PLC0415 - scikit-learn and more, an extra

        return ask_model(folder, data)
    except ModuleNotFoundError as error:
        root = (error.name or "").partition(".")[0]
        if root == "paceline":
            raise
        extra = "torch" if root in ("torch", "safetensors") else "train"
        raise UsageError(
            f"this model needs {root}, which is not installed here", hint=f"pip install 'paceline[{extra}]'"
        ) from None


def _write(answers: Any, output: Path) -> None:
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="") as file:
            _print(answers, file)
        part.replace(output)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"--output: {output} cannot be written: {error.strerror}") from None


def _print(answers: Any, file: TextIO) -> None:
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(answers.column_names)
    for rows in _rows(answers):
        lines.writerows(row.values() for row in rows)


def _rows(answers: Any) -> Iterator[Sequence[Mapping[str, object]]]:
    return (batch.to_pylist() for batch in answers.to_batches(max_chunksize=ROWS))
