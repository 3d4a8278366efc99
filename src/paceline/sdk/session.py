"""The bidirectional stream of one client: submit, append, follow, cancel; hear of ends.

Every word is numbered, and kept until the server's answer with that number has come. The stream may break at any
moment; on the next one the session follows again whatever it followed and repeats every unanswered word. That is safe
because each word is idempotent: a submission by its token, an append by its first index, the rest by nature. Ends may
therefore be told twice, and whoever follows drops the second.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from paceline.clock import Clock
from paceline.model.columns import Endings
from paceline.model.errors import (
    Conflict,
    NeverFits,
    NotAllowed,
    PacelineError,
    TryAgain,
    Unreachable,
    UsageError,
    VersionMismatch,
)
from paceline.model.job import Range
from paceline.wire.convert import endings_from_wire, to_wire
from paceline.wire.gen import fleet_pb2 as fleet
from paceline.wire.outgoing import Outgoing
from paceline.wire.protocol import named
from paceline.wire.stream import Stream

PATIENCE = 60.0
"""Seconds without a server until a session gives up."""

NOT_NOW = 0.5
"""Seconds until a word is said again that the server could not take for now; a full disk may be the reason."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0  # seconds between two tries to connect
_FINAL = (NotAllowed, VersionMismatch, UsageError, Conflict, NeverFits)  # trying again would not help


class Follower(Protocol):
    """Whoever wants to hear of a job's tasks. Called in the event loop; must not block."""

    def started(self, indexes: Sequence[int]) -> None: ...

    def ended(self, endings: Endings) -> None:
        """Final ends, possibly again."""

    def over(self, state: str) -> None:
        """The job is over; nothing follows."""

    def lost(self, error: PacelineError) -> None:
        """The session gave up; nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A word, and who waits for its answer."""

    word: fleet.ClientWord
    answer: asyncio.Future[fleet.Answered]
    since: float  # by the session's clock

    @property
    def alone(self) -> bool:
        """It may be said again later: an append may not, for others behind it count on it."""
        return not self.word.HasField("append")


