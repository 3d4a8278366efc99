"""What is said of the process."""

from paceline.tasks.train.usage import Usage
from paceline.testing import FakeClock


def work() -> int:
    return sum(i * i for i in range(400_000))


def test_the_processor_is_looked_at_once_a_second() -> None:
    clock = FakeClock()
    usage = Usage(clock)
    work()
    clock.advance(0.001)
    first = usage.values()
    work()
    clock.advance(0.5)
    assert usage.values() == first
    clock.advance(0.6)
    second = usage.values()
    assert 0 < second["cpu_percent"] < first["cpu_percent"]
    assert second["rss_bytes"] > 10 << 20
