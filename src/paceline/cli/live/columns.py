"""From standings to a table: which columns there is something to say in, and which of those there is room for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from paceline.cli.live.board import Standing
from paceline.cli.words import age
from paceline.model.text import visible

GAP = 2
BAR, LONGEST_BAR = 8, 24
"""Characters of a progress bar, at least and at most; without room for it, percent alone are shown."""
STEPS = ("epoch", "rounds", "round", "trees")
"""Names under which a training counts its steps."""
SCORES = ("accuracy", "r2")
OTHERS = 3
"""Columns for values of other names."""
TEXT = 16
"""Characters of a text or a name."""
QUIET = ("simulated", "progress", "eta", "cpu_percent", "rss_bytes", "gpu_memory_bytes", "samples_per_second")
"""Values that are shown in another way, or not at all."""

Cell = Callable[[Standing], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """``rank``: of the columns that do not fit, the highest goes first; 0 stays."""

    heading: str
    cell: Cell
    rank: int = 0
    left: bool = False


def grid(standings: Sequence[Standing], width: int) -> list[str]:
    """A heading and a line for each, of the columns in which there is something and for which there is room."""
    columns = [each for each in _columns(standings) if any(map(each.cell, standings))]
    while len(columns) > 1 and _width(columns, standings) > width:
        columns.remove(max(columns, key=lambda each: each.rank))
    room = width - _width(columns, standings) - 1
    if room >= BAR:
        columns = [each if each.heading != "DONE" else _with_bar(min(room, LONGEST_BAR)) for each in columns]
    rows = [[each.heading for each in columns], *([each.cell(row) for each in columns] for row in standings)]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    places = [f"<{width}" if column.left else f">{width}" for column, width in zip(columns, widths, strict=True)]
    lines = (map(format, row, places) for row in rows)
    return [(" " * GAP).join(line).rstrip() for line in lines]


def bar(part: float, width: int) -> str:
    """``━━━━╌╌╌╌``."""
    done = round(min(max(part, 0), 1) * width)
    return "━" * done + "╌" * (width - done)


def told(standing: Standing) -> str:
    """A standing in a line: ``epoch 3  loss 0.52  val_loss 0.61  1,204 samples/s  45%  eta 12s``."""
    values = standing.values
    counted = [f"{name} {figure(values[name])}" for name in STEPS if name in values] or [f"step {standing.step}"]
    others = [f"{name} {figure(values[name])}" for name in _others(values)]
    speed = [f"{figure(values['samples_per_second'])} samples/s"] if "samples_per_second" in values else []
    eta = _eta(standing)
    ahead = [each for each in (percent(standing), eta and f"eta {eta}") if each]
    return visible("  ".join([*counted, *measured(values), *others, *speed, *ahead]))


def measured(values: Mapping[str, object]) -> list[str]:
    """How well it goes, ``loss 0.52`` and so on; of a score the one on other data than it learns from."""
    scores = [next((name for name in (f"val_{score}", score) if name in values), "") for score in SCORES]
    names = [name for name in ("loss", "val_loss", *scores) if name in values]
    return [f"{name} {figure(values[name])}" for name in names]


def achieved(values: Mapping[str, object]) -> list[str]:
    """The same of what is over; where nothing of the kind was measured, some of what else was said."""
    return measured(values) or [f"{name} {figure(values[name])}" for name in _others(values)[:OTHERS]]


def figure(value: object) -> str:
    """Four digits, or all before the point; texts short, and without what would move the cursor."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return clipped(str(value))
    return f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.4g}"


def clipped(text: str) -> str:
    """A text of anybody's, fit for a cell."""
    plain = visible(text[: TEXT + 1])
    return plain if len(plain) <= TEXT else f"{plain[: TEXT - 1]}…"


def percent(standing: Standing) -> str:
    """``45%``; empty where it is not said."""
    part = standing.values.get("progress")
    return f"{min(max(part, 0), 1):.0%}" if isinstance(part, int | float) else ""


def _columns(standings: Sequence[Standing]) -> list[Column]:
    counted = sorted({name for each in standings for name in STEPS if name in each.values})
    others = list(dict.fromkeys(name for each in standings for name in _others(each.values)))[:OTHERS]
    retried = any(each.attempt > 1 for each in standings)
    return [
        Column(heading="TASK", cell=str, left=True),
        Column(heading="NAME", cell=lambda each: clipped(each.name), rank=7, left=True),
        Column(heading="TRY", cell=lambda each: str(each.attempt) if retried else ""),
        Column(heading=counted[0].upper() if len(counted) == 1 else "STEP", cell=_step, rank=2),
        Column(heading="LOSS", cell=_value("loss"), rank=1),
        Column(heading="VAL_LOSS", cell=_value("val_loss"), rank=1),
        *(Column(heading=name.upper(), cell=_value(f"val_{name}", name), rank=1) for name in SCORES),
        *(Column(heading=clipped(name).upper(), cell=_value(name), rank=8 + n) for n, name in enumerate(others)),
        Column(heading="SAMPLES/S", cell=_value("samples_per_second"), rank=5),
        Column(heading="DONE", cell=percent, rank=3),
        Column(heading="ETA", cell=_eta, rank=4),
    ]


def _with_bar(width: int) -> Column:
    def cell(standing: Standing) -> str:
        part = standing.values.get("progress")
        return f"{percent(standing):>4} {bar(part, width)}" if isinstance(part, int | float) else ""

    return Column(heading="DONE", cell=cell, left=True)


def _value(*names: str) -> Cell:
    """The first of them that is there."""
    return lambda each: next((figure(each.values[name]) for name in names if name in each.values), "")


def _step(standing: Standing) -> str:
    named = next((standing.values[name] for name in STEPS if name in standing.values), standing.step)
    return figure(named)


def _eta(standing: Standing) -> str:
    seconds = standing.values.get("eta")
    return age(seconds) if isinstance(seconds, int | float) else ""


def _others(values: Mapping[str, object]) -> list[str]:
    """Values of the user's own, where they are single numbers or texts."""
    known = {*STEPS, *SCORES, *(f"val_{name}" for name in SCORES), "loss", "val_loss", *QUIET}
    return [name for name, value in values.items() if name not in known and isinstance(value, int | float | str)]


def _width(columns: Sequence[Column], standings: Sequence[Standing]) -> int:
    widths = [max(len(each.heading), *(len(each.cell(row)) for row in standings)) for each in columns]
    return sum(widths) + GAP * (len(columns) - 1)
