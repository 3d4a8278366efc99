"""``true`` with captured output, beside a bare ``posix_spawn`` loop that does nothing else, in the same breath."""

import time

from bench import yardsticks
from bench.figure import Figure, Row, Sample, at_least, split_rows
from bench.fleet import Fleet, ordinary
from bench.processes import PARTS, Meter

PROGRAMS = 2_000


def play(fleet: Fleet) -> Sample:
    bare = yardsticks.spawn(PROGRAMS // 2)
    with Meter(fleet.home) as spent:
        began = time.perf_counter()
        fleet.run(PROGRAMS)
        rate = PROGRAMS / (time.perf_counter() - began)
    bare = (bare + yardsticks.spawn(PROGRAMS // 2)) / 2
    split = spent.split(PROGRAMS)
    return {
        "true": rate,
        "true share": 100 * rate / bare,
        "true cpu": sum(split.values()),
        **{f"split true {part}": value for part, value in split.items()},
    }


FIGURE = Figure(
    name="commands",
    setting=ordinary,
    play=play,
    rows=(
        Row(key="true", says=f"`true` commands, array of {PROGRAMS:,}, output captured", unit="/s", yardstick="spawn"),
        Row(key="true share", says="of a bare posix_spawn loop", unit="%", bars=at_least(60), yardstick="none"),
        Row(key="true cpu", says="CPU per command, all processes", unit="µs", yardstick="spawn"),
        *split_rows("true", PARTS, "spawn"),
    ),
)
