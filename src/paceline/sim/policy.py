"""What can be compared on the same work: how the core decides, and how it might."""

from collections.abc import Mapping
from dataclasses import dataclass

from paceline.core.queue import SHARE
from paceline.core.strategy import SPREAD, STRATEGIES, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``share`` and ``by_priority``: who is next in the line (``core/queue.py``); ``strategy``: on which worker."""

    name: str
    about: str
    strategy: Strategy = SPREAD
    share: float = SHARE
    by_priority: bool = True


_ABOUT = {
    "spread": "the least loaded worker first, an even share for each: what the server does",
    "first-fit": "the first worker that has room, until it is full",
    "best-fit": "the worker that has least room left, until it is full",
    "worst-fit": "the worker that has most room left, one after the other",
}

POLICIES: Mapping[str, Policy] = {
    name: Policy(name=name, about=about, strategy=STRATEGIES[name]) for name, about in _ABOUT.items()
} | {
    "fifo": Policy(
        name="fifo",
        about="as spread, but strictly by the time of submission: no priority, no fair share",
        share=0.0,
        by_priority=False,
    )
}
