"""The table that a run prints."""

from collections.abc import Iterable, Mapping, Sequence

from bench.result import Result

HEAD = ("figure", "measured", "lowest – highest", "bar", "met", "to baseline")


def lines(rows: Mapping[str, Result], baseline: Mapping[str, Result]) -> Iterable[str]:
    """Text columns; the last one says how many times as good as the committed run, beside the bare machine."""
    cells = [HEAD, *(_cells(row, baseline.get(key)) for key, row in rows.items())]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    for number, row in enumerate(cells):
        yield "  ".join(_aligned(row, widths)).rstrip()
        if not number:
            yield "  ".join("─" * width for width in widths)


def amount(value: float) -> str:
    """Four digits are enough: 23,580 · 6.081 · 0.35."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _cells(row: Result, before: Result | None) -> Sequence[str]:
    return (
        row.says,
        f"{amount(row.median)} {row.unit}",
        f"{amount(row.lowest)} – {amount(row.highest)}" if row.rounds > 1 else "once",
        row.bar,
        ("yes" if row.met else "NO") if row.bar else "",
        f"× {row.against(before):.2f}" if before else "",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    yield row[0].ljust(widths[0])
    yield from (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
