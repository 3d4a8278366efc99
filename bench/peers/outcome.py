"""What all rounds of one system came to."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers.catalog import PEERS, Peer
from bench.result import RESULTS

FILE = RESULTS / "peers.json"
KEYS = ("functions", "p50", "p99", "commands")


@dataclass(slots=True, kw_only=True)
class Outcome:
    """``missing``: why there is no figure; empty: there is."""

    peer: Peer
    missing: str = ""
    rounds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, measured: Mapping[str, float]) -> None:
        for key, value in measured.items():
            self.rounds.setdefault(key, []).append(value)

    def median(self, key: str) -> float:
        """0 for what it cannot do."""
        return statistics.median(self.rounds[key]) if key in self.rounds else 0.0


def ratio(ours: Outcome, theirs: Outcome, key: str) -> float:
    """How many times as good, by medians; 0 where one of them has none. A latency is good when it is short."""
    one, other = ours.median(key), theirs.median(key)
    if not one or not other:
        return 0.0
    return one / other if key in ("functions", "commands") else other / one


def save(machine: Mapping[str, str], outcomes: Sequence[Outcome]) -> None:
    """As JSON, for the documents."""
    peers = {
        outcome.peer.name: {
            "missing": outcome.missing,
            "medians": {key: outcome.median(key) for key in KEYS if key in outcome.rounds},
            "rounds": outcome.rounds,
        }
        for outcome in outcomes
    }
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps({"machine": machine, "peers": peers}, indent=1, ensure_ascii=False) + "\n")


def load(path: Path) -> tuple[Mapping[str, str], Sequence[Outcome]]:
    """The machine, and what was measured on it; nothing where there is no such file."""
    if not path.exists():
        return {}, []
    kept = json.loads(path.read_text())
    known = {peer.name: peer for peer in PEERS}
    outcomes = [
        Outcome(peer=known[name], missing=each["missing"], rounds=each["rounds"])
        for name, each in kept["peers"].items()
        if name in known
    ]
    return kept["machine"], outcomes
