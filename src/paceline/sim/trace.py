"""Work from a file: CSV with a heading, or one JSON object per line (``.jsonl``, ``.ndjson``, ``.json``).

==========  =====================================================================  =============
column      what it says                                                           default
==========  =====================================================================  =============
submit      when, from the beginning of the trace: ``90s``, ``1h30m``, ``5400``    0
name        of the job                                                             its line
count       so many like tasks                                                     1
cpus        of each: ``4``, ``0.5``                                                1
memory      of each: ``8GiB``, ``512MB``                                           none
gpus        of each: ``1``, ``A100:40GB:2``                                        none
duration    of each: ``90s``, or a distribution (``duration.py``)                  must be there
priority    higher goes first; a step is worth a day of waiting                    0
limit       at most so many of them at once                                        no limit
==========  =====================================================================  =============

Everything that is wrong is told with its file, line and column.
"""

import csv
import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from paceline.grammar import parse_count, parse_duration, parse_gpu, parse_size
from paceline.model.errors import NotFound, UsageError
from paceline.model.resources import Need
from paceline.sim.duration import parse as parse_distribution
from paceline.sim.work import Batch

COLUMNS = ("submit", "name", "count", "cpus", "memory", "gpus", "duration", "priority", "limit")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
Row = tuple[int, Mapping[str, str]]
"""Its line, and what stands in its columns; empty ones are left out."""


def read_trace(path: Path) -> list[Batch]:
    """All batches, by the time of their submission. Raises UsageError for the first that is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not a text: byte {error.start} is no UTF-8") from None
    except OSError as error:
        raise NotFound(f"--trace {path}: {error.strerror}", hint="give the path of a CSV or JSON-lines file") from None
    rows = _json_rows(path, text) if path.suffix.lower() in JSON_SUFFIXES else _csv_rows(path, text)
    batches = sorted((_batch(path, line, cells) for line, cells in rows), key=lambda batch: batch.at)
    if not batches:
        raise UsageError(f"{path}: holds no work", hint=f"one row per job; columns: {', '.join(COLUMNS)}")
    return batches


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    reader = csv.reader(text.splitlines(), strict=True, skipinitialspace=True)
    heading: Sequence[str] = ()
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not heading:
                heading = [cell.strip().lower() for cell in cells]
                _check_columns(f"{path}:{reader.line_num}", heading)
            elif len(cells) != len(heading):
                raise UsageError(
                    f"{path}:{reader.line_num}: {len(cells)} cells under {len(heading)} columns",
                    hint="a cell that holds a comma is put in double quotes",
                )
            else:
                yield reader.line_num, {n: c.strip() for n, c in zip(heading, cells, strict=True) if c.strip()}
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: {error}") from None


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}:{number}: not JSON: {error}", hint="one object per line") from None
        if not isinstance(row, dict):
            raise UsageError(f"{path}:{number}: {line.strip()[:40]!r} is no object", hint='such as {"duration": "90s"}')
        _check_columns(f"{path}:{number}", list(row))
        yield number, {name: str(value).strip() for name, value in row.items() if value not in (None, "")}


def _check_columns(where: str, names: Sequence[str]) -> None:
    for position, name in enumerate(names):
        if name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"columns: {', '.join(COLUMNS)}"
            raise UsageError(f"{where}: there is no column {name!r}", hint=hint)
        if name in names[:position]:
            raise UsageError(f"{where}: column {name!r} stands there twice")
    if "duration" not in names:
        raise UsageError(f"{where}: duration is missing", hint="such as 90s, or a distribution: exp 90s")


# ── cells ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _batch(path: Path, line: int, cells: Mapping[str, str]) -> Batch:
    origin = f"{path}:{line}"
    return Batch(
        at=parse_duration(cells.get("submit", "0"), f"{origin}: submit"),
        name=cells.get("name", f"line {line}"),
        count=_whole(cells.get("count", "1"), f"{origin}: count", least=1),
        needs=_needs(cells, origin),
        duration=parse_distribution(_present(cells, origin), f"{origin}: duration"),
        priority=_whole(cells.get("priority", "0"), f"{origin}: priority"),
        limit=_whole(cells.get("limit", "0"), f"{origin}: limit", least=0),
        origin=origin,
    )


def _present(cells: Mapping[str, str], origin: str) -> str:
    if "duration" not in cells:
        raise UsageError(f"{origin}: duration: is empty", hint="such as 90s, or a distribution: exp 90s")
    return cells["duration"]


def _needs(cells: Mapping[str, str], origin: str) -> tuple[Need, ...]:
    cpu = parse_count(cells.get("cpus", "1"), f"{origin}: cpus")
    memory = parse_size(cells.get("memory", "0"), f"{origin}: memory")
    if "gpus" not in cells:
        return (Need(cpu=cpu, memory=memory),)
    return tuple(Need(cpu=cpu, memory=memory, gpu=gpu) for gpu in parse_gpu(cells["gpus"], f"{origin}: gpus"))


def _whole(text: str, field: str, *, least: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError:
        raise UsageError(f"{field}: {text!r} is not a whole number", hint="such as 10") from None
    if least is not None and number < least:
        raise UsageError(f"{field}: {number} is less than {least}")
    return number
