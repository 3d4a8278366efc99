"""What can be compared on the same work: how the core decides, and how it might."""

from collections.abc import Mapping
from dataclasses import dataclass

from paceline.core.queue import SHARE
from paceline.core.strategy import SPREAD, STRATEGIES, Strategy


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``strategy``: on which worker; ``share`` and ``by_priority``: who is next in the line (``core/queue.py``)."""

    name: str
    strategy: Strategy = SPREAD
    share: float = SHARE
    by_priority: bool = True


POLICIES: Mapping[str, Policy] = {
    **{name: Policy(name=name, strategy=strategy) for name, strategy in STRATEGIES.items()},
    "fifo": Policy(name="fifo", share=0.0, by_priority=False),
}
"""Every placement strategy as the server would use it, and the line strictly by the time of submission."""
