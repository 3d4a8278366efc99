"""Other systems: how many times as good, what is missing, and how much is asked of a slow one."""

import pytest

from bench.peers.catalog import PEERS
from bench.peers.outcome import Outcome, ratio
from bench.peers.table import bars, lines
from bench.peers.trial import rate

KNOWN = {peer.name: peer for peer in PEERS}


def outcome(name: str, missing: str = "", **rounds: list[float]) -> Outcome:
    return Outcome(peer=KNOWN[name], missing=missing, rounds=rounds)


def test_ratios_are_of_medians_and_the_shorter_latency_is_the_better() -> None:
    ours = outcome("map", functions=[900, 1000, 5000], p50=[2.0])
    theirs = outcome("ray", functions=[100.0], p50=[4.0])
    assert ratio(ours, theirs, "functions") == 10
    assert ratio(ours, theirs, "p50") == 2
    assert ratio(ours, theirs, "commands") == 0


def test_a_missing_system_is_said_to_be_missing() -> None:
    shown = list(lines([outcome("map"), outcome("submit"), outcome("ray", missing="it cannot be installed")]))
    assert any(line.startswith("Ray ") and "missing" in line for line in shown)
    assert "Ray: missing, because it cannot be installed" in shown


def test_bars_are_told_for_what_was_measured() -> None:
    known = {name: outcome(name, functions=[count]) for name, count in (("map", 300.0), ("submit", 4.0), ("ray", 10.0))}
    told = {says: (times, met) for says, _, times, met in bars(known)}
    assert told["`map` beside Ray, functions/s"] == ("30 ×", "yes")
    assert told["single submits beside Ray, functions/s"] == ("0.4 ×", "NO")
    assert len(told) == 2


@pytest.mark.parametrize("name", [peer.environment for peer in PEERS if peer.environment])
def test_every_environment_is_pinned(name: str, pytestconfig: pytest.Config) -> None:
    lines = (pytestconfig.rootpath / "bench" / "peers" / f"requirements-{name}.txt").read_text().splitlines()
    assert lines
    assert [line for line in lines if "==" not in line] == []


def test_as_many_as_may_be_are_asked_of_a_fast_system() -> None:
    asked: list[int] = []
    assert rate(asked.append, most=500) > 0
    assert asked[0] == asked[1] == 10
    assert asked[-1] == 500
