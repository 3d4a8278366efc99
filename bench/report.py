"""Put the committed figures into docs/performance.md.

    python -m bench.report

A table stands there between ``<!-- table: NAME -->`` and ``<!-- end -->``; what stands in between is made anew from
bench/results/baseline.json, peers.json and rest.json, the rest of the page is left alone.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.peers.outcome import FILE as PEERS
from bench.peers.outcome import load as load_peers
from bench.peers.table import HEAD as PEERS_HEAD
from bench.peers.table import bars, cells, notes
from bench.rest.rows import FILE as REST
from bench.result import BASELINE, Result, load
from bench.table import amount, split, spread, verdict, without_split

HEAD = ("figure", "measured", "lowest – highest", "bar", "met")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    PAGE.write_text(filled(PAGE.read_text(), tables()))


def filled(page: str, made: Mapping[str, str]) -> str:
    """The page with these tables. Raises KeyError for one that nobody makes."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{made[found[2]]}\n\n{found[3]}", page)


def tables() -> Mapping[str, str]:
    """All that can stand in the page, by name."""
    run = load(BASELINE)
    machine, outcomes = load_peers(PEERS)
    beside = load(REST)
    known = {outcome.peer.name: outcome for outcome in outcomes}
    return {
        "machine": said(run.machine),
        "figures": markdown([HEAD, *main_rows(run.rows)]),
        "split": markdown(list(split(run.rows))),
        "beside": said(machine),
        "peers": markdown([PEERS_HEAD, *(cells(outcome, known) for outcome in outcomes)]),
        "notes": "\n".join(f"- {line}" for line in notes(outcomes)),
        "rest": f"{said(beside.machine)}\n\n{markdown([HEAD, *main_rows(beside.rows)])}",
        "bars": markdown([("bar", "wanted", "measured", "met"), *bars(known)]),
    }


def main_rows(rows: Mapping[str, Result]) -> Iterable[Sequence[str]]:
    """The figures, as cells."""
    for row in without_split(rows).values():
        yield row.says, f"{amount(row.median)} {row.unit}", spread(row), row.bar, verdict(row)


def said(machine: Mapping[str, str]) -> str:
    """One line about where it was measured."""
    return f"{machine['processors']}, {machine['system']}, Python {machine['python']}." if machine else "Not measured."


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table, its first row the head; columns of numbers stand to the right."""
    line = ["---", *["--:"] * (len(rows[0]) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (rows[0], line, *rows[1:]))


if __name__ == "__main__":
    main()
