"""What was found, in words and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import click

from paceline.cli.doctor.finding import Finding, State
from paceline.cli.doctor.rounds import Result

_SIGNS = {
    State.OK: ("ok", "green"),
    State.WARNING: ("!!", "yellow"),
    State.PROBLEM: ("XX", "red"),
    State.SKIPPED: ("--", ""),
}
"""They can be told apart without colour."""


def text(results: Sequence[Result]) -> str:
    """Group by group, a line for each finding and one for what to do about it; and how many there are."""
    width = max(len(result.check.name) for result in results)
    lines = [
        line
        for group, found in groupby(results, key=lambda result: result.check.group)
        for line in (click.style(group.capitalize(), bold=True), *_lines([*found], width))
    ]
    return "\n".join([*lines, "", summary(results)])


def _lines(results: Sequence[Result], width: int) -> Iterator[str]:
    """What was not looked at comes last, together for each reason."""
    passed_over: dict[str, list[str]] = {}
    for result in results:
        for finding in result.findings:
            if finding.state is State.SKIPPED:
                passed_over.setdefault(finding.finding, []).append(result.check.name)
            else:
                yield from _told(result.check.name.ljust(width), finding)
    for why, names in passed_over.items():
        yield f"  {_sign(State.SKIPPED)}  {', '.join(dict.fromkeys(names))}: {why}"


def _told(name: str, finding: Finding) -> Iterator[str]:
    yield f"  {_sign(finding.state)}  {name}  {finding.finding}"
    if finding.todo:
        yield f"      {' ' * len(name)}  -> {finding.todo}"


def _sign(state: State) -> str:
    sign, colour = _SIGNS[state]
    return click.style(sign, fg=colour or None)


def summary(results: Sequence[Result]) -> str:
    """``2 problems, 1 warning``."""
    counts = [(count(results, state), state.value) for state in (State.PROBLEM, State.WARNING)]
    told = [f"{number} {word}{'s' if number > 1 else ''}" for number, word in counts if number]
    return ", ".join(told) or "all is well"


def count(results: Sequence[Result], state: State) -> int:
    """Findings of this state."""
    return sum(finding.state is state for result in results for finding in result.findings)


def documents(results: Sequence[Result]) -> list[Mapping[str, object]]:
    """A flat list: {check, group, state, finding, todo, fields}."""
    return [_document(result, finding) for result in results for finding in result.findings]


def _document(result: Result, finding: Finding) -> Mapping[str, object]:
    return {
        "check": result.check.name,
        "group": result.check.group,
        "state": finding.state.value,
        "finding": finding.finding,
        "todo": finding.todo,
        "fields": finding.fields,
    }
