"""Columns of a table as arrays.

Numbers and booleans become floats, and so do times: seconds since 1970. Text stays text. A missing value is NaN among
floats and None among text. Which of the three a column is, is settled by the table that is learned from; every later
table is read the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from paceline.model.errors import UsageError
from paceline.tasks.train.table import Table

Type: TypeAlias = Literal["number", "text", "time"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One feature, as the model was shown it."""

    name: str
    type: Type = "number"


def positions(columns: Sequence[Column], kind: Type) -> list[int]:
    """Which of the columns are of this type."""
    return [position for position, column in enumerate(columns) if column.type == kind]


def matrix(columns: Sequence[Column], table: Table) -> np.ndarray:
    """The columns beside each other (rows, columns): float64, or objects where one of them is text."""
    arrays = [values(column, table) for column in columns]
    text = any(array.dtype == object for array in arrays)
    return np.column_stack([array.astype(object) for array in arrays] if text else arrays)


def values(column: Column, table: Table) -> np.ndarray:
    """One column (rows,). Raises UsageError where it is of another type here, or holds what nobody can learn from."""
    cells = _plain(table, column.name)
    found = type_of(table, column.name)
    if column.type == "text":
        return np.asarray(cells.cast(pa.string()).to_numpy(zero_copy_only=False), dtype=object)
    if found != column.type and not kinds.is_null(cells.type):
        said = f"column {column.name!r} holds {_PLURAL[found]}, but {_PLURAL[column.type]} where it was learned from"
        raise UsageError(f"{table.field}: {said}")
    if found == "time":
        cells = cells.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    numbers: np.ndarray = cells.cast(pa.float64(), safe=False).to_numpy()
    if found == "time":
        return numbers / 1e6
    _check_finite(table, column.name, numbers)
    return numbers


def missing(table: Table, name: str) -> np.ndarray:
    """Positions of the rows without a value."""
    return np.flatnonzero(pc.is_null(table.columns.column(name), nan_is_null=True).to_numpy())


def type_of(table: Table, name: str) -> Type:
    """What the column holds here. Raises UsageError for what can be neither number, text nor time."""
    kind = _plain(table, name).type
    if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return "text"
    if kinds.is_date(kind) or kinds.is_timestamp(kind):
        return "time"
    if any(is_kind(kind) for is_kind in _NUMBERS):
        return "number"
    what = "is not UTF-8 text" if kinds.is_binary(kind) else f"holds {kind}, which is neither number, text nor time"
    raise UsageError(f"{table.field}: column {name!r} {what}", hint=f"leave it out with drop: [{name}]")


def _plain(table: Table, name: str) -> pa.ChunkedArray:
    cells = table.columns.column(name)
    return cells.cast(cells.type.value_type) if kinds.is_dictionary(cells.type) else cells


def _check_finite(table: Table, name: str, numbers: np.ndarray) -> None:
    # Trees compare in 32 bits: what does not fit there is infinite to them.
    bad = np.flatnonzero(np.abs(numbers) > np.finfo(np.float32).max)
    if len(bad):
        where = table.places(bad.tolist())
        raise UsageError(f"{table.field}: column {name!r} is infinite, or too large for 32 bits, on {where}")


_NUMBERS = (kinds.is_boolean, kinds.is_integer, kinds.is_floating, kinds.is_decimal, kinds.is_null)
_PLURAL = {"number": "numbers", "text": "text", "time": "times"}
