"""What a model that was kept says of tables it has not seen."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paceline.model.errors import UsageError
from paceline.tasks.train.params import RandomForestParams, TrainParams, XGBoostParams
from paceline.tasks.train.predict import predict
from paceline.tasks.train.run import train
from tests.tasks.train.session import DirectorySession

ROWS = ((i, ("red", "blue", "")[i % 3], f"2026-0{1 + i % 9}-1{i % 7}", "big" if i > 20 else "small") for i in range(40))
TABLE = "size,colour,day,y\n" + "".join(f"{i if i % 9 else ''},{colour},{day},{y}\n" for i, colour, day, y in ROWS)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)


def trained(params: TrainParams) -> Path:
    result: Any = train(params, DirectorySession(Path("checkpoints")), label="x")
    return Path(result["folder"]["path"])


def forest(**params: Any) -> Path:
    wanted: dict[str, Any] = {"data": "t.csv", "trees": 10} | params
    return trained(RandomForestParams(**wanted))


def refusal(model: Path, text: str) -> str:
    Path("new.csv").write_text(text)
    with pytest.raises(UsageError) as caught:
        predict(model, Path("new.csv"))
    return caught.value.message


@pytest.mark.parametrize("model", ["random_forest", "xgboost"])
def test_a_table_is_answered_row_by_row(model: str) -> None:
    kind = RandomForestParams if model == "random_forest" else XGBoostParams
    path = trained(kind(data="t.csv"))
    Path("new.csv").write_text("day,more,size,colour\n2026-01-01,?,39,red\n2026-05-01,?,1,green\n,?,,\n")
    table = predict(path, Path("new.csv"))
    assert table.column_names == ["prediction", "probability_big", "probability_small"]
    assert table["prediction"].to_pylist()[:2] == ["big", "small"]
    for row in table.to_pylist():
        assert row["probability_big"] + row["probability_small"] == pytest.approx(1)
        assert row["prediction"] == ("big" if row["probability_big"] >= row["probability_small"] else "small")


def test_numbers_are_answered_by_numbers() -> None:
    Path("n.csv").write_text("a,y\n" + "".join(f"{i},{i * 1.5}\n" for i in range(60)))
    table = predict(forest(data="n.csv"), Path("n.csv"))
    assert table.column_names == ["prediction"]
    np.testing.assert_allclose(table["prediction"].to_numpy(), np.arange(60) * 1.5, atol=4)


def test_whole_classes_stay_whole() -> None:
    Path("n.csv").write_text("a,y\n" + "".join(f"{i},{i // 30}\n" for i in range(60)))
    assert predict(forest(data="n.csv"), Path("n.csv"))["prediction"].to_pylist()[::59] == [0, 1]


def test_rows_without_answers_in_an_npz_file() -> None:
    x = np.arange(80.0).reshape(20, 2, 2)
    np.savez("learn.npz", X=x, y=np.arange(20) // 10)
    np.savez("ask.npz", X=x)
    assert predict(forest(data="learn.npz"), Path("ask.npz"))["prediction"].to_pylist()[::19] == [0, 1]


def test_text_is_read_as_text_even_where_it_looks_like_numbers() -> None:
    Path("z.csv").write_text("code,y\n" + "".join(f"{('A1', '7')[i % 2]},{i % 2}\n" for i in range(20)))
    Path("new.csv").write_text("code\n7\n7\n")
    assert predict(forest(data="z.csv"), Path("new.csv"))["prediction"].to_pylist() == [1, 1]


def test_a_time_is_learned_from() -> None:
    hours = "".join(
        f"2026-03-{1 + i // 24:02}T{i % 24:02}:30:00,{'night' if i % 24 < 6 else 'day'}\n" for i in range(96)
    )
    Path("w.csv").write_text("when,y\n" + hours)
    when = pa.array([1_781_143_200, 1_781_191_800], pa.timestamp("s"))  # 02:00 and 15:30 of a day in June
    pq.write_table(pa.table({"when": when}), "new.parquet")
    assert predict(forest(data="w.csv"), Path("new.parquet"))["prediction"].to_pylist() == ["night", "day"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("size,colour\n1,red\n", "'new.csv' has no column 'day'"),
        ("size,colour,day\nx,red,2026-01-01\n", "column 'size' holds text, but numbers where it was learned from"),
        ("size,colour,day\n1,red,yesterday\n", "column 'day' holds text, but times where it was learned from"),
        ("size,colour,day\n1,red\n", "'new.csv', line 2: 2 values where the first line names 3"),
        ("size,colour,day\ninf,red,\n", "column 'size' is infinite, or too large for 32 bits, on line 2"),
    ],
)
def test_a_table_that_does_not_fit(text: str, complaint: str) -> None:
    assert refusal(forest(), text) == f"data: {complaint}"


def test_a_file_of_another_kind() -> None:
    with pytest.raises(UsageError, match="data: 'new.xlsx' is not a kind of file that can be read"):
        predict(forest(), Path("new.xlsx"))
