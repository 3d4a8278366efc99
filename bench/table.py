"""The table that a run prints."""

from collections.abc import Iterable, Mapping, Sequence

from bench.result import Result

HEAD = ("figure", "measured", "lowest – highest", "bar", "met", "to baseline")


def lines(rows: Mapping[str, Result], baseline: Mapping[str, Result]) -> Iterable[str]:
    """The last column says how many times as good as the committed run, beside the bare machine."""
    return columns([HEAD, *(_cells(row, baseline.get(key)) for key, row in rows.items())])


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
