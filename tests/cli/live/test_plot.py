"""Curves as text."""

from paceline.cli.live.plot import plot

FALLING = [(float(step), 8.0 - step) for step in range(9)]


def test_a_falling_line() -> None:
    assert plot(FALLING, [], width=14, height=3) == [
        "8 │⠉⠒⢄⡀       ",
        "  │   ⠈⠑⠤⣀⡀   ",
        "0 │       ⠈⠑⠤⣀",
        "   0         8",
    ]


def test_marks_stand_above_the_line() -> None:
    rows = plot([(0, 1.0), (10, 0.0)], [(0, 1.0), (10, 1.0)], width=20, height=4)
    assert rows[0].startswith("1 │o")
    assert rows[0].endswith("o")
    assert rows[3].startswith("0 │")
    assert rows[4] == "   0              10"
    assert {len(row) for row in rows} == {20}


def test_a_level_line_and_large_numbers() -> None:
    rows = plot([(0, 12345.0), (100_000, 12345.0)], [], width=30, height=3)
    assert rows[0].startswith("12,345 │")
    assert rows[-1].split() == ["0", "100,000"]


def test_less_than_two_steps_are_no_curve() -> None:
    assert plot([], [], width=40, height=5) == []
    assert plot([(3, 1.0)], [(3, 2.0)], width=40, height=5) == []
    assert plot([(3, 1.0)], [(4, 2.0)], width=40, height=5) != []
