"""From a table to what is learned: a matrix of features and a target.

Numbers, booleans and times become numbers; text stays text, and is encoded when the model's preprocessing is fitted.
A missing value is NaN among numbers and None among text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from paceline.model.errors import UsageError
from paceline.tasks.train import TrainParams, nearest
from paceline.tasks.train.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Rows to learn from, or to measure on."""

    x: np.ndarray  # (rows, features): float64, or objects where a column is text
    y: np.ndarray  # (rows,): float64, or str objects; never missing
    features: tuple[str, ...]
    text: tuple[int, ...]  # which of the features are text
    places: Callable[[Sequence[int]], str]

    @property
    def rows(self) -> int:
        return len(self.y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which columns play which part."""

    target: str
    features: tuple[str, ...]
    ignored: tuple[str, ...] = ()  # asked for, or by default, but without a single value


def choose(params: TrainParams, table: Table) -> Choice:
    """Settle target and features by the params. Raises UsageError naming a column that is not there."""
    target = params.target or table.names[-1]
    for field, names in (("target", [target]), ("features", params.features), ("drop", params.drop)):
        for name in names:
            _expect(field, name, table)
    wanted = params.features or [name for name in table.names if name != target and name not in params.drop]
    empty = tuple(name for name in wanted if len(_missing(table, name)) == table.columns.num_rows)
    features = tuple(name for name in wanted if name not in empty and name != target)
    if not features:
        raise UsageError(f"train.features: {str(table.path)!r} has no column with values to learn {target!r} from")
    return Choice(target=target, features=features, ignored=empty)


def take(choice: Choice, table: Table) -> Examples:
    """The chosen columns as arrays. Raises UsageError for values nobody can learn from, with their lines."""
    for name in (*choice.features, choice.target):
        _expect(table.field, name, table)
    _check_target(table, choice.target)
    y = _column(table, choice.target)
    columns = [_column(table, name) for name in choice.features]
    text = tuple(position for position, column in enumerate(columns) if column.dtype == object)
    x = np.column_stack([column.astype(object) for column in columns] if text else columns)
    return Examples(x=x, y=y, features=choice.features, text=text, places=table.places)


def _expect(field: str, name: str, table: Table) -> None:
    if name not in table.names:
        raise UsageError(f"train.{field}: {str(table.path)!r} has no column {name!r}", hint=nearest(name, table.names))


def _missing(table: Table, name: str) -> np.ndarray:
    """Positions of the rows without a value."""
    return np.flatnonzero(pc.is_null(table.columns.column(name), nan_is_null=True).to_numpy())


def _column(table: Table, name: str) -> np.ndarray:
    column = table.columns.column(name)
    kind = column.type
    if kinds.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
    if kinds.is_date(kind) or kinds.is_timestamp(kind):
        column = column.cast(pa.timestamp("s"), safe=False).cast(pa.int64())
    elif not _is_number(kind):
        _refuse_kind(table, name, kind)
    numbers: np.ndarray = column.cast(pa.float64(), safe=False).to_numpy()
    _check_finite(table, name, numbers)
    return numbers


def _is_number(kind: pa.DataType) -> bool:
    known = (kinds.is_boolean, kinds.is_integer, kinds.is_floating, kinds.is_decimal, kinds.is_null)
    return any(is_kind(kind) for is_kind in known)


def _refuse_kind(table: Table, name: str, kind: pa.DataType) -> None:
    what = "is not UTF-8 text" if kinds.is_binary(kind) else f"holds {kind}, which is neither number, text nor time"
    raise UsageError(f"train.{table.field}: column {name!r} {what}", hint=f"leave it out with drop: [{name}]")


def _check_finite(table: Table, name: str, numbers: np.ndarray) -> None:
    # Trees compare in 32 bits: what does not fit there is infinite to them.
    bad = np.flatnonzero(np.abs(numbers) > np.finfo(np.float32).max)
    if len(bad):
        where = table.places(bad.tolist())
        raise UsageError(f"train.{table.field}: column {name!r} is infinite, or too large for 32 bits, on {where}")


def _check_target(table: Table, name: str) -> None:
    missing = _missing(table, name)
    if len(missing):
        where = "any row" if len(missing) == table.columns.num_rows else table.places(missing.tolist())
        raise UsageError(f"train.target: column {name!r} has no value on {where}", hint="every row needs one")
