"""The last frames of a feed."""

from paceline.server.ring import Ring


def numbered(ring: Ring, count: int, size: int = 1) -> Ring:
    for _ in range(count):
        ring.add(b"x" * size)
    return ring


def test_a_new_one_reaches_nowhere_but_to_now() -> None:
    ring = Ring()
    assert ring.newest == 0
    assert ring.reaches(0)
    assert not ring.reaches(1)
    assert not ring.reaches(-1)


def test_it_reaches_back_as_far_as_frames_are_remembered() -> None:
    ring = numbered(Ring(frames=3), 5)
    assert [ring.reaches(number) for number in range(7)] == [False, False, True, True, True, True, False]
    assert ring[5] == b"x"


def test_large_frames_leave_room_for_fewer_but_the_last_stays() -> None:
    ring = numbered(Ring(size=10), 5, size=4)
    assert not ring.reaches(2)
    assert ring.reaches(3)
    ring.add(b"y" * 100)
    assert ring.reaches(5)
    assert not ring.reaches(4)
    numbered(ring, 2, size=4)
    assert ring.reaches(6)


def test_over_a_gap_it_does_not_reach() -> None:
    ring = numbered(Ring(), 5)
    ring.break_off()
    assert not ring.reaches(5)
    assert ring.reaches(6)
    ring.add(b"z")
    assert ring[7] == b"z"
