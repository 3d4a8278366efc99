"""What somebody wants to submit, understood from a request's body.

It is read as a job file is (``orders/jobfile``), in a thread if it may be large: what runs meanwhile shall not wait for
it. Nothing on this machine's disk is looked at for a client.
"""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import msgspec
from litestar.params import HeaderParameter, QueryParameter

from paceline.model.bounds import LARGEST
from paceline.model.ids import JobId
from paceline.model.views import Explanation
from paceline.orders import jobfile
from paceline.orders.work import Order
from paceline.server import caller
from paceline.server.fleet import Fleet
from paceline.server.operations import submitting

KEY_LIMIT = 200
"""Characters of an ``Idempotency-Key``."""

SMALL = 4096
"""Bytes of a body that is understood sooner than a thread is woken, unless it names what makes many rows of little."""
_MULTIPLIES = re.compile(rb"grid|random|\\")

Owner = Annotated[str, QueryParameter(description="Whose jobs these are; without, whose token it is.", max_length=128)]
Earlier = Annotated[
    Sequence[Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]],
    QueryParameter(description="Numbers of jobs that must succeed first.", max_items=1000),
]
Key = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        description="Chosen by the client: with the same key the same request is accepted once.",
        max_length=KEY_LIMIT,
    ),
]
MustFit = Annotated[bool, QueryParameter(description="Refuse what no connected worker could ever run.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came: a job file's content as JSON, and what a job file does not say."""

    body: bytes
    owner: str = ""
    after: tuple[int, ...] = ()

    def digest(self) -> str:
        """Of all of it: what a repetition must be equal in."""
        return hashlib.sha256(msgspec.json.encode([self.body, self.owner, self.after])).hexdigest()


class Plan(msgspec.Struct, kw_only=True):
    """What would become of a job: what keeps it from starting now, and what would let it."""

    name: str
    tasks: int
    explanation: Explanation


class Plans(msgspec.Struct, kw_only=True):
    """One for each job, in the order of the file."""

    plans: Sequence[Plan]


async def submit(fleet: Fleet, sent: Sent, token: str, must_fit: bool) -> submitting.Accepted:
    """Accept the jobs, together or not at all. ``token``: the same one with the same content is the same submission."""
    request = _request(sent, await _understood(fleet, sent))
    return await submitting.submit(fleet, replace(request, token=token, digest=sent.digest(), must_fit=must_fit))


async def plan(fleet: Fleet, sent: Sent) -> Plans:
    """What would happen. Nothing is submitted."""
    orders = await _understood(fleet, sent)
    told = submitting.plan(fleet, _request(sent, orders))
    return Plans(plans=[_planned(order, each) for order, each in zip(orders, told, strict=True)])


async def _understood(fleet: Fleet, sent: Sent) -> Sequence[Order]:
    around = jobfile.Afar(now=fleet.clock.now(), owner=sent.owner or caller.by())
    if len(sent.body) <= SMALL and not _MULTIPLIES.search(sent.body):
        return jobfile.parse_json(sent.body, around)
    return await asyncio.to_thread(jobfile.parse_json, sent.body, around)


def _request(sent: Sent, orders: Sequence[Order]) -> submitting.Request:
    after = tuple(JobId(number) for number in sent.after)
    return submitting.Request(
        specs=[replace(order.spec, after=after) for order in orders], payloads=[order.payloads for order in orders]
    )


def _planned(order: Order, told: Explanation) -> Plan:
    tasks = sum(len(range(each.start, each.stop, each.step)) for each in order.spec.ranges)
    return Plan(name=order.spec.name, tasks=tasks, explanation=told)
