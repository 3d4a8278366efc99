"""``paceline.Client``: everything the server offers, for asyncio.

::

    async with Client() as client:
        submission = await client.submit([spec])
        async for update in client.watch(submission.jobs):
            ...
        print(await client.call(pow, 2, 5))
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ParamSpec, TypeVar, Unpack, cast

from paceline.model.errors import Conflict
from paceline.model.job import JobSpec, Range
from paceline.model.views import Explanation, TokenView
from paceline.sdk.models import Models
from paceline.sdk.parcel import ROOM, check_sizes, cut, divide
from paceline.sdk.queries import Queries
from paceline.sdk.replies import Submission, Token
from paceline.sdk.tracing import submission
from paceline.wire.convert import from_wire, to_wire
from paceline.wire.gen import fleet_pb2 as fleet

if TYPE_CHECKING:
    from paceline.sdk.blocking import Bridge
    from paceline.sdk.calls import Calls
    from paceline.sdk.handles import Future
    from paceline.sdk.options import TaskOptions

P = ParamSpec("P")
T = TypeVar("T")


class Client(Queries, Models):
    """All methods raise ``PacelineError``s: ``Unreachable``, ``NotAllowed``, ``UsageError``, ``NotFound`` …"""

    async def submit(
        self,
        specs: Sequence[JobSpec],
        *,
        payloads: Sequence[Sequence[bytes]] = (),
        token: str = "",
        must_fit: bool = False,
        room: int = ROOM,
    ) -> Submission:
        """Jobs, accepted together or not at all.

        ``payloads``: per job, one per index; empty where tasks take none. ``token``: the same one again is the same
        submission. ``must_fit``: raise NeverFits if no worker there is could run them.

        Payloads of more than ``room`` bytes in all do not travel in one message: the largest lists follow the
        submission, and their tasks may begin meanwhile. Should this process die before all have, the jobs exist with
        the tasks that came so far; the server closes them ten minutes later, and those are then all they have. Until
        then the same submission with the same token completes them (it must carry the same payloads: of those that
        follow only the number is compared); after that it raises Conflict.
        """
        with submission(specs) as traced:
            parcel = divide(traced, payloads, room)
            request = _submit_request(parcel.specs, parcel.payloads)
            request.token, request.must_fit = token, must_fit
            if parcel.later:
                return await self._submit_and_fill(request, parcel.later)
            reply = await self._ask("Submit", request, fleet.SubmitReply)
            return from_wire(reply, Submission)

    async def plan(
        self, specs: Sequence[JobSpec], *, payloads: Sequence[Sequence[bytes]] = ()
    ) -> Sequence[Explanation]:
        """What would keep each job's tasks from running if it were submitted now."""
        parcel = divide(specs, payloads, ROOM)
        reply = await self._ask("Plan", _submit_request(parcel.specs, parcel.payloads), fleet.PlanReply)
        return [from_wire(each, Explanation) for each in reply.jobs]

    async def append(self, job: int, first: int, payloads: Sequence[bytes]) -> None:
        """Further tasks of an open job, from index ``first`` on, however many. May be repeated."""
        check_sizes(f"job {job}", payloads)
        for part in cut(payloads):
            await self.session.append(job, first, part)
            first += len(part)

    async def close_job(self, job: int) -> None:
        """No more tasks will be appended."""
        await self.session.close_job(job)

    async def cancel(self, job: int, ranges: Sequence[Range] = (), reason: str = "") -> int:
        """Cancel these tasks, or the whole job; says how many were not over yet."""
        wanted = [to_wire(each, fleet.Range) for each in ranges]
        reply = await self._ask("Cancel", fleet.CancelRequest(job=job, ranges=wanted, reason=reason), fleet.CancelReply)
        return int(reply.tasks)

    async def drain(self, worker: int, *, resume: bool = False, now: bool = False) -> None:
        """Let a worker finish what it runs and give it nothing new.

        ``now``: it does not finish, what it runs goes on elsewhere. ``resume``: give it work again.
        """
        await self._ask("Drain", fleet.DrainRequest(worker=worker, resume=resume, now=now), fleet.DrainReply)

    async def create_token(self, role: str, name: str = "", ttl: float | None = None) -> Token:
        """A new credential of role "admin", "read" or "join" (good for one worker), valid for ``ttl`` seconds.

        0: for ever, as those of the roles "admin" and "read" are anyway; one to join is good for ten minutes.
        """
        reply = await self._ask(
            "CreateToken", fleet.CreateTokenRequest(role=role, name=name, ttl=ttl), fleet.CreateTokenReply
        )
        return from_wire(reply, Token)

    async def tokens(self) -> Sequence[TokenView]:
        """Every credential that is good, the oldest first."""
        reply = await self._ask("Tokens", fleet.TokensRequest(), fleet.TokensReply)
        return [from_wire(each, TokenView) for each in reply.tokens]

    async def revoke_token(self, id: str) -> TokenView:  # noqa: A002 - the word that everybody knows it by
        """Make the credential whose id begins so good for nothing, and end what is open with it: what it was."""
        return from_wire(await self._ask("RevokeToken", fleet.RevokeTokenRequest(id=id), fleet.TokenView), TokenView)

    async def _submit_and_fill(self, request: fleet.SubmitRequest, later: Mapping[int, Sequence[bytes]]) -> Submission:
        """Submit on the session, whose jobs the server keeps open for as long as it lasts; then add what follows."""
        request.token = request.token or os.urandom(16).hex()
        await self.info()  # where nobody is, it is told at once; a session waits for the server to come back
        begun = await self.session.submit(request)
        request.must_fit = False
        # Once more, for the warnings: a session tells none.
        reply = await self._ask("Submit", request, fleet.SubmitReply)
        for position, payloads in later.items():
            await self._fill(begun.jobs[position], payloads, again=begun.again)
        return replace(from_wire(reply, Submission), again=begun.again)

    async def _fill(self, job: int, payloads: Sequence[bytes], *, again: bool) -> None:
        """Add these tasks, from the first one on, and close. What an earlier submission already did stays."""
        if again:
            [view] = await self.jobs([job])
            if not view.open and view.total == len(payloads):
                return
            if not view.open:
                raise Conflict(
                    f"job {job} was closed with {view.total:,} of its {len(payloads):,} tasks: "
                    "the submission that began it broke off",
                    hint="submit it anew under another token",
                )
        await self.append(job, 0, payloads)
        await self.close_job(job)

    # ── functions ────────────────────────────────────────────────────────────────────────────────────────────────

    async def call(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """``function(*args, **kwargs)``, run on the fleet. Cancelling this cancels the task."""
        future = self._calls.submit(function, args, kwargs)
        return cast(T, await _outcome(future))

    async def map(self, function: Callable[..., T], *iterables: Iterable[object]) -> AsyncGenerator[T]:
        """Results in order. All calls are submitted at once; leaving early cancels what has not started."""
        futures = self._calls.map(function, zip(*iterables, strict=False))
        futures.reverse()
        try:
            while futures:
                yield cast(T, await _outcome(futures.pop()))
        finally:
            for future in futures:
                future.cancel()

    def calls(self, bridge: Bridge, **options: Unpack[TaskOptions]) -> Calls:
        """Function calls through this client, for a face of its own such as ``Executor``."""
        from paceline.sdk.calls import Calls  # noqa: PLC0415 - cloudpickle and more, for those who call functions
        from paceline.sdk.openjob import Desk  # noqa: PLC0415 - with it

        desk = Desk(session=self.session, bridge=bridge, reader=self)
        return Calls(desk, self.options.owner, **options)

    @cached_property
    def _calls(self) -> Calls:
        from paceline.sdk.blocking import Bridge  # noqa: PLC0415 - as above

        return self.calls(Bridge(asyncio.get_running_loop()))

    async def close(self) -> None:
        """Hang up. Work that was accepted goes on; jobs that ``call`` and ``map`` opened are closed."""
        if "_calls" in vars(self):
            self._calls.close()
            await self._calls.accepted()
        await super().close()


def _submit_request(specs: Sequence[JobSpec], payloads: Sequence[Sequence[bytes]]) -> fleet.SubmitRequest:
    return fleet.SubmitRequest(
        specs=[to_wire(spec, fleet.JobSpec) for spec in specs],
        payloads=[fleet.Payloads(items=items) for items in payloads],
    )


async def _outcome(future: Future[object]) -> object:
    if future.done():
        return future.result()
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        if not future.done():
            future.kill("its caller gave up")
        raise
