"""Paceline: ``map``, or with ``submit`` one call at a time as the others are used."""

import sys
from functools import partial

import paceline
from bench.fleet import ordinary
from bench.peers.trial import noop, report


def mapped(executor: paceline.Executor, count: int) -> None:
    assert len(list(executor.map(noop, range(count)))) == count


def submitted(executor: paceline.Executor, count: int) -> None:
    for future in [executor.submit(noop, value) for value in range(count)]:
        future.result()


def main(way: str) -> None:
    with ordinary() as fleet, paceline.Executor(fleet.options) as executor:
        report(
            functions=partial(submitted if way == "submit" else mapped, executor),
            one=lambda: executor.submit(noop, 1).result(),
            commands=None if way == "submit" else fleet.run,
        )


if __name__ == "__main__":
    main(sys.argv[1])
