"""Where the values of settings come from.

Order, best first::

    flag > PACELINE_… > alias > project file > user file > default

An alias counts only in the processes that it is for. Two names of one rank stand in no order: they must say the same.
``Settings`` is a picture of all of that as it was at one moment,
for one process; it touches nothing itself. ``settings()`` makes it of this process's own world.
"""

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from paceline.config.files import PROJECT, USER, SettingsFile, anchored, files
from paceline.config.setting import Alias, Setting
from paceline.config.settings import FOREIGN, TABLE
from paceline.grammar.address import format_address, has_port, parse_address, parse_port
from paceline.model.errors import UsageError

T = TypeVar("T")
_NEAR = 0.85
"""How alike two names are, of which one is probably the other, misspelt."""

FLAG, ENVIRONMENT, ALIAS, DEFAULT = "flag", "environment", "alias", "default"
RANKS = (FLAG, ENVIRONMENT, ALIAS, PROJECT, USER, DEFAULT)
"""Sorts of places, the one that decides first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One place that says what a setting is. ``source``: its name there; ``rank``: what sort of place it is."""

    rank: str
    source: str
    raw: object
    field: str  # how an error about it begins

    def text(self, setting: Setting[object]) -> str:
        """The value for people; of a secret only that there is one."""
        return "(set)" if setting.secret else ", ".join(setting.kind.words(self.raw))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Of one process. ``flags``: by the setting's key, what was said on its command line."""

    process: str
    flags: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Sequence[SettingsFile] = ()

    def of(self, setting: Setting[T]) -> T:
        """The value. Raises UsageError that names where it stands, quotes it and says how it is written."""
        for candidate in self.candidates(setting):
            value = _parsed(setting, candidate)
            if candidate.rank == ALIAS:
                self._demand_one_voice(setting, candidate, value)
            return value
        return setting.kind.nothing

    def candidates(self, setting: Setting[object]) -> Iterator[Candidate]:
        """Every place that says something of it, the winner first."""
        yield from (each for each in self._places(setting) if each.raw not in ("", (), []))

    def winner(self, setting: Setting[object]) -> Candidate | None:
        """The place that decides; None: nobody says anything, and there is no default."""
        return next(self.candidates(setting), None)

    def said(self, setting: Setting[object]) -> bool:
        """Whether anybody says what it is, or it is left to its default."""
        winner = self.winner(setting)
        return winner is not None and winner.rank != DEFAULT

    def from_project(self, setting: Setting[object]) -> bool:
        """Whether it is the project's file that decides: others may have written that."""
        winner = self.winner(setting)
        return winner is not None and winner.rank == PROJECT

    def seconded(self, setting: Setting[object]) -> bool:
        """Whether somebody besides the one who decides says the same."""
        winner, *others = (_parsed(setting, each) for each in self.candidates(setting) if each.rank != DEFAULT)
        return winner in others

    def unread(self) -> Iterator[tuple[str, str]]:
        """Variables that were meant for this process, as it seems, and say nothing to it; and why."""
        for name, near in misspelt(self.environment):
            yield name, f"did you mean {near}?"
        for alias in (*FOREIGN, *(alias for setting in TABLE for alias in setting.aliases)):
            if self.environment.get(alias.name) and self.process in alias.deaf:
                yield alias.name, alias.note

    def _demand_one_voice(self, setting: Setting[T], winner: Candidate, value: T) -> None:
        for other in self._aliases(setting):
            if other.raw and _parsed(setting, other) != value:
                said = f"{winner.text(setting)!r} and {other.text(setting)!r}"
                what = f"{winner.source} and {other.source} say different things: {said}"
                raise UsageError(what, hint=f"unset one of them, or set {setting.variable}")

    def _places(self, setting: Setting[object]) -> Iterator[Candidate]:
        key, variable, environment = setting.key, setting.variable, self.environment
        if setting.flags:
            yield Candidate(rank=FLAG, source=setting.flags[0], raw=self.flags.get(key, ""), field=setting.flags[0])
        yield Candidate(rank=ENVIRONMENT, source=variable, raw=environment.get(variable, ""), field=variable)
        yield from self._aliases(setting)
        for file in self.files:
            if key in file.values:
                where = file.where(key)
                raw = anchored(setting, file.values[key], file)
                yield Candidate(rank=file.whose, source=where, raw=raw, field=f"{key} ({where})")
        yield Candidate(rank=DEFAULT, source=DEFAULT, raw=setting.default, field=key)

    def _aliases(self, setting: Setting[object]) -> Iterator[Candidate]:
        for alias in setting.aliases:
            if self.process in alias.readers:
                spoken = _spoken(alias, self.environment)
                yield Candidate(rank=ALIAS, source=alias.name, raw=spoken, field=alias.name)


def misspelt(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables that look like ours and are nobody's, each with the one that was probably meant."""
    known = [each.variable for each in TABLE]
    for name in sorted(environment.keys() - set(known)):
        if name.startswith("PACELINE_") and (near := difflib.get_close_matches(name, known, 1, _NEAR)):
            yield name, near[0]


def settings(process: str, flags: Mapping[str, object] | None = None) -> Settings:
    """Of this process's own world. Raises UsageError for a file that says what is unknown."""
    return Settings(process=process, flags=flags or {}, environment=dict(os.environ), files=found_files())


def found_files() -> Sequence[SettingsFile]:
    """The project's and the user's, as far as there are any."""
    config_home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return tuple(files(_here(), Path(config_home)))


def _here() -> Path:
    """The current directory, as long as there is one: somebody may have removed it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def _parsed(setting: Setting[T], candidate: Candidate) -> T:
    raw, typed = candidate.raw, setting.kind.typed
    if isinstance(raw, bool) and bool not in typed or not isinstance(raw, (*typed, tuple)):
        shown = "a secret" if setting.secret else repr(raw)
        hint = f"a {setting.kind.name}, such as {setting.kind.like}"
        raise UsageError(f"{candidate.field}: {shown} is not a {setting.kind.name}", hint=hint)
    return setting.parse(raw, candidate.field)


def _spoken(alias: Alias, environment: Mapping[str, str]) -> str:
    """What an alias says; a host alone together with its port, where that is in a variable of its own."""
    value = environment.get(alias.name, "").strip()
    port = environment.get(alias.port, "").strip() if alias.port else ""
    if not value or not port or has_port(value):
        return value
    return format_address(parse_address(value, alias.name)[0], parse_port(port, alias.port))
