"""Bugs on the worker: in the agent's machine, its spool and outbox, and in the supervisor's ledger and lease."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from paceline.agent import advance, from_server, from_supervisor, lease
from paceline.agent.devices import Booking, Books
from paceline.agent.ends import Ends
from paceline.agent.hand import Batch
from paceline.agent.journal import Journal
from paceline.agent.memory import Memory, keys
from paceline.agent.outbox import Outbox
from paceline.agent.picture import Picture
from paceline.executor import Began, Holds
from paceline.executors.end import End
from paceline.model.columns import Attempts
from paceline.model.decision import Stop
from paceline.model.resources import Need
from paceline.model.task import Outcome
from paceline.supervisor import ledger
from paceline.supervisor.lease import Lease
from paceline.supervisor.ledger import Ledger
from tests.simulation.mutants.mutant import Mutant, always, instead, nothing, refuted

Original = Callable[..., Any]


# ── the spool ───────────────────────────────────────────────────────────────────────────────────────────────────────


def speaks_first(original: Original) -> Original:
    """What is to be kept is written down with what comes next: ack before spool."""

    def write(journal: Journal) -> None:
        latest, journal._unwritten = journal._unwritten, getattr(journal, "_late", [])
        original(journal)
        journal._late = latest  # type: ignore[attr-defined]

    return write


def settles_unwritten(original: Original) -> Original:
    """The supervisor may forget ends although they could not be written."""

    def release(outbox: Outbox) -> tuple[Sequence[Any], Sequence[Any]]:
        down, up = original(outbox)
        owed, outbox._owed = outbox._owed, []
        return [*down, *owed], up

    return release


def forgets(what: str) -> Callable[[object], Original]:
    """Of what a dead agent wrote down, this is not read."""

    def make(original: Any) -> Original:
        def note(memory: Memory, record: Any) -> None:
            if type(record).__name__ != what:
                original(memory, record)

        return note

    return make


# ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def tells_before_output(original: Original) -> Original:
    """An end does not wait for its output."""

    def add(ends: Ends, closed: Any, named: Sequence[str]) -> Sequence[Any]:
        original(ends, closed, named)
        return [closed.endings]

    return add


def any_supervisor(original: Original) -> Original:
    """One supervisor is as good as another: what it does not have never got there."""

    def holds(picture: Picture, event: Holds, now: float) -> None:
        picture.pid = event.pid
        original(picture, event, now)

    return holds


def waits_for_ever(original: Original) -> Original:
    """What the supervisor should have and has not is still on its way."""

    def missing(picture: Picture, now: float) -> None:
        picture.missing_until = float("inf")

    return missing


def cancels_before(picture: Picture, event: Stop) -> None:
    """Cancelled is said before the processes are gone."""
    named = set(keys(event.attempts))
    running = [key for key in named if key in picture.running.by_key]
    gone = [item.attempt for item in picture.running.end(running, 0.0)]
    picture.close_alike([*picture.hand.remove(picture.hand.keys & named), *gone], Outcome.CANCELLED, event.reason)


def forgets_the_hand(original: Original) -> Original:
    """Only what runs is cancelled."""

    def stop(picture: Picture, event: Stop) -> None:
        running = [i for i, key in enumerate(keys(event.attempts)) if key not in picture.hand.keys]
        attempts = Attempts(
            job=event.attempts.job,
            indexes=[event.attempts.indexes[i] for i in running],
            numbers=[event.attempts.numbers[i] for i in running] if event.attempts.numbers else (),
        )
        original(picture, Stop(attempts=attempts, reason=event.reason))

    return stop


def tells_no_beginnings(original: Original) -> Original:
    """Ends are told again, but not where their output lies."""

    def retold(ends: Sequence[End]) -> Iterator[Any]:
        return (word for word in original(ends) if not isinstance(word, Began))

    return retold


# ── leases ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def void_hand_stays(picture: Picture) -> None:
    """What is in the hand when the lease is over stays there."""
    picture.void = True


# ── the hand ────────────────────────────────────────────────────────────────────────────────────────────────────────


def overbooks(original: Original) -> Original:
    """Processors are not counted."""

    def book(books: Books, need: Need) -> Booking | None:
        booking: Booking | None = original(books, replace(need, cpu=0))
        if booking is None:
            return None
        books.cpu -= need.cpu
        return replace(booking, cpu=need.cpu)

    return book


def confuses_payloads(original: Original) -> Original:
    """Every attempt of a batch gets the first one's arguments."""

    def part(batch: Batch, which: slice) -> Batch:
        taken: Batch = original(batch, which)
        taken.payloads = [batch.payloads[0]] * len(taken.payloads)
        return taken

    return part


MUTANTS = (
    Mutant(name="ack before spool", owner=Journal, attribute="write", make=speaks_first),
    Mutant(name="ack although the spool is full", owner=Outbox, attribute="release", make=settles_unwritten),
    Mutant(name="ends are not read from the spool", owner=Memory, attribute="note", make=forgets("Closed")),
    Mutant(name="what ran is not read from the spool", owner=Memory, attribute="note", make=forgets("Taken")),
    Mutant(name="an end is told before its output", owner=Ends, attribute="add", make=tells_before_output),
    Mutant(name="ends are not told again", owner=Ends, attribute="tellable", make=always(())),
    Mutant(name="settled ends are kept", owner=Ends, attribute="remove", make=nothing),
    Mutant(name="any supervisor will do", owner=from_supervisor, attribute="on_holds", make=any_supervisor),
    Mutant(name="what never arrived is waited for", owner=from_supervisor, attribute="on_missing", make=waits_for_ever),
    Mutant(name="unbegun attempts are forgotten", owner=from_supervisor, attribute="on_unbegun", make=nothing),
    Mutant(
        name="cancelled is said while it runs", owner=from_server, attribute="on_stop", make=instead(cancels_before)
    ),
    Mutant(name="a cancel forgets the hand", owner=from_server, attribute="on_stop", make=forgets_the_hand),
    Mutant(name="the supervisor is told of no lease", owner=from_server, attribute="say_lease", make=nothing),
    Mutant(name="the supervisor has no lease", owner=Lease, attribute="renew", make=nothing),
    Mutant(name="the worker's lease is the longer one", owner=lease, attribute="SHARE", make=instead(1.3)),
    Mutant(name="a void hand is begun", owner=advance, attribute="_lose_lease", make=instead(void_hand_stays)),
    Mutant(name="a hand is not given back by a drain", owner=Picture, attribute="give_back", make=nothing),
    Mutant(name="the agent's books leak", owner=Books, attribute="release", make=nothing),
    Mutant(name="the agent books what is not free", owner=Books, attribute="book", make=overbooks),
    Mutant(name="arguments are confused", owner=Batch, attribute="_part", make=confuses_payloads),
    Mutant(name="a repeated grant is taken", owner=from_server, attribute="_known", make=refuted),
    Mutant(name="the supervisor tells a new agent no ends", owner=Ledger, attribute="say_again", make=nothing),
    Mutant(name="beginnings are not told again", owner=ledger, attribute="_retold", make=tells_no_beginnings),
)
