"""``paceline config``: what the settings are, and why."""

import difflib
from collections.abc import Iterator, Mapping, Sequence

import click

from paceline.cli.face import Face, speaks
from paceline.cli.forms import form, forms
from paceline.cli.lazy import NounGroup
from paceline.cli.table import pairs, table
from paceline.config.account import Heard, Row, Verdict, heard, rows, verdicts
from paceline.config.setting import ALL, Alias, Setting
from paceline.config.settings import FOREIGN, TABLE
from paceline.config.sources import Settings, misspelt, settings
from paceline.model.errors import NotFound, UsageError


@click.group(cls=NounGroup)
def config() -> None:
    """Show settings, and say where each value comes from."""


@config.command()
@speaks
def show(face: Face) -> None:
    """List every setting with its value, where that comes from, and who reads it."""
    worlds = [settings(process) for process in ALL]
    found, names = list(rows(worlds)), list(heard(worlds[0].environment))
    face.show(
        lambda: {
            "settings": forms(found),
            "aliases": forms(names),
            "misspelt": dict(misspelt(worlds[0].environment)),
            "files": _files(worlds[0]),
        },
        ids=dict.fromkeys(each.key for each in found),
        text=lambda: "\n".join(_shown(found, names, worlds[0])),
    )


@config.command(context_settings={"ignore_unknown_options": True})  # a flag is a name, too
@click.argument("name", metavar="KEY")
@speaks
def explain(face: Face, name: str) -> None:
    """Say where a setting's value comes from, and what was said of it in vain.

    It may be called by its key, its variable, a flag, or the variable of an older system.
    """
    foreign = next((each for each in FOREIGN if each.name == name), None)
    if foreign is not None:
        face.show(lambda: {"alias": form(foreign)}, ids=[foreign.name], text=lambda: _stranger(foreign))
        return
    setting = _named(name)
    judged = verdicts(setting, [settings(process) for process in ALL])
    face.show(
        lambda: {"setting": _described(setting), "verdicts": [_form(*each) for each in judged.items()]},
        ids=[setting.key],
        text=lambda: "\n".join(_explained(setting, judged)),
    )


def _named(name: str) -> Setting[object]:
    found = [each for each in TABLE if name in each.names]
    if len(found) > 1:
        hint = f"name one of them: {', '.join(each.key for each in found)}"
        raise UsageError(f"{name} is a flag of several settings", hint=hint)
    if found:
        return found[0]
    known = [each for setting in TABLE for each in setting.names] + [each.name for each in FOREIGN]
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else "`paceline config show` lists all there are"
    raise NotFound(f"there is no setting {name!r}", hint=hint)


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _files(world: Settings) -> Sequence[Mapping[str, str]]:
    return [{"path": str(each.path), "kind": each.whose, "passed_over": each.passed_over} for each in world.files]


def _described(setting: Setting[object]) -> Mapping[str, object]:
    return {
        "key": setting.key,
        "help": setting.help,
        "type": setting.kind.name,
        "like": setting.kind.like,
        "default": setting.default or setting.otherwise,
        "variable": setting.variable,
        "flags": setting.flags,
        "aliases": forms(setting.aliases),
        "read_by": setting.readers,
        "secret": setting.secret,
    }


def _form(processes: Sequence[str], judged: Sequence[Verdict]) -> Mapping[str, object]:
    return {"read_by": processes, "places": forms(judged)}


# ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _shown(found: Sequence[Row], names: Sequence[Heard], world: Settings) -> Iterator[str]:
    heading = ("KEY", "VALUE", "FROM", "READ BY")
    yield table(heading, [_row(each) for each in found], empty="")
    yield from (f"{each.key}: {each.trouble}" for each in found if each.trouble)
    for name, near in misspelt(world.environment):
        yield f"{name} is set, and nothing reads it: did you mean {near}?"
    if world.files:
        yield ""
    for file in world.files:
        yield f"{file.whose}: {file.path}" + (f", passed over: {file.passed_over}" if file.passed_over else "")
    if names:
        yield "\nnames of older systems that are set here:"
        yield table(("NAME", "SETTING", "READ BY", ""), [_alias(each) for each in names], empty="")


def _row(row: Row) -> Sequence[str]:
    return (row.key, row.value, row.source, ", ".join(row.read_by))


def _alias(each: Heard) -> Sequence[str]:
    return (each.name, each.key, ", ".join(each.read_by) or "nobody", each.note)


def _stranger(alias: Alias) -> str:
    return pairs([("name", alias.name), ("of", alias.systems), ("not read", alias.note)])


def _explained(setting: Setting[object], judged: Mapping[tuple[str, ...], Sequence[Verdict]]) -> Iterator[str]:
    yield f"{setting.key}: {setting.help}"
    yield pairs(
        [
            ("type", f"{setting.kind.name}: {setting.kind.like}"),
            ("default", setting.default or setting.otherwise),
            ("flags", ", ".join(setting.flags)),
            ("variable", setting.variable),
            ("files", f"{setting.key}, in {'the user’s' if setting.personal else 'the project’s or the user’s'}"),
            ("read by", ", ".join(setting.readers)),
            *(("alias", _aliased(alias)) for alias in setting.aliases),
        ]
    )
    for processes, places in judged.items():
        yield f"\n{', '.join(processes)}:"
        yield table(("FROM", "VALUE", ""), [(each.source, each.value, each.verdict) for each in places], empty="")


def _aliased(alias: Alias) -> str:
    """``WORKER_ID (TensorFleet), read by: worker; …``"""
    return f"{alias.name} ({alias.systems}), read by: {', '.join(alias.readers)}" + (
        f"; {alias.note}" if alias.note else ""
    )
