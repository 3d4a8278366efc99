"""The tables that a run beside others prints: what each system did, and which bars Paceline meets by that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.peers.outcome import Outcome, ratio
from bench.table import amount, columns

HEAD = ("system", "functions/s", "map ×", "submit ×", "p50 ms", "p99 ms", "p50 ×", "`true`/s", "×", "durable")
MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How many times as good as another system Paceline has to be."""

    ours: str
    theirs: str
    key: str
    times: float
    says: str


BARS = (
    Bar(ours="map", theirs="ray", key="functions", times=20, says="`map` beside Ray, functions/s"),
    Bar(ours="map", theirs="celery", key="functions", times=50, says="`map` beside Celery, functions/s"),
    Bar(ours="submit", theirs="ray", key="functions", times=5, says="single submits beside Ray, functions/s"),
    Bar(ours="submit", theirs="ray", key="p50", times=1, says="p50 beside Ray"),
    Bar(ours="map", theirs="hyperqueue", key="commands", times=3, says="`true` commands/s beside HyperQueue"),
)


def lines(outcomes: Sequence[Outcome]) -> Iterable[str]:
    """Medians, and how many times as good as each system Paceline is."""
    known = {outcome.peer.name: outcome for outcome in outcomes}
    yield from columns([HEAD, *(cells(outcome, known) for outcome in outcomes)])
    yield from notes(outcomes)
    yield ""
    yield from columns([("bar", "wanted", "measured", "met"), *bars(known)])


def notes(outcomes: Iterable[Outcome]) -> Iterable[str]:
    """What has to be known to read the row of a system; or why it has none."""
    for outcome in outcomes:
        if outcome.missing:
            yield f"{outcome.peer.says}: missing, because {outcome.missing}"
        elif outcome.peer.note:
            yield f"{outcome.peer.says}: {outcome.peer.note}."


def cells(outcome: Outcome, known: Mapping[str, Outcome]) -> Sequence[str]:
    """One row of the first table."""
    if outcome.missing:
        return (outcome.peer.says, MISSING, *[""] * (len(HEAD) - 3), outcome.peer.durable)
    theirs = outcome.peer.environment != ""
    mapped, submitted = known["map"], known["submit"]
    return (
        outcome.peer.says,
        _value(outcome, "functions"),
        _times(mapped, outcome, "functions") if theirs else "",
        _times(submitted, outcome, "functions") if theirs else "",
        _value(outcome, "p50"),
        _value(outcome, "p99"),
        _times(submitted, outcome, "p50") if theirs else "",
        _value(outcome, "commands"),
        _times(mapped, outcome, "commands") if theirs else "",
        outcome.peer.durable,
    )


def bars(known: Mapping[str, Outcome]) -> Iterable[Sequence[str]]:
    """One row for each bar whose systems were measured."""
    for bar in BARS:
        times = ratio(known[bar.ours], known[bar.theirs], bar.key) if bar.theirs in known else 0.0
        if times:
            yield bar.says, f"≥ {bar.times:g} ×", f"{times:.3g} ×", "yes" if times >= bar.times else "NO"


def _value(outcome: Outcome, key: str) -> str:
    return amount(outcome.median(key)) if key in outcome.rounds else "–"


def _times(ours: Outcome, theirs: Outcome, key: str) -> str:
    times = ratio(ours, theirs, key)
    return f"{times:.3g}" if times else ""
