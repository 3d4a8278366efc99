"""What columns become."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from paceline.tasks.train import skops_file
from paceline.tasks.train.columns import Column
from paceline.tasks.train.preprocess import as_they_are, median, preprocessing, scaled
from paceline.tasks.train.times import TimeParts


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_time_becomes_its_parts() -> None:
    rows = np.array([[at("2026-02-01T06:00")], [at("2026-03-05T18:00")], [np.nan]])
    parts = TimeParts().fit(rows).transform(rows)
    # Days since the first, month, day, weekday (Sunday, Thursday), hour.
    assert parts[:2].tolist() == [[0, 2, 1, 6, 6], [32.5, 3, 5, 3, 18]]
    assert np.isnan(parts[2]).all()


def test_times_before_1970_have_parts_too() -> None:
    rows = np.array([[at("1969-12-31T23:00")], [at("1900-03-01T00:00")]])
    assert TimeParts().fit(rows).transform(rows)[:, 1:].tolist() == [[12, 31, 2, 23], [3, 1, 3, 0]]


def test_parts_that_do_not_differ_are_left_out() -> None:
    rows = np.array([[at(f"2026-01-0{day}T00:00")] for day in range(5, 8)])
    times = TimeParts().fit(rows)
    assert times.transform(rows).tolist() == [[0, 5, 0], [1, 6, 1], [2, 7, 2]]
    assert times.transform(np.array([[at("2027-07-05T12:00")]])).tolist() == [[546.5, 5, 0]]


@pytest.mark.parametrize("value", [1e9, np.nan])
def test_one_moment_is_still_a_column(value: float) -> None:
    rows = np.full((3, 1), value)
    assert TimeParts().fit(rows).transform(rows).shape == (3, 1)


COLUMNS = (Column(name="size"), Column(name="colour", type="text"), Column(name="day", type="time"))
ROWS = np.array([[1.0, "red", 0.0], [np.nan, None, 86_400.0], [3.0, "blue", np.nan]], dtype=object)


def test_numbers_are_left_alone_filled_or_scaled() -> None:
    left, filled, even = (
        preprocessing(COLUMNS, numbers).fit_transform(ROWS).astype(float) for numbers in (as_they_are, median, scaled)
    )
    np.testing.assert_array_equal(left[:, 0], [1, np.nan, 3])
    np.testing.assert_array_equal(filled[:, 0], [1, 2, 3])
    np.testing.assert_allclose(even[:, 0], [-1.2247, 0, 1.2247], atol=1e-4)
    np.testing.assert_array_equal(filled[:, 1], [0, 1, 0.5])  # days
    np.testing.assert_array_equal(filled[:, -3:], [[0, 1, 0], [0, 0, 1], [1, 0, 0]])  # blue, red, missing


def test_it_is_fitted_by_the_rows_to_learn_from_alone() -> None:
    prepare = preprocessing(COLUMNS, median).fit(ROWS)
    new = prepare.transform(np.array([[np.nan, "green", 172_800.0]], dtype=object))
    assert new[0, 0] == 2
    assert new[0, 1] == 2
    assert new[0, -3:].tolist() == [0, 0, 0]


def test_rare_words_share_a_column() -> None:
    words = [f"w{i}" for i in range(40)] + ["often"] * 60
    rows = np.array([[word] for word in words], dtype=object)
    prepare = preprocessing([Column(name="a", type="text")], median).fit(rows)
    assert prepare.transform(rows).shape == (100, 32)
    (never,) = prepare.transform(np.array([["never"]], dtype=object)).tolist()
    assert prepare.transform(rows).tolist().count(never) == 41 - 31


def test_it_is_kept_with_what_it_learned(tmp_path: Path) -> None:
    for numbers in (as_they_are, median, scaled):
        prepare = preprocessing(COLUMNS, numbers).fit(ROWS)
        skops_file.dump(prepare, tmp_path / "p.skops")
        again = skops_file.load(tmp_path / "p.skops")
        np.testing.assert_array_equal(
            again.transform(ROWS).astype(float),  # type: ignore[attr-defined]
            prepare.transform(ROWS).astype(float),
        )
