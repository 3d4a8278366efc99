"""A run in one page of Markdown."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.system.chaos.customers import Town
from tests.system.chaos.drive import Options, Story

SHOWN = 50
"""Violations; how many there are is in the table."""


def page(options: Options, town: Town, story: Story) -> str:
    """Everything that a reader needs to judge the run."""
    return "\n".join([*_totals(options, town, story), "", *_faults(story), "", *_ends(story)])


def _totals(options: Options, town: Town, story: Story) -> Iterator[str]:
    outcomes = Counter(attempt.outcome for attempt in story.attempts)
    yield "| what | how many |"
    yield "|---|---|"
    yield f"| seed, seconds | {options.seed}, {story.seconds:.0f} |"
    yield f"| faults | {story.faults} |"
    yield f"| jobs, tasks acknowledged | {len(town.ledger.promises):,}, {town.ledger.tasks:,} |"
    yield f"| attempts granted | {len(story.attempts):,} |"
    yield f"| attempts begun, by their own witness | {len(town.witness.begun):,} |"
    cancels = town.ledger.cancels
    yield f"| cancels; longest until all was gone | {len(cancels)}; {max(cancels, default=0):.1f} s |"
    yield f"| requests refused, and made again | {sum(town.ledger.refusals.values()):,} |"
    for outcome, count in outcomes.most_common():
        yield f"| attempts {outcome} | {count:,} |"
    yield f"| **violations** | **{len(story.violations)}** |"


def _faults(story: Story) -> Iterator[str]:
    yield "| fault | times | recovery p50 | p99 | max |"
    yield "|---|---|---|---|---|"
    for name, seconds in sorted(story.recoveries.items()):
        low, high, most = quantile(seconds, 0.5), quantile(seconds, 0.99), max(seconds)
        yield f"| {name} | {len(seconds)} | {low:.2f} s | {high:.2f} s | {most:.2f} s |"


def _ends(story: Story) -> Iterator[str]:
    if story.points:
        yield "Died at: " + ", ".join(f"{point} {times}" for point, times in sorted(story.points.items())) + "."
    if story.not_met:
        yield "Drawn, but with nothing to hit: " + ", ".join(f"{k} {n}" for k, n in story.not_met.most_common()) + "."
    yield from (f"Skipped here: {what}." for what in story.skipped)
    yield from (f"VIOLATION: {what}" for what in story.violations[:SHOWN])


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies; of few values, one of them."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
