"""``paceline doctor``: what is wrong here, and what to do about it."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from paceline.cli.face import Face, asks
from paceline.clock import SystemClock
from paceline.model.errors import UsageError

if TYPE_CHECKING:
    from paceline.cli.doctor.rounds import Check


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="This check, or this group of them, and no others.")
@asks
def doctor(face: Face, /, *, only: tuple[str, ...]) -> int:
    """Look at all that is usually wrong, and say what to do about it. Nothing is changed.

    The exit code is 1 if there is a problem; warnings are none.
    """
    # What is checked is what the other commands need not load.
    from paceline.cli.doctor import report  # noqa: PLC0415
    from paceline.cli.doctor.finding import State  # noqa: PLC0415
    from paceline.cli.doctor.rounds import examine  # noqa: PLC0415
    from paceline.cli.doctor.surroundings import surroundings  # noqa: PLC0415
    from paceline.cli.doctor.table import CHECKS  # noqa: PLC0415

    found = asyncio.run(examine(surroundings(face.server, SystemClock()), chosen(CHECKS, only)))
    face.show(
        lambda: {"checks": report.documents(found)},
        ids=(each.check.name for each in found if report.count([each], State.PROBLEM)),
        text=lambda: report.text(found),
    )
    return 1 if report.count(found, State.PROBLEM) else 0


def chosen(checks: Sequence[Check], only: Sequence[str]) -> Sequence[Check]:
    """Those of these names and groups; all if none is named. Raises UsageError naming the nearest there is."""
    known = {each.name for each in checks} | {each.group for each in checks}
    for name in only:
        if name not in known:
            near = difflib.get_close_matches(name, sorted(known), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(each.name for each in checks)}"
            raise UsageError(f"--only: there is no check {name!r}", hint=hint)
    return [each for each in checks if not only or each.name in only or each.group in only]
