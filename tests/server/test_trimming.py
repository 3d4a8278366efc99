"""When a burst of work is over."""

from paceline.server.trimming import BUSY, IDLE, Bursts


def ends(*shares: float) -> list[int]:
    """The looks at which a burst has come to its end, of a server that has been up for a while."""
    bursts = Bursts()
    assert bursts.over(0.0)
    return [number for number, share in enumerate(shares) if bursts.over(share)]


def test_a_start_is_a_burst() -> None:
    bursts = Bursts()
    assert not bursts.over(2 * IDLE)
    assert bursts.over(0.0)
    assert not bursts.over(0.0)


def test_a_burst_is_over_once_when_all_is_quiet() -> None:
    assert ends(0.01, 0.9, 1.1, 0.5, 0.01, 0.01, 0.01) == [4]


def test_another_one_ends_too() -> None:
    assert ends(0.9, 0.01, 0.9, 0.01) == [1, 3]


def test_what_hardly_costs_anything_is_no_burst() -> None:
    assert ends(0.0, 0.9 * BUSY, 0.0, 0.9 * BUSY, 0.0) == []


def test_a_large_fleet_need_not_fall_silent() -> None:
    assert ends(0.12, 0.9, 0.12, 0.12, 0.13) == [2]


def test_a_small_burst_is_over_when_the_server_idles() -> None:
    assert ends(2 * IDLE, 0.9 * IDLE) == [1]


def test_load_that_goes_up_and_down_is_one_burst() -> None:
    assert ends(0.5, 0.9, 0.4, 0.7, 0.3, 0.9) == []
