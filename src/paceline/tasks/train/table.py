"""Tables as people have them: CSV, Parquet and NPZ files, read into Arrow columns.

What is wrong with a file is said with the place where it is wrong, in the words of that kind of file: a CSV file has
lines, a Parquet or NPZ file has rows.
"""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from paceline.model.errors import UsageError
from paceline.tasks.train import csv_file, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Named columns of equal length, at least one of each."""

    field: str  # the parameter that named the file, for messages: "train.data"
    path: Path
    columns: pa.Table
    places: Callable[[Sequence[int]], str]  # row positions → "lines 3 and 8"

    @property
    def names(self) -> list[str]:
        return list(self.columns.column_names)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one row's features, where they lay in an array of more than two dimensions: ``(28, 28)``; or empty."""
        said = (self.columns.schema.metadata or {}).get(_SHAPE, b"")
        return tuple(map(int, said.split()))


def read(field: str, path: str) -> Table:
    """The table in a file. Raises UsageError: no such file, not readable, nothing in it, columns without a name."""
    file = Path(path)
    columns = _READERS[file.suffix.lower()](field, _existing(field, file))
    _check_names(field, file, columns.column_names)
    if columns.num_rows == 0:
        raise UsageError(f"{field}: {path!r} has column names but no rows")
    return Table(field=field, path=file, columns=columns, places=_places(file))


def _existing(field: str, file: Path) -> Path:
    if file.is_dir():
        raise UsageError(f"{field}: {str(file)!r} is a directory, not a file")
    if not file.exists():
        beside = sorted(p.name for p in file.parent.iterdir() if p.is_file()) if file.parent.is_dir() else []
        hint = nearest(file.name, beside) if beside else "paths are those of the worker"
        raise UsageError(f"{field}: there is no file {str(file)!r} (in {Path.cwd()})", hint=hint)
    try:
        with file.open("rb") as opened:
            if not opened.read(1):
                raise UsageError(f"{field}: {str(file)!r} is empty")
    except OSError as error:
        raise UsageError(f"{field}: cannot read {str(file)!r}: {error.strerror}") from None
    return file


def _check_names(field: str, file: Path, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name:
            hint = "name it in the first line; an index column is left out by to_csv(index=False)"
            raise UsageError(f"{field}: column {position} of {str(file)!r} has no name", hint=hint)
        if name in seen:
            raise UsageError(f"{field}: {str(file)!r} has two columns named {name!r}")
        seen.add(name)


def _parquet(field: str, file: Path) -> pa.Table:
    try:
        return pq.ParquetFile(file).read()
    except pa.ArrowException as error:
        raise UsageError(f"{field}: {str(file)!r} is not a whole Parquet file: {error}") from None


def _npz(field: str, file: Path) -> pa.Table:
    arrays = _arrays(field, file)
    x, y = arrays["X"], arrays.get("y")
    if x.ndim < 2 or (y is not None and (y.ndim != 1 or len(x) != len(y))):
        shapes = f"X has shape {x.shape}" + (f", y {y.shape}" if y is not None else "")
        raise UsageError(f"{field}: {str(file)!r}: {shapes}; needed are (rows, features…) and (rows,)")
    flat = x.reshape(len(x), -1)
    columns = {f"x{position}": flat[:, position] for position in range(flat.shape[1])}
    if y is not None:
        columns["y"] = y
    try:
        table = pa.table({name: pa.array(column) for name, column in columns.items()})
    except pa.ArrowException as error:
        raise UsageError(f"{field}: {str(file)!r} holds values that are no table: {error}") from None
    return table.replace_schema_metadata({_SHAPE: " ".join(map(str, x.shape[1:]))} if x.ndim > 2 else {})


def _arrays(field: str, file: Path) -> dict[str, np.ndarray]:
    """``X``, and ``y`` where it is there: rows to predict have none."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            if "X" not in arrays.files:
                held = ", ".join(arrays.files) or "nothing"
                raise UsageError(f"{field}: {str(file)!r} holds {held}; needed are the arrays X and y")
            return {name: arrays[name] for name in ("X", "y") if name in arrays.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        if "allow_pickle" in str(error) and zipfile.is_zipfile(file):
            message = f"{field}: {str(file)!r} holds pickled objects, which are never loaded"
            raise UsageError(message, hint="save numbers or text: np.savez(path, X=X, y=y)") from None
        raise UsageError(f"{field}: {str(file)!r} is not an NPZ file: {error}") from None


def _places(file: Path) -> Callable[[Sequence[int]], str]:
    if file.suffix.lower() in (".csv", ".tsv"):
        return lambda rows: listed("line", csv_file.lines(file, rows[:_LISTED]), len(rows))
    return lambda rows: listed("row", [row + 1 for row in rows[:_LISTED]], len(rows))


def listed(noun: str, numbers: Sequence[int], total: int) -> str:
    """ "line 3", "lines 3 and 8", "lines 3, 8, 9 and 40 more"."""
    first = [str(number) for number in numbers]
    if total == 1:
        return f"{noun} {first[0]}"
    if total > len(first):
        return f"{noun}s {', '.join(first)} and {total - len(first)} more"
    return f"{noun}s {', '.join(first[:-1])} and {first[-1]}"


_LISTED = 3
_SHAPE = b"shape"
_READERS: dict[str, Callable[[str, Path], pa.Table]] = {
    ".csv": csv_file.read,
    ".tsv": csv_file.read,
    ".parquet": _parquet,
    ".npz": _npz,
}
