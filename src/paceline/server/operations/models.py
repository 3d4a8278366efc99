"""Models: publishing what a training made, and looking after what was published.

What is done to the catalogue is a line of the fleet's event log too, kept before the answer is given.
"""

import hashlib
import json
import math
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing

from paceline.catalog import Find, Model, Order
from paceline.model.card import Card, check_files, check_metric, read_card
from paceline.model.errors import NotFound, TryAgain, UsageError
from paceline.model.file import File, check_digest
from paceline.model.ids import AttemptId, TaskId
from paceline.model.naming import Key, Name, check_name, check_tag, day_of
from paceline.model.queries import Jobs
from paceline.model.records import ModelChanged
from paceline.pickled import check_content
from paceline.server import caller
from paceline.server.fleet import Fleet
from paceline.server.operations import looking

CARD_LIMIT = 1 << 20
"""Bytes of a card."""
TAGS_LIMIT = 50


async def publish(
    fleet: Fleet, attempt: AttemptId, worker: str, card: Mapping[str, object], files: Sequence[File]
) -> Model:
    """A model from what an attempt made; its files are among the blobs already.

    Once more is the same model, and a later attempt of the task replaces it. Raises UsageError naming what is wrong
    with the card or a file, Conflict for an attempt that was overtaken, TryAgain where there is no space, or a file did
    not come.
    """
    read, text = read_card(card), _text(card)
    check_files(files)
    fleet.space.demand()
    fleet.loop.hold.demand()
    for file in files:
        await _check_content(fleet, file)
    origin, now = await _origin(fleet, attempt.task), fleet.clock.now()
    model = Model(
        key=_key(read, now, origin),
        name=_name(read, now),
        kind=read.kind,
        task=read.task,
        metrics=read.metrics,
        card=text,
        attempt=str(attempt),
        worker=worker,
        files=tuple(files),
        created_at=now,
    )
    kept = await fleet.catalog.add(model, origin)
    fleet.watch.dropped.set()  # it may have replaced another
    if kept.created_at == now:  # else it was here already
        await _note(fleet, kept, "published")
    return kept


async def _check_content(fleet: Fleet, file: File) -> None:
    try:
        async with aclosing(fleet.blobs.get(file.sha256)) as chunks:
            check_content(file.name, await anext(chunks, b""))
    except NotFound:
        raise TryAgain(f"files: {file.name!r} is not here", hint="send it again") from None


async def find(fleet: Fleet, query: Find) -> Sequence[Model]:
    """A page of models; an empty one says that there are no more."""
    if query.order is not Order.NEWEST:
        check_metric(query.metric)
    return await fleet.catalog.find(query)


async def get(fleet: Fleet, word: str) -> Model:
    """The model of this key or name, or the only one whose key begins so. Raises NotFound naming the nearest one."""
    return await fleet.catalog.get(word)


async def rename(fleet: Fleet, word: str, name: str) -> Model:
    """Raises Conflict if another model is called so, UsageError for what cannot be a name."""
    check_name(name)
    fleet.loop.hold.demand()
    before = await get(fleet, word)
    renamed = await fleet.catalog.rename(before.key, name)
    await _note(fleet, before, "renamed", renamed.name)
    return renamed


async def tag(fleet: Fleet, word: str, add: Collection[str], remove: Collection[str]) -> Model:
    """Raises UsageError for what is no tag, or too many."""
    for each in add:
        check_tag(each)
    fleet.loop.hold.demand()
    model = await get(fleet, word)
    count = len({*model.tags, *add} - {*remove})
    if count > TAGS_LIMIT:
        raise UsageError(f"tag: {model.key} would have {count} tags, at most {TAGS_LIMIT}")
    tagged = await fleet.catalog.tag(model.key, add, remove)
    await _note(fleet, tagged, "tagged", " ".join((*(f"+{each}" for each in add), *(f"-{each}" for each in remove))))
    return tagged


async def remove(fleet: Fleet, word: str) -> Model:
    """Take a model out of the catalogue. Its files go later, unless another model or a checkpoint has them too."""
    fleet.loop.hold.demand()
    model = await fleet.catalog.remove((await get(fleet, word)).key)
    fleet.watch.dropped.set()
    await _note(fleet, model, "removed")
    return model


async def _note(fleet: Fleet, model: Model, change: str, to: str = "") -> None:
    """Who did what to which model, into the event log."""
    now, by = fleet.clock.now(), caller.by()
    await fleet.loop.keep_now(ModelChanged(key=model.key, name=model.name, change=change, to=to, by=by, at=now))


async def download(fleet: Fleet, sha256: str) -> AsyncIterator[bytes]:
    """The bytes of a file. Raises NotFound if they are not here."""
    await demand_here(fleet, sha256)
    async for chunk in fleet.blobs.get(sha256):
        yield chunk


async def demand_here(fleet: Fleet, sha256: str) -> None:
    """Raises NotFound if the bytes of a file are not here."""
    check_digest(sha256)
    if not await fleet.blobs.has(sha256):
        raise NotFound(
            f"the file {sha256} is not on this server",
            hint="the model was published through another one, or its files were removed",
        )


async def _origin(fleet: Fleet, task: TaskId) -> str:
    """What stands for a task for ever: numbers begin anew with a new store, and every fleet counts its own."""
    views = await looking.jobs(fleet, Jobs(ids=(task.job,), limit=1))
    if not views:
        raise NotFound(f"there is no job {task.job}")
    return hashlib.sha256(f"{task} {views[0].submitted_at!r}".encode()).hexdigest()


def _key(card: Card, now: float, origin: str) -> str:
    return str(Key(kind=card.kind, score=card.score, date=day_of(now), end=origin))


def _name(card: Card, now: float) -> str:
    day = day_of(now)
    return str(Name(kind=card.kind, score=card.score, month=day.month, day=day.day))


def _text(card: Mapping[str, object]) -> str:
    """As JSON, which has no infinity and no NaN."""
    try:
        text = json.dumps(_finite(card), ensure_ascii=False, allow_nan=False)
    except TypeError as error:
        raise UsageError(f"card: {error}", hint="plain numbers, texts, lists and mappings") from None
    if len(text.encode()) > CARD_LIMIT:
        raise UsageError(
            f"card: {len(text.encode()):,} bytes, limit {CARD_LIMIT:,}", hint="put the rest into a file of the model"
        )
    return text


def _finite(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
