"""New work is refused in time for the old to end."""

from pathlib import Path

import pytest

from paceline.model.errors import TryAgain
from paceline.server.space import Space


def test_with_room_enough_all_is_accepted(tmp_path: Path) -> None:
    space = Space(place=str(tmp_path), reserve=0)
    assert space.trouble() is None
    space.demand()


def test_below_the_reserve_it_says_how_much_is_left_of_what(tmp_path: Path) -> None:
    space = Space(place=str(tmp_path), reserve=1 << 60)
    with pytest.raises(
        TryAgain, match=rf"accepts nothing new: \d+ MiB are left on {tmp_path}, less than the reserve of"
    ):
        space.demand()
    trouble = space.trouble()
    assert trouble
    assert trouble.hint.startswith("free some space, it goes on by itself")


def test_a_store_without_a_place_needs_no_room() -> None:
    assert Space(reserve=1 << 60).trouble() is None
