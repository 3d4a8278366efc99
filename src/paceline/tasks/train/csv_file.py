"""CSV files, by Arrow's reader; its complaints are turned into line numbers by reading the file once more, slowly.

The first line names the columns. The separator of a ``.tsv`` is the tab; else it is the comma (tab, semicolon or bar
where the first line has no comma).
Empty cells and the usual words for nothing (``NA``, ``NaN``, ``null`` …) are missing values.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from paceline.model.errors import UsageError


def read(field: str, file: Path) -> pa.Table:
    """Arrow columns. Raises UsageError with the line that is malformed."""
    try:
        separator = _separator(file)
        table = pacsv.read_csv(
            file,
            parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(strings_can_be_null=True),
        )
    except pa.ArrowException as error:
        raise UsageError(f"{field}: {str(file)!r}{_fault(file) or f' is not a CSV file: {error}'}") from None
    _check_text(field, file, table)
    if all(_is_number(name) for name in table.column_names):
        hint = "the first line must name the columns"
        raise UsageError(f"{field}: the first line of {str(file)!r} holds numbers, not names", hint=hint)
    return table


def lines(file: Path, rows: Sequence[int]) -> list[int]:
    """The lines (from 1) where these rows (from 0, ascending) begin."""
    wanted = set(rows)
    found = (line for row, (line, _) in enumerate(itertools.islice(_records(file), 1, None)) if row in wanted)
    return list(itertools.islice(found, len(rows)))


def _separator(file: Path) -> str:
    if file.suffix.lower() == ".tsv":
        return "\t"
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        first = text.readline()
    return "," if "," in first else max("\t;|,", key=first.count)


def _check_text(field: str, file: Path, table: pa.Table) -> None:
    # What is not UTF-8 Arrow leaves as bytes.
    for column, name in zip(table.columns, table.schema.names, strict=True):
        if pa.types.is_binary(column.type):
            row = next(row for row, cell in enumerate(column) if not _is_text(cell.as_py() or b""))
            place = f"{str(file)!r}, line {lines(file, [row])[0]}, column {name!r}"
            raise UsageError(f"{field}: {place}: not UTF-8 text", hint="convert it: iconv -t UTF-8")


def _is_text(cell: bytes) -> bool:
    try:
        cell.decode()
    except UnicodeDecodeError:
        return False
    return True


def _fault(file: Path) -> str:
    """The first thing that is wrong with the file, to be read after its name; or empty."""
    try:
        records = _records(file)
        _, header = next(records, (0, []))
        if not header:
            return " has no first line with column names"
        for line, cells in records:
            if len(cells) != len(header):
                return f", line {line}: {len(cells)} values where the first line names {len(header)}"
    except csv.Error as error:
        return f" is not a CSV file: {error}"
    return ""


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """(line where it begins, cells) of every record; blank lines are none, as for Arrow."""
    separator = _separator(file)
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        line = 1
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
