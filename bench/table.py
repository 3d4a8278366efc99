"""The tables that a run prints: its figures, and who spent the processor."""

from collections.abc import Iterable, Mapping, Sequence

from bench.result import Result

HEAD = ("figure", "measured", "lowest – highest", "bar", "met", "to baseline")
SPLITS = {"map": "per function of `map`", "lone": "per lone call", "true": "per `true` command"}


def lines(rows: Mapping[str, Result], baseline: Mapping[str, Result]) -> Iterable[str]:
    """The last column says how many times as good as the committed run, beside the bare machine."""
    yield from columns([HEAD, *(_cells(row, baseline.get(key)) for key, row in without_split(rows).items())])
    who = list(split(rows))
    if who[1:]:
        yield ""
        yield from columns(who)


def without_split(rows: Mapping[str, Result]) -> Mapping[str, Result]:
    """All rows but those about who spent the processor."""
    return {key: row for key, row in rows.items() if not key.startswith("split ")}


def split(rows: Mapping[str, Result]) -> Iterable[Sequence[str]]:
    """Who spent the processor on a task: a line for each part of the fleet, a column for each way that was measured."""
    keys = [key.split(" ", 2) for key in rows if key.startswith("split ")]
    ways = [way for way in SPLITS if any(way == each for _, each, _ in keys)]
    yield "CPU", *(SPLITS[way] for way in ways)
    for part in dict.fromkeys(part for _, _, part in keys):
        found = (rows.get(f"split {way} {part}") for way in ways)
        yield part, *(f"{amount(row.median)} {row.unit}" if row else "" for row in found)


def columns(cells: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows of text, the first one underlined, the first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for number, row in enumerate(cells):
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        yield "  ".join([row[0].ljust(widths[0]), *rest]).rstrip()
        if not number:
            yield "  ".join("─" * width for width in widths)


def amount(value: float) -> str:
    """Four digits are enough: 23,580 · 6.081 · 0.35."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def spread(row: Result) -> str:
    return f"{amount(row.lowest)} – {amount(row.highest)}" if row.rounds > 1 else "once"


def verdict(row: Result) -> str:
    """Empty where there is no bar."""
    return ("yes" if row.met else "NO") if row.bar else ""


def _cells(row: Result, before: Result | None) -> Sequence[str]:
    compared = f"× {row.against(before):.2f}" if before else ""
    return row.says, f"{amount(row.median)} {row.unit}", spread(row), row.bar, verdict(row), compared
