"""``paceline model``: the catalogue of models."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paceline.catalog import Find, Model, Order
from paceline.cli.commands.compare import compare
from paceline.cli.commands.predict import predict
from paceline.cli.complete import model_argument, models_argument
from paceline.cli.face import Face, asks
from paceline.cli.forms import form, forms
from paceline.cli.lazy import NounGroup
from paceline.cli.session import ask
from paceline.cli.since import moment_since
from paceline.cli.table import pairs, table
from paceline.cli.transfer import transfer
from paceline.cli.words import about, age, short
from paceline.clock import SystemClock
from paceline.grammar import format_moment
from paceline.model.errors import UsageError

if TYPE_CHECKING:
    from paceline.sdk.client import Client

EMPTY = "no models; train one with: paceline run --kind train …"


@click.group(cls=NounGroup)
def model() -> None:
    """List, show, get, compare, tag, rename and remove models; predict with one.

    MODEL is a key, the beginning of one, a name, `last` for the newest, or `best` for the best of those that were
    trained for the same target as the newest.
    """


@model.command()
@click.option("--kind", default="", help="Of this kind only: random_forest, xgboost …")
@click.option("--task", default="", help="For this only: classification, regression …")
@click.option("--tag", default="", help="With this tag only.")
@click.option("--text", default="", help="Where this occurs in the name, or in what the trainer said.")
@click.option("--since", default="", metavar="TIME", help="Not older than this: 7d, 2026-01-31, 2026-01-31T18:00:00Z.")
@click.option("--by", default="", metavar="METRIC", help="The best first, by a metric such as val_accuracy.")
@click.option("--min", "way", flag_value="lowest", default="", help="Less of it is better.")
@click.option("--max", "way", flag_value="highest", help="More of it is better.")
@click.option("--limit", type=click.IntRange(1), default=100, metavar="N", help="At most so many; default 100.")
@asks
def ls(face: Face, /, *, since: str, by: str, way: str, limit: int, **of: str) -> None:
    """List models, the newest first."""
    if way and not by:
        raise UsageError("--min and --max say which way --by goes", hint="add --by METRIC")
    now = SystemClock().now()
    at = moment_since(since, now)
    query = Find(kind=of["kind"], task=of["task"], tag=of["tag"], text=of["text"], since=at)
    order = Order(way) if way else None
    found = ask(face, lambda client: client.find_models(query, by=by, order=order, limit=limit))
    face.show(
        lambda: {"models": forms(found)},
        ids=(each.key for each in found),
        text=lambda: _listed(found, by, now),
    )


@model.command()
@models_argument()
@asks
def show(face: Face, words: tuple[str, ...]) -> None:
    """Show all there is to know about models."""
    found = ask(face, lambda client: client.several_models(words))
    face.show(
        lambda: {"models": forms(found)},
        ids=(each.key for each in found),
        text=lambda: "\n\n".join(_shown(each) for each in found),
    )


@model.command()
@model_argument()
@click.argument("folder", metavar="[DIR]", default="", type=click.Path(file_okay=False))
@click.option("--force", is_flag=True, help="Overwrite files of the same names that have another content.")
@asks
def get(face: Face, word: str, folder: str, *, force: bool) -> None:
    """Download a model's files into DIR, by default one that is called as its key, and check every one of them.

    Files that are there already with the right content stay as they are.
    """

    async def getting(client: Client) -> tuple[Model, Path]:
        from paceline.sdk.fetch import fetch  # noqa: PLC0415 - for those who get models

        found = await client.model(word)
        into = Path(folder or found.key)
        with transfer(face, found.name, found.bytes) as told:
            return found, await fetch(client, found, into, told=told, replace=force)

    found, into = ask(face, getting)
    face.show(
        lambda: {"model": form(found), "directory": str(into.absolute())},
        ids=[into],
        text=lambda: f"{found.name}: {_count(len(found.files), 'file')}, {about(found.bytes)}, checked, in {into}",
    )


@model.command()
@model_argument()
@click.argument("name")
@asks
def rename(face: Face, word: str, name: str) -> None:
    """Give a model another name. Its key stays."""
    found = ask(face, lambda client: _renamed(client, word, name))
    face.show(lambda: {"model": form(found)}, ids=[found.key], text=lambda: f"{found.key} is now called {found.name}")


@model.command()
@model_argument()
@click.argument("tags", metavar="[TAG]...", nargs=-1)
@click.option("--remove", multiple=True, metavar="TAG", help="Take this one off.")
@asks
def tag(face: Face, word: str, tags: tuple[str, ...], *, remove: tuple[str, ...]) -> None:
    """Put tags on a model, and take others off."""
    if not tags and not remove:
        raise UsageError("tag: which?", hint=f"paceline model tag {word} prod")
    found = ask(face, lambda client: _tagged(client, word, tags, remove))
    face.show(
        lambda: {"model": form(found)},
        ids=[found.key],
        text=lambda: f"{found.key}: {' '.join(found.tags) or 'no tags'}",
    )


@model.command()
@models_argument()
@click.option("-y", "--yes", is_flag=True, help="Do not ask, even at a terminal.")
@asks
def rm(face: Face, words: tuple[str, ...], *, yes: bool) -> None:
    """Remove models and their files. At a terminal it asks first."""

    async def removing(client: Client) -> Sequence[Model]:
        doomed = await client.several_models(words)  # all are found before the first one goes
        if not yes and face.person and sys.stdin.isatty():
            for each in doomed:
                face.remark(f"{each.key}  {each.name}  {about(each.bytes)}  {' '.join(each.tags)}".rstrip())
            click.confirm(f"Remove {_count(len(doomed), 'model')}?", abort=True, err=True)
        return [await client.remove_model(each.key) for each in doomed]

    gone = ask(face, removing)
    face.show(
        lambda: {"removed": forms(gone)},
        ids=(each.key for each in gone),
        text=lambda: "\n".join(f"removed {each.key} ({each.name})" for each in gone),
    )


model.add_command(compare)
model.add_command(predict)


async def _renamed(client: Client, word: str, name: str) -> Model:
    return await client.rename_model((await client.model(word)).key, name)


async def _tagged(client: Client, word: str, add: Sequence[str], remove: Sequence[str]) -> Model:
    return await client.tag_model((await client.model(word)).key, add, remove)


# ── text ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _listed(models: Sequence[Model], by: str, now: float) -> str:
    heading = ("KEY", "NAME", *([by.upper()] if by else []), "SIZE", "MADE BY", "AGE", "TAGS")
    return table(heading, [_row(each, by, now) for each in models], empty=EMPTY)


def _row(model: Model, by: str, now: float) -> Sequence[str]:
    return (
        model.key,
        model.name,
        *([short(model.metrics[by])] if by else []),
        about(model.bytes),
        model.attempt,
        age(now - model.created_at),
        " ".join(model.tags),
    )


def _shown(model: Model) -> str:
    said, data = model.said, model.data
    return pairs(
        [
            ("model", model.key),
            ("name", model.name),
            ("kind", model.kind),
            ("task", model.task),
            ("target", str(said.get("target") or "")),
            ("classes", _some(said.get("classes"))),
            ("features", _some(said.get("features"))),
            *_lines("metrics", model.metrics.items()),
            *_lines("params", model.params.items()),
            ("data", _data(data)),
            ("versions", ", ".join(f"{name} {version}" for name, version in (said.get("versions") or {}).items())),
            ("code", str((said.get("code") or {}).get("sha256", ""))[:16]),
            ("made by", f"attempt {model.attempt} on {model.worker}"),
            ("created", format_moment(model.created_at)),
            ("tags", " ".join(model.tags)),
            ("size", about(model.bytes)),
            *(
                ("files" if index == 0 else " ", f"{file.name}  {about(file.bytes)}  sha256 {file.sha256}")
                for index, file in enumerate(model.files)
            ),
        ]
    )


def _lines(heading: str, values: Iterable[tuple[str, object]]) -> Iterator[tuple[str, str]]:
    """``name value`` each on a line, the heading before the first."""
    for index, (name, value) in enumerate(values):
        yield heading if index == 0 else " ", f"{name} {short(value)}"


def _data(data: object) -> str:
    if not isinstance(data, dict) or not data:
        return ""
    columns = data.get("columns") or {}
    parts = (
        f"{data['rows']:,} rows" if isinstance(data.get("rows"), int) else "",
        f"{len(columns)} columns" if columns else "",
        f"sha256 {str(data['sha256'])[:16]}" if data.get("sha256") else "",
    )
    return ", ".join(filter(None, parts))


def _some(values: object) -> str:
    """The first few, and how many there are."""
    if not isinstance(values, list) or not values:
        return ""
    first = ", ".join(map(str, values[:8]))
    return f"{first} … ({len(values)})" if len(values) > 8 else first


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"