class Session:
    """One per client. Connects with the first word; all methods belong to its event loop.

    An answer's future raises what the server answered, or Unreachable once ``patience`` seconds passed in vain.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Stream[fleet.ToClient]]],
        *,
        address: str,
        clock: Clock,
        patience: float = PATIENCE,
    ) -> None:
        self._connect = connect
        self._address = address
        self._clock = clock
        self._patience = patience
        self._calls = 0
        self._unanswered: dict[int, Unanswered] = {}  # in order of their numbers
        self._followers: dict[int, Follower] = {}
        self._outgoing: Outgoing[fleet.ClientWord] = Outgoing()
        self._runner: asyncio.Task[None] | None = None
        self._heard = False  # anything on the present stream
        self._spread = random.Random()  # so that many clients do not come back in step

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, request: fleet.SubmitRequest) -> asyncio.Future[fleet.Answered]:
        """``request.token`` must be set: the word may be said twice."""
        call = self._next_call()
        return self._say(call, fleet.ClientWord(submit=fleet.SubmitCall(call=call, request=request)))

    def append(self, job: int, first: int, payloads: Sequence[bytes]) -> asyncio.Future[fleet.Answered]:
        """Tasks ``first …`` of an open job. Keep the payloads of one call below a megabyte or so."""
        call = self._next_call()
        return self._say(
            call, fleet.ClientWord(append=fleet.Append(call=call, job=job, first=first, payloads=payloads))
        )

    def close_job(self, job: int) -> asyncio.Future[fleet.Answered]:
        call = self._next_call()
        return self._say(call, fleet.ClientWord(close=fleet.CloseJob(call=call, job=job)))

    def cancel(self, job: int, ranges: Sequence[Range] = (), reason: str = "") -> asyncio.Future[fleet.Answered]:
        """Empty ranges: the whole job."""
        call = self._next_call()
        request = fleet.CancelRequest(job=job, ranges=[to_wire(each, fleet.Range) for each in ranges], reason=reason)
        return self._say(call, fleet.ClientWord(cancel=fleet.CancelCall(call=call, request=request)))

    def follow(self, job: int, follower: Follower) -> asyncio.Future[fleet.Answered]:
        """Tell the follower every start and end of the job's tasks from now on, and all ends so far."""
        self._followers[job] = follower
        return self._say_follow(job)

    async def close(self) -> None:
        """Hang up. What is unanswered stays so."""
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        self._give_up(Unreachable(f"the connection to {self._address} was closed"))

    def _next_call(self) -> int:
        self._calls += 1
        return self._calls

    def _say_follow(self, job: int) -> asyncio.Future[fleet.Answered]:
        call = self._next_call()
        answer = self._say(call, fleet.ClientWord(follow=fleet.Follow(call=call, job=job)))
        answer.add_done_callback(lambda done: self._followed(job, done))
        return answer

    def _say(self, call: int, word: fleet.ClientWord) -> asyncio.Future[fleet.Answered]:
        answer = asyncio.get_running_loop().create_future()
        self._unanswered[call] = Unanswered(word=word, answer=answer, since=self._clock.steady())
        self._outgoing.put(word, word.ByteSize())
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return answer

    # ── the stream, and the next one ─────────────────────────────────────────────────────────────────────────────

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        alone_since = self._clock.steady()
        while True:
            began = self._clock.steady()
            error = await self._converse()
            now = self._clock.steady()
            if self._heard or now - began > self._patience:
                alone_since, pause = now, _FIRST_PAUSE
            if isinstance(error, _FINAL) or now - alone_since >= self._patience:
                self._give_up(error)
                return
            await asyncio.sleep(pause * self._spread.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _converse(self) -> PacelineError:
        """One stream from its first word to its end; says why it ended."""
        self._heard = False
        self._resume()
        try:
            await self._hear(await self._connect())
        except PacelineError as error:
            return error
        return Unreachable(f"the server at {self._address} hung up")

    async def _hear(self, stream: Stream[fleet.ToClient]) -> None:
        writer = asyncio.create_task(self._write(stream))
        try:
            async for message in stream:
                self._heard = True
                for word in message.words:
                    self._take(word)
        finally:
            writer.cancel()
            stream.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    async def _write(self, stream: Stream[fleet.ToClient]) -> None:
        async for words in self._outgoing.batches():
            await stream.write(fleet.FromClient(words=words))

    def _resume(self) -> None:
        pending = {each.word.follow.job for each in self._unanswered.values() if each.word.HasField("follow")}
        for job in self._followers.keys() - pending:
            self._say_follow(job)
        self._outgoing = Outgoing()
        for each in self._unanswered.values():
            self._outgoing.put(each.word, each.word.ByteSize())

    def _give_up(self, error: PacelineError) -> None:
        unanswered, self._unanswered = self._unanswered, {}
        followers, self._followers = self._followers, {}
        for each in unanswered.values():
            if not each.answer.done():
                each.answer.set_exception(error)
                each.answer.exception()  # seen: whoever does not wait for it does not care
        for follower in followers.values():
            follower.lost(error)

    # ── what the server says ─────────────────────────────────────────────────────────────────────────────────────

    def _take(self, word: fleet.FleetWord) -> None:
        match word.WhichOneof("word"):
            case "ended":
                if follower := self._followers.get(word.ended.job):
                    follower.ended(endings_from_wire(word.ended))
            case "started":
                if follower := self._followers.get(word.started.job):
                    follower.started(word.started.indexes)
            case "answered":
                self._answered(word.answered)
            case "over":
                if follower := self._followers.pop(word.over.job, None):
                    follower.over(word.over.state)
            case _:  # a newer server's word
                pass

    def _followed(self, job: int, answer: asyncio.Future[fleet.Answered]) -> None:
        error = None if answer.cancelled() else answer.exception()
        if isinstance(error, PacelineError) and (follower := self._followers.pop(job, None)):
            follower.lost(error)

    def _answered(self, answered: fleet.Answered) -> None:
        waiting = self._unanswered.get(answered.call)
        if waiting is None:
            return
        problem = answered.problem
        if problem.code == TryAgain.code and waiting.alone and self._clock.steady() - waiting.since < self._patience:
            asyncio.get_running_loop().call_later(NOT_NOW, self._repeat, answered.call)
            return
        del self._unanswered[answered.call]
        if waiting.answer.done():
            return
        if answered.HasField("problem"):
            waiting.answer.set_exception(named(problem.code, problem.message, problem.hint))
            waiting.answer.exception()
        else:
            waiting.answer.set_result(answered)

    def _repeat(self, call: int) -> None:
        """Say it once more, if it still waits for an answer."""
        if waiting := self._unanswered.get(call):
            self._outgoing.put(waiting.word, waiting.word.ByteSize())
