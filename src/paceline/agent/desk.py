"""Where the programs of this worker ask for what they cannot do themselves: ``paceline.train``'s other end.

::

    ▶ {"ask": "keep", "key": "3.17#1", "folder": …, "files": […], "step": 5, "metric": 0.5, "best": "min", "keep": 3}
    ▶ {"ask": "restore", "key": "3.17#1"}
    ▶ {"ask": "publish", "key": "3.17#1", "folder": …, "files": […], "card": {…}}
    ◀ {"going": bytes}                       as often as it got further, once a second at most
    ◀ {"done": {…}}                          or {"refused": [code, message, hint]}

A connection is one question. Who hangs up wants no answer any more. Whether the attempt may do this is for the server
to say: whoever can reach the socket is a process of our own user.
"""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from paceline.agent.files import Files, Going
from paceline.agent.memory import attempt_ids
from paceline.agent.places import Places
from paceline.agent.sweep import remove_tree
from paceline.clock import Clock
from paceline.model.checkpoint import Checkpoint, Retention
from paceline.model.columns import Attempts
from paceline.model.errors import NotFound, PacelineError, UsageError
from paceline.model.file import File
from paceline.model.ids import parse_attempt
from paceline.unix import address

Question: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = Mapping[str, object]

LIMIT = 4 << 20
"""Bytes of one question."""
_EVERY = 1.0  # seconds between two words of how it goes


class Desk:
    """``held``: the attempts that are this worker's; what others left in the checkpoints' directory is removed."""

    def __init__(self, places: Places, files: Files, held: Callable[[], Sequence[Attempts]], clock: Clock) -> None:
        self._places = places
        self._files = files
        self._held = held
        self._clock = clock

    async def run(self) -> None:
        """Answer for as long as the worker runs."""
        self._places.checkpoints.mkdir(mode=0o700, exist_ok=True)
        await asyncio.to_thread(_remove, self._left_behind())
        with address(self._places.desk) as place:
            server = await asyncio.start_unix_server(self._attend, place, limit=LIMIT)
        self._places.desk.chmod(0o600)
        async with server:
            await server.serve_forever()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(**words: object) -> None:
            writer.write(json.dumps(words).encode() + b"\n")

        with contextlib.suppress(ConnectionError, ValueError), contextlib.closing(writer):  # ValueError: too long
            question = await reader.readline()
            answering = asyncio.create_task(self._answer(question, Progress(self._clock, say).note))
            leaving = asyncio.create_task(reader.read())
            try:
                await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if answering.done():
                    say(**answering.result())
                    await writer.drain()
            finally:
                answering.cancel()
                leaving.cancel()

    async def _answer(self, question: bytes, going: Going) -> Answer:
        try:
            asked = json.loads(question)
            do = self._answers[asked["ask"]]
            await asyncio.to_thread(_remove, self._left_behind())
            return {"done": await do(self, asked, going)}
        except PacelineError as error:
            return {"refused": [error.code, error.message, error.hint]}
        except (KeyError, TypeError, ValueError) as error:
            return {"refused": [UsageError.code, f"that is no question: {error!r}", ""]}
        except OSError as error:
            return {"refused": [PacelineError.code, f"{error.filename or 'disk'}: {error.strerror}", ""]}

    async def _keep(self, asked: Question, going: Going) -> Answer:
        made = Checkpoint(
            attempt=parse_attempt(asked["key"]), step=asked["step"], metric=asked["metric"], files=files_of(asked)
        )
        retention = Retention(keep=asked["keep"], best=asked["best"])
        await self._files.keep(made, retention, Path(asked["folder"]), going)
        return {}

    async def _publish(self, asked: Question, going: Going) -> Answer:
        attempt, card = parse_attempt(asked["key"]), json.dumps(asked["card"])
        return {"key": await self._files.publish(attempt, card, files_of(asked), Path(asked["folder"]), going)}

    async def _restore(self, asked: Question, going: Going) -> Answer:
        """The newest that is whole, in a folder of its own; and why those newer than that were passed over."""
        skipped: list[str] = []
        for made in await self._files.find(parse_attempt(asked["key"])):
            folder = Path(tempfile.mkdtemp(prefix=f"{asked['key']}-", dir=self._places.checkpoints))
            try:
                for file in made.files:
                    await self._files.fetch(file, folder, going)
            except NotFound as error:
                skipped.append(f"the checkpoint of step {made.step} by {made.attempt} is passed over: {error.message}")
                remove_tree(str(folder))
            else:
                return {"folder": str(folder), "step": made.step, "metric": made.metric, "skipped": skipped}
        return {"skipped": skipped}

    def _left_behind(self) -> list[Path]:
        """By attempts that are not here any more. First what there is, then whose it may be: others come meanwhile."""
        there = list(self._places.checkpoints.iterdir())
        held = {str(attempt) for held in self._held() for attempt in attempt_ids(held)}
        return [path for path in there if path.name.rpartition("-")[0] not in held]

    _answers: Mapping[str, Callable[["Desk", Question, Going], Awaitable[Answer]]] = {
        "keep": _keep,
        "publish": _publish,
        "restore": _restore,
    }


class Progress:
    """Tells how it goes, but not with every piece."""

    def __init__(self, clock: Clock, say: Callable[..., None]) -> None:
        self._clock = clock
        self._say = say
        self._bytes = 0
        self._next = 0.0

    def note(self, count: int) -> None:
        """So many bytes more."""
        self._bytes += count
        now = self._clock.steady()
        if now >= self._next:
            self._next = now + _EVERY
            self._say(going=self._bytes)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        remove_tree(str(path))


def files_of(asked: Question) -> list[File]:
    return [File(name=each["name"], sha256=each["sha256"], bytes=each["bytes"]) for each in asked["files"]]
