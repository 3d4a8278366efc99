"""Which devices an attempt gets, and that booking adds up."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from paceline.agent.devices import Booking, Books
from paceline.model.resources import Capacity, GpuNeed, Need
from tests.agent.world import capacity


def test_none_asked_none_given() -> None:
    booking = Books(capacity(gpus=2)).book(Need())
    assert booking is not None
    assert booking.devices == ()


def test_whole_devices_are_exclusive() -> None:
    books = Books(capacity(cpu=9000, gpus=3))
    two = books.book(Need(gpu=GpuNeed(milli=2000)))
    assert two is not None
    assert two.devices == ("GPU-0", "GPU-1")
    assert books.book(Need(gpu=GpuNeed(milli=2000))) is None
    books.release(two)
    assert books.book(Need(gpu=GpuNeed(milli=3000))) is not None


def test_parts_share_the_fullest_device_so_that_whole_ones_stay_whole() -> None:
    books = Books(capacity(cpu=9000, gpus=2))
    half = Need(gpu=GpuNeed(milli=500))
    chosen = [booking.devices for booking in (books.book(half), books.book(half)) if booking]
    assert chosen == [("GPU-0",), ("GPU-0",)]
    assert books.book(Need(gpu=GpuNeed(milli=1000))) is not None
    assert books.book(half) is None


def test_nothing_is_taken_when_something_is_missing() -> None:
    books = Books(capacity(cpu=1000, gpus=1))
    assert books.book(Need(memory=2 << 30)) is None
    assert books.book(Need(disk=2 << 30)) is None
    assert books.book(Need(cpu=500, gpu=GpuNeed(milli=1000, models=("H100",)))) is None
    assert books.book(Need(cpu=1000, gpu=GpuNeed(milli=1000))) is not None


def test_devices_that_are_gone_since_are_passed_over() -> None:
    books = Books(capacity(gpus=1))
    books.restore(Booking(cpu=0, memory=0, disk=0, devices=("GPU-9", "GPU-0"), share=1000))
    assert books.devices == {"GPU-0": 0}


needs = st.builds(
    Need,
    cpu=st.integers(0, 3000),
    memory=st.integers(0, 100),
    gpu=st.none() | st.builds(GpuNeed, milli=st.sampled_from([1, 250, 500, 1000, 2000, 3000])),
)


@given(st.lists(needs, max_size=8), st.randoms(use_true_random=False))
def test_booking_never_exceeds_and_returns_to_where_it_began(wanted: list[Need], random: object) -> None:
    whole = Capacity(cpu=4000, memory=200, disk=0, gpus=capacity(gpus=3).gpus)
    books = Books(whole)
    taken = [booking for need in wanted if (booking := books.book(need))]
    books.check(iter(taken))
    assert books.cpu >= 0
    assert all(0 <= free <= 1000 for free in books.devices.values())
    for order in list(permutations(taken))[:1]:
        for booking in reversed(order):
            books.release(booking)
    assert (books.cpu, books.memory, set(books.devices.values())) == (4000, 200, {1000})


def test_no_more_tasks_at_once_than_the_worker_takes() -> None:
    books = Books(Capacity(cpu=9000, memory=1 << 30, disk=1 << 30, tasks=2))
    first, second = books.book(Need()), books.book(Need(cpu=0))
    assert first is not None
    assert second is not None
    assert books.book(Need(cpu=0)) is None
    assert books.slots(Need()) == 0
    books.release(first)
    assert books.book(Need()) is not None
