"""An account of settings: what each is, why, and what was said of it in vain. ``paceline config`` prints it.

A setting that several processes read may be another for each, since an alias counts only in those that it is for. What
is the same for several is told once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paceline.config.setting import Alias, Setting
from paceline.config.settings import FOREIGN, TABLE
from paceline.config.sources import DEFAULT, Candidate, Settings
from paceline.grammar.address import has_port
from paceline.model.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a setting is, for those who read it so. ``trouble``: why it cannot be that."""

    key: str
    value: str  # of a secret only that it is set; without a default, what holds, in words
    source: str
    read_by: tuple[str, ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One place where something is said of a setting, and what came of it."""

    source: str
    value: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A variable of an older system that is set. ``read_by``: by whom; ``note``: what is to be known of it."""

    name: str
    systems: str
    key: str  # of the setting; empty: it stands for none
    read_by: tuple[str, ...]
    note: str


def rows(worlds: Sequence[Settings]) -> Iterator[Row]:
    """Every setting, as the processes of these worlds see it."""
    for setting in TABLE:
        seen: dict[tuple[str, str, str], list[str]] = {}
        for world in _readers(setting, worlds):
            seen.setdefault(_picture(setting, world), []).append(world.process)
        for (value, source, trouble), readers in seen.items():
            yield Row(key=setting.key, value=value, source=source, read_by=tuple(readers), trouble=trouble)


def verdicts(setting: Setting[object], worlds: Sequence[Settings]) -> Mapping[tuple[str, ...], Sequence[Verdict]]:
    """By processes that see it alike: every place that says something of it, the winner first."""
    seen: dict[tuple[Verdict, ...], list[str]] = {}
    for world in _readers(setting, worlds):
        seen.setdefault(tuple(_judged(setting, world)), []).append(world.process)
    return {tuple(processes): judged for judged, processes in seen.items()}


def heard(environment: Mapping[str, str]) -> Iterator[Heard]:
    """Variables of older systems that are set."""
    for setting in TABLE:
        for alias in setting.aliases:
            yield from _heard(alias, setting.key, environment)
    for alias in FOREIGN:
        yield from _heard(alias, "", environment)


def _readers(setting: Setting[object], worlds: Sequence[Settings]) -> Iterator[Settings]:
    return (world for world in worlds if world.process in setting.readers)


def _picture(setting: Setting[object], world: Settings) -> tuple[str, str, str]:
    try:
        winner = world.winner(setting)
        if winner is None:
            return setting.otherwise, DEFAULT, ""
        trouble = _trouble(setting, world)
        return winner.text(setting), winner.source, trouble
    except UsageError as error:  # of a name that is put together from two
        return "", "", error.message


def _trouble(setting: Setting[object], world: Settings) -> str:
    try:
        world.of(setting)
    except UsageError as error:
        return f"{error.message}; {error.hint}" if error.hint else error.message
    return ""


def _judged(setting: Setting[object], world: Settings) -> Iterator[Verdict]:
    winner, *others = [*world.candidates(setting)] or [_unsaid(setting)]
    trouble = _trouble(setting, world)
    yield Verdict(
        source=winner.source, value=winner.text(setting), verdict=f"wins, but {trouble}" if trouble else "wins"
    )
    for each in others:
        yield Verdict(source=each.source, value=each.text(setting), verdict=f"comes after {winner.source}")
    for alias in setting.aliases:
        yield from _not_read(setting, alias, world)


def _unsaid(setting: Setting[object]) -> Candidate:
    return Candidate(rank=DEFAULT, source=DEFAULT, raw=setting.otherwise, field=setting.key)


def _not_read(setting: Setting[object], alias: Alias, world: Settings) -> Iterator[Verdict]:
    """What an alias says in vain, and what became of its port."""
    value = world.environment.get(alias.name, "")
    port = world.environment.get(alias.port, "") if alias.port else ""
    if world.process not in alias.readers:
        for name, said in ((alias.name, value), (alias.port, port)):
            if said:
                shown = "(set)" if setting.secret else said
                yield Verdict(source=name, value=shown, verdict=f"is not read: {alias.why(world.process)}")
    elif port:
        yield Verdict(source=alias.port, value=port, verdict=_use_of_port(alias, value))


def _use_of_port(alias: Alias, address: str) -> str:
    if not address:
        return f"is not used: {alias.name}, which it belongs to, is not set"
    return f"is not used: {alias.name} says one" if has_port(address) else f"is the port of {alias.name}"


def _heard(alias: Alias, key: str, environment: Mapping[str, str]) -> Iterator[Heard]:
    for name in filter(None, (alias.name, alias.port)):
        if environment.get(name):
            note = alias.note if name == alias.name else f"is read with {alias.name}"
            yield Heard(name=name, systems=alias.systems, key=key, read_by=alias.readers, note=note)
