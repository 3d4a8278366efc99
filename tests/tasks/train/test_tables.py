"""Tables that people bring, and what they are told when one cannot be learned from."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paceline.model.errors import UsageError
from paceline.tasks.train.params import TrainParams
from paceline.tasks.train.split import Parts, prepare

IRIS = "sepal,petal,species\n" + "".join(f"{i % 7},{i % 3}.5,{'ab'[i % 2]}\n" for i in range(20))


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str | bytes, name: str = "t.csv", **params: Any) -> Parts:
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return prepare(TrainParams(data=name, **params))


def refusal(text: str | bytes, name: str = "t.csv", **params: Any) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        read(text, name, **params)
    return caught.value.message, caught.value.hint


def save_npz(**arrays: np.ndarray) -> bytes:
    np.savez("made.npz", **arrays)  # type: ignore[arg-type]
    return Path("made.npz").read_bytes()


def save_parquet(**columns: pa.Array) -> bytes:
    pq.write_table(pa.table(columns), "made.parquet")
    return Path("made.parquet").read_bytes()


# ── what is understood ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_last_column_is_the_target_unless_named() -> None:
    assert read(IRIS).target == "species"
    assert read(IRIS, target="petal").features == ("sepal", "species")


def test_columns_can_be_chosen_and_dropped() -> None:
    assert read(IRIS, features=["petal"]).features == ("petal",)
    assert read(IRIS, drop=["petal"]).features == ("sepal",)


@pytest.mark.parametrize(("name", "separator"), [("t.csv", ","), ("t.csv", ";"), ("t.csv", "|"), ("t.tsv", "\t")])
def test_separators(name: str, separator: str) -> None:
    assert read(IRIS.replace(",", separator), name).features == ("sepal", "petal")


def test_commas_in_a_table_of_tabs_are_text() -> None:
    text = IRIS.replace(",", "\t").replace("sepal", "sepal, in cm")
    assert read(text, "t.TSV").features == ("sepal, in cm", "petal")


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert read("\ufeff" + IRIS).features == ("sepal", "petal")


def test_every_format_gives_the_same_parts() -> None:
    x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
    rows = "".join(f"{a},{b},{c}\n" for (a, b), c in zip(x.tolist(), y.tolist(), strict=True))
    from_csv = read("x0,x1,y\n" + rows)
    from_npz = read(save_npz(X=x, y=y), "t.npz")
    from_parquet = read(save_parquet(x0=pa.array(x[:, 0]), x1=pa.array(x[:, 1]), y=pa.array(y)), "t.parquet")
    for parts in (from_npz, from_parquet):
        assert (parts.features, parts.task) == (from_csv.features, from_csv.task)
        np.testing.assert_array_equal(parts.train.x, from_csv.train.x)
        np.testing.assert_array_equal(parts.validation.y, from_csv.validation.y)


def test_images_are_laid_flat_and_keep_their_shape_as_long_as_they_are_whole() -> None:
    made = save_npz(X=np.zeros((10, 4, 5), np.uint8), y=np.arange(10) % 2)
    parts = read(made, "t.npz")
    assert parts.train.x.shape == (8, 20)
    assert parts.shape == (4, 5)
    assert read(made, "t.npz", drop=["x3"]).shape == ()


def test_rows_without_answers_cannot_be_learned_from() -> None:
    assert refusal(save_npz(X=np.zeros((10, 2))), "t.npz")[0] == "train.target: 't.npz' has no column 'y'"


def test_what_data_it_was_is_known() -> None:
    Path("v.csv").write_text("sepal,petal,species\n1,1.5,a\n2,2.5,b\n")
    data = read(IRIS, validation_data="v.csv").data
    assert data.sha256 == hashlib.sha256(IRIS.encode()).hexdigest()
    assert data.validation_sha256 == hashlib.sha256(Path("v.csv").read_bytes()).hexdigest()
    assert (data.rows, data.columns) == (20, {"sepal": "int64", "petal": "double", "species": "string"})


def test_booleans_times_decimals_and_dictionaries_are_understood() -> None:
    moments = pa.array([86_400 * i for i in range(8)], pa.timestamp("s"))
    flags = pa.array([i % 2 == 0 for i in range(8)])
    prices = pa.array([f"{i}.50" for i in range(8)]).cast(pa.decimal128(5, 2))
    colours = pa.array(["red", None] * 4).dictionary_encode()
    labels = pa.array(["yes", "no"] * 4)
    table = save_parquet(when=moments, flag=flags, price=prices, colour=colours, label=labels)
    parts = read(table, "t.parquet", validation_split=0.25)
    assert [column.type for column in parts.columns] == ["time", "number", "number", "text"]
    rows = {tuple(row) for row in np.concatenate([parts.train.x, parts.validation.x]).tolist()}
    assert {(0.0, 1.0, 0.5, "red"), (86_400.0, 0.0, 1.5, None)} <= rows


@pytest.mark.parametrize(
    ("values", "asked", "task"),
    [
        (["a", "b"], "auto", "classification"),
        (["true", "false"], "auto", "classification"),
        (["1", "2", "3"], "auto", "classification"),
        (["1.0", "2.0"], "auto", "classification"),
        (["1.5", "2.0"], "auto", "regression"),
        ([str(i) for i in range(21)], "auto", "regression"),
        ([str(i) for i in range(5)], "regression", "regression"),
    ],
)
def test_the_task_follows_from_the_target(values: list[str], asked: str, task: str) -> None:
    text = "a,y\n" + "".join(f"{i},{values[i % len(values)]}\n" for i in range(63))
    assert read(text, task=asked).task == task


def test_a_split_keeps_the_classes_in_proportion_and_depends_on_the_seed_only() -> None:
    text = "a,y\n" + "".join(f"{i},{'rare' if i % 10 == 0 else 'usual'}\n" for i in range(100))
    first, again, other = read(text), read(text), read(text, seed=1)
    assert list(first.validation.y).count("rare") == 2
    np.testing.assert_array_equal(first.train.x, again.train.x)
    assert not np.array_equal(first.train.x, other.train.x)
    assert set(first.train.x[:, 0]).isdisjoint(first.validation.x[:, 0])


def test_a_second_table_can_be_measured_on() -> None:
    Path("v.csv").write_text("species,petal,sepal\nb,1.5,3\na,0.5,4\n")
    parts = read(IRIS, validation_data="v.csv")
    assert (len(parts.train.y), parts.validation.x.tolist(), parts.validation.y.tolist()) == (
        20,
        [[3, 1.5], [4, 0.5]],
        ["b", "a"],
    )


# ── what is done without, and said ──────────────────────────────────────────────────────────────────────────────────


def test_a_column_without_values_is_left_out() -> None:
    parts = read("a,b,y\n" + "".join(f"{i},,{i % 2}\n" for i in range(10)))
    assert parts.features == ("a",)
    assert parts.warnings == ("column 'b' has no values and was left out",)


def test_a_class_of_one_row_is_split_at_random() -> None:
    parts = read("a,y\n1,once\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(19)))
    assert parts.warnings == ("class once has too few rows (1) to stand in both parts: split at random",)


# ── files that are refused ──────────────────────────────────────────────────────────────────────────────────────────


def test_no_such_file() -> None:
    Path("digits.csv").touch()
    with pytest.raises(UsageError) as caught:
        prepare(TrainParams(data="digit.csv"))
    assert caught.value.message == f"train.data: there is no file 'digit.csv' (in {Path.cwd()})"
    assert caught.value.hint == "did you mean 'digits.csv'?"


def test_a_directory() -> None:
    Path("d.csv").mkdir()
    with pytest.raises(UsageError, match="train.data: 'd.csv' is a directory, not a file"):
        prepare(TrainParams(data="d.csv"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "train.data: 't.csv' is empty"),
        ("\n\n", "train.data: 't.csv' has no first line with column names"),
        ("a,b,y\n", "train.data: 't.csv' has column names but no rows"),
        ("a,b\n1,2\n3\n", "train.data: 't.csv', line 3: 1 values where the first line names 2"),
        ('a,b\n"1\n",2\n\n3,4,5\n', "train.data: 't.csv', line 5: 3 values where the first line names 2"),
        ("a,a,y\n1,2,3\n", "train.data: 't.csv' has two columns named 'a'"),
        (",a,y\n0,2,3\n", "train.data: column 1 of 't.csv' has no name"),
        ("5.1,3.5,0\n4.9,3.0,1\n", "train.data: the first line of 't.csv' holds numbers, not names"),
        (b"a,b\n1,x\n2,caf\xe9\n", "train.data: 't.csv', line 3, column 'b': not UTF-8 text"),
        ("a,y\n1,0\ninf,1\n", "train.data: column 'a' is infinite, or too large for 32 bits, on line 3"),
        ("a,y\n1e39,0\n1,1\n", "train.data: column 'a' is infinite, or too large for 32 bits, on line 2"),
    ],
)
def test_a_csv_file_is_refused_with_its_line(text: str | bytes, message: str) -> None:
    assert refusal(text)[0] == message


def test_a_parquet_file_that_is_none() -> None:
    message, _ = refusal("a,b\n1,2\n", "t.parquet")
    assert message.startswith("train.data: 't.parquet' is not a whole Parquet file: Parquet magic bytes not found")


def test_a_parquet_file_cut_short() -> None:
    whole = save_parquet(a=pa.array([1, 2]))
    assert refusal(whole[:-9], "t.parquet")[0].startswith("train.data: 't.parquet' is not a whole Parquet file: ")


def test_a_column_of_lists() -> None:
    table = save_parquet(a=pa.array([[1], [2]]), y=pa.array([0, 1]))
    assert refusal(table, "t.parquet") == (
        "train.data: column 'a' holds list<element: int64>, which is neither number, text nor time",
        "leave it out with drop: [a]",
    )


def test_npz_without_the_arrays() -> None:
    made = save_npz(images=np.zeros((2, 2)), labels=np.zeros(2))
    assert refusal(made, "t.npz")[0] == "train.data: 't.npz' holds images, labels; needed are the arrays X and y"


def test_npz_of_other_shapes() -> None:
    made = save_npz(X=np.zeros((3, 2)), y=np.zeros(2))
    assert refusal(made, "t.npz")[0] == (
        "train.data: 't.npz': X has shape (3, 2), y (2,); needed are (rows, features…) and (rows,)"
    )


def test_npz_of_objects_is_never_unpickled() -> None:
    made = save_npz(X=np.array([[{}], [{}]], dtype=object), y=np.zeros(2))
    assert refusal(made, "t.npz")[0] == "train.data: 't.npz' holds pickled objects, which are never loaded"


@pytest.mark.parametrize("junk", [b"PK\x03\x04 cut short", b"no archive at all"])
def test_npz_that_is_none(junk: bytes) -> None:
    assert refusal(junk, "t.npz")[0].startswith("train.data: 't.npz' is not an NPZ file")


# ── columns and targets that are refused ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("field", "value"), [("target", "specis"), ("features", ["specis"]), ("drop", ["specis"])])
def test_a_column_that_is_not_there(field: str, value: object) -> None:
    params: dict[str, Any] = {field: value}
    assert refusal(IRIS, **params) == (
        f"train.{field}: 't.csv' has no column 'specis'",
        "did you mean 'species'?",
    )


def test_nothing_to_learn_from() -> None:
    text = "a,y\n,0\n,1\n"
    assert refusal(text)[0] == "train.features: 't.csv' has no column with values to learn 'y' from"


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        (["1", "", "2"], "line 3"),
        (["", "x", "NA"], "lines 2 and 4"),
        (["", "1", "", "", "NaN", "nan"], "lines 2, 4, 5 and 2 more"),
        (["", ""], "any row"),
    ],
)
def test_a_target_with_holes(cells: list[str], where: str) -> None:
    text = "y,a\n" + "".join(f"{cell},1\n" for cell in cells)
    assert refusal(text, target="y")[0] == f"train.target: column 'y' has no value on {where}"


def test_lines_are_counted_as_an_editor_does() -> None:
    text = 'note,y\n"two\nlines",1\n\nplain,\n'
    assert refusal(text)[0] == "train.target: column 'y' has no value on line 5"


def test_rows_of_a_binary_file_are_counted_from_one() -> None:
    made = save_npz(X=np.zeros((3, 1)), y=np.array([0, np.nan, 1]))
    assert refusal(made, "t.npz")[0] == "train.target: column 'y' has no value on row 2"


@pytest.mark.parametrize(("value", "shown"), [("7", "7"), ("same", "'same'"), ("0.5", "0.5")])
def test_a_constant_target(value: str, shown: str) -> None:
    text = "a,y\n" + "".join(f"{i},{value}\n" for i in range(10))
    assert refusal(text)[0] == f"train.target: column 'y' is always {shown}: there is nothing to learn"


def test_regression_of_text() -> None:
    assert refusal(IRIS, task="regression") == (
        "train.task: regression needs numbers, but column 'species' holds text such as 'a'",
        "task: classification",
    )


def test_classification_of_fractions() -> None:
    assert refusal(IRIS, task="classification", target="petal") == (
        "train.task: classification needs classes, but column 'petal' holds 3 fractions",
        "task: regression",
    )


def test_weights_of_quantities() -> None:
    assert refusal(IRIS, class_weight="balanced", target="petal") == (
        "train.class_weight: the target holds quantities, so there are no classes to weigh",
        "leave it out, or task: classification",
    )


def test_a_target_that_only_names_its_rows() -> None:
    text = "a,id\n" + "".join(f"{i},row{i}\n" for i in range(30))
    assert refusal(text)[0] == "train.target: column 'id' has a class of its own for each of 30 rows"


def test_fractions_among_the_classes_to_measure_on() -> None:
    Path("v.csv").write_text("a,y\n1,0.5\n2,1\n")
    message, _ = refusal("a,y\n1,0\n2,1\n3,0\n", validation_data="v.csv")
    assert message == "train.validation_data: column 'y' is not of the same kind as in data"


def test_too_few_rows_to_split() -> None:
    assert refusal("a,y\n1,0\n2,1\n3,0\n")[0] == (
        "train.validation_split: 0.2 of 3 rows leaves 2 to learn from and 1 to measure on; each needs 2"
    )


def test_one_class_left_to_learn_from() -> None:
    text = "a,y\n1,1\n" + "".join(f"{i},0\n" for i in range(9))
    found = {refusal(text, seed=seed)[0] for seed in range(40) if not _learns_both(text, seed)}
    assert found == {"train.validation_split: all 8 rows to learn from are of class 0"}


def _learns_both(text: str, seed: int) -> bool:
    try:
        read(text, seed=seed)
    except UsageError:
        return False
    return True


# ── a second table that does not match ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        ("sepal,species\n1,a\n2,b\n", "'v.csv' has no column 'petal'"),
        ("sepal,petal,species\nx,1,a\ny,2,b\n", "column 'sepal' holds text, but numbers where it was learned from"),
        ("sepal,petal,species\n1,1,1\n2,2,2\n", "column 'species' is not of the same kind as in data"),
        ("sepal,petal,species\n1,1,0.5\n2,2,1.5\n", "column 'species' is not of the same kind as in data"),
        ("sepal,petal,species\n1,1,a\n", "one row is too few to measure on; 2 are needed"),
        ("sepal,petal,species\n", "'v.csv' has column names but no rows"),
    ],
)
def test_a_second_table_must_match(second: str, complaint: str) -> None:
    Path("v.csv").write_text(second)
    assert refusal(IRIS, validation_data="v.csv")[0] == f"train.validation_data: {complaint}"
