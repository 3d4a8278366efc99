"""What a keeper does with processes that die, without starting any."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from paceline.cli.keeper import FIRST_PAUSE, LONGEST_PAUSE, STEADY, Death, Keeper
from paceline.testing import FakeClock


@dataclass
class Child:
    """A process that ends when told."""

    pid: int = 1
    code: int | None = None
    asked: list[str] = field(default_factory=list)

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.asked.append("terminate")

    def kill(self) -> None:
        self.asked.append("kill")


@dataclass
class Nursery:
    """Remembers whom it started."""

    children: list[Child] = field(default_factory=list)

    def start(self, name: str, argv: Sequence[str]) -> Child:
        self.children.append(Child())
        return self.children[-1]


def kept() -> tuple[Keeper, Nursery, FakeClock]:
    nursery, clock = Nursery(), FakeClock()
    keeper = Keeper(start=nursery.start, clock=clock)
    keeper.add("server", ["server"])
    return keeper, nursery, clock


def test_nothing_to_do_while_all_run() -> None:
    keeper, nursery, _ = kept()
    assert keeper.check() == ([], math.inf)
    assert len(nursery.children) == 1


def test_who_dies_is_started_again_after_a_pause() -> None:
    keeper, nursery, clock = kept()
    nursery.children[0].code = 1
    assert keeper.check() == ([Death(name="server", code=1, again_in=FIRST_PAUSE)], FIRST_PAUSE)
    assert keeper.check() == ([], FIRST_PAUSE), "a death is told once"
    clock.advance(FIRST_PAUSE)
    keeper.check()
    assert len(nursery.children) == 2
    assert keeper.running(["server"]) == ["server"]


def test_the_pause_doubles_while_it_keeps_dying() -> None:
    keeper, nursery, clock = kept()
    pauses = []
    for _ in range(10):
        nursery.children[-1].code = -9
        (death,), _ = keeper.check()
        pauses.append(death.again_in)
        clock.advance(death.again_in)
        keeper.check()
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert pauses[-1] == LONGEST_PAUSE


def test_a_steady_run_makes_the_next_death_the_first() -> None:
    keeper, nursery, clock = kept()
    for lived in (0.0, STEADY):
        clock.advance(lived)
        nursery.children[-1].code = 1
        (death,), _ = keeper.check()
        assert death.again_in == FIRST_PAUSE
        clock.advance(death.again_in)
        keeper.check()


def test_wrong_words_are_not_tried_again() -> None:
    keeper, nursery, clock = kept()
    nursery.children[0].code = 2
    assert keeper.check() == ([Death(name="server", code=2, again_in=math.inf)], math.inf)
    clock.advance(3600)
    assert keeper.check() == ([], math.inf)
    assert len(nursery.children) == 1


def test_who_was_stopped_stays_so() -> None:
    keeper, nursery, clock = kept()
    keeper.stop(["server"])
    assert nursery.children[0].asked == ["terminate"]
    keeper.stop(["server"], by_force=True)
    assert nursery.children[0].asked == ["terminate", "kill"]
    nursery.children[0].code = -15
    clock.advance(3600)
    assert keeper.check() == ([], math.inf)
    assert keeper.running(["server"]) == []


def test_who_waits_to_be_started_again_can_be_stopped() -> None:
    keeper, nursery, clock = kept()
    nursery.children[0].code = 1
    keeper.check()
    keeper.stop(["server"])
    clock.advance(3600)
    assert keeper.check() == ([], math.inf)
    assert len(nursery.children) == 1
