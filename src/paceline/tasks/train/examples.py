"""From a table to what is learned: a matrix of features and a target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from paceline.model.errors import UsageError
from paceline.tasks.train import nearest
from paceline.tasks.train.columns import Column, matrix, missing, type_of, values
from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Rows to learn from, or to measure on."""

    x: np.ndarray  # (rows, features): float64, or objects where a column is text
    y: np.ndarray  # (rows,): float64, or str objects; never missing
    places: Callable[[Sequence[int]], str]

    @property
    def rows(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which columns play which part."""

    target: Column
    features: tuple[Column, ...]
    ignored: tuple[str, ...] = ()  # asked for, or by default, but without a single value


def choose(params: TrainParams, table: Table) -> Choice:
    """Settle target and features by the params. Raises UsageError naming a column that is not there."""
    # The last array of an NPZ file without y would be a feature.
    target = params.target or ("y" if table.path.suffix.lower() == ".npz" else table.names[-1])
    for field, names in (("target", [target]), ("features", params.features), ("drop", params.drop)):
        for name in names:
            _expect(f"train.{field}", name, table)
    wanted = params.features or [name for name in table.names if name != target and name not in params.drop]
    empty = tuple(name for name in wanted if len(missing(table, name)) == table.columns.num_rows)
    features = tuple(name for name in wanted if name not in empty and name != target)
    if not features:
        raise UsageError(f"train.features: {str(table.path)!r} has no column with values to learn {target!r} from")
    return Choice(
        target=Column(name=target, type=type_of(table, target)),
        features=tuple(Column(name=name, type=type_of(table, name)) for name in features),
        ignored=empty,
    )


def take(choice: Choice, table: Table) -> Examples:
    """The chosen columns as arrays. Raises UsageError for values nobody can learn from, with their lines."""
    y = _target(choice.target, table)
    return Examples(x=inputs(choice.features, table), y=y, places=table.places)


def inputs(features: Sequence[Column], table: Table) -> np.ndarray:
    """The features alone (rows, features). Raises UsageError where one is not there, or is of another type."""
    for column in features:
        _expect(table.field, column.name, table)
    return matrix(features, table)


def check_shape(shape: tuple[int, ...], table: Table) -> None:
    """Raises UsageError for images of another shape than was learned from: their pixels have the same names."""
    if shape and table.shape and table.shape != shape:
        raise UsageError(
            f"{table.field}: {str(table.path)!r} holds images of shape {table.shape}, not {shape} as was learned from"
        )


def _target(column: Column, table: Table) -> np.ndarray:
    _expect(table.field, column.name, table)
    holes = missing(table, column.name)
    if len(holes):
        where = "any row" if len(holes) == table.columns.num_rows else table.places(holes.tolist())
        raise UsageError(f"train.target: column {column.name!r} has no value on {where}", hint="every row needs one")
    return values(column, table)


def _expect(field: str, name: str, table: Table) -> None:
    if table.columns.schema.get_field_index(name) < 0:  # by a hash: an image has thousands of columns
        raise UsageError(f"{field}: {str(table.path)!r} has no column {name!r}", hint=nearest(name, table.names))
