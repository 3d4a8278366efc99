"""Names and keys of models: exactly so, told apart, and read back."""

import itertools
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paceline.model.errors import UsageError
from paceline.model.naming import (
    WORD,
    Key,
    Name,
    Score,
    check_kind,
    check_name,
    check_tag,
    day_of,
    is_made,
    keys,
    label,
    names,
    parse_key,
    parse_name,
    score,
)

DAY = date(2026, 12, 16)


def readable(word: str) -> bool:
    try:
        return bool(check_kind(word))
    except UsageError:
        return False


words = st.from_regex(WORD, fullmatch=True).filter(readable)
values = st.floats(allow_nan=False, allow_infinity=False)
scores = st.builds(Score, metric=st.just("accuracy"), value=st.floats(0, 1)) | st.builds(
    Score, metric=words.filter(lambda word: word != "accuracy"), value=values
)
days = st.dates(date(1970, 1, 1), date(2999, 12, 31))


@pytest.mark.parametrize(
    ("kind", "given_score", "name", "key"),
    [
        ("random_forest", Score(metric="accuracy", value=0.9523), "RandomForest_95.2%_Dec16", "random-forest-95p2"),
        ("xgboost", Score(metric="r2", value=0.9121), "XGBoost_R2-0.912_Dec16", "xgboost-r2-0p912"),
        ("neural_network", Score(metric="accuracy", value=1), "NeuralNetwork_100.0%_Dec16", "neural-network-100p0"),
        ("xgboost", Score(metric="r2", value=-1.5), "XGBoost_R2--1.500_Dec16", "xgboost-r2-m1p500"),
        ("my_lda", Score(metric="a_loss", value=2e9), "MyLda_ALoss-2.000e+09_Dec16", "my-lda-a_loss-2p000e09"),
    ],
)  # fmt: skip
def test_a_name_and_a_key_look_like_this(kind: str, given_score: Score, name: str, key: str) -> None:
    assert str(Name(kind=kind, score=given_score, month=12, day=16)) == name
    assert str(Key(kind=kind, score=given_score, date=DAY, end="7f3a")) == f"{key}-20261216-7f3a"


@example(kind="a", given_score=Score(metric="a", value=1.7975e308), day=DAY, copy=1)
@example(kind="a", given_score=Score(metric="a", value=-1.79769e308), day=DAY, copy=1)
@given(kind=words, given_score=scores, day=days, copy=st.integers(1, 10_000))
def test_a_name_is_read_back(kind: str, given_score: Score, day: date, copy: int) -> None:
    name = Name(kind=kind, score=given_score, month=day.month, day=day.day, copy=copy)
    assert parse_name(str(name)) == name
    assert is_made(str(name))


@given(kind=words, given_score=scores, day=days, end=st.from_regex(r"[0-9a-f]{4,64}", fullmatch=True))
def test_a_key_is_read_back_and_needs_no_quoting_anywhere(kind: str, given_score: Score, day: date, end: str) -> None:
    key = Key(kind=kind, score=given_score, date=day, end=end)
    assert parse_key(str(key)) == key
    assert set(str(key)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


@given(one=words, other=words)
def test_two_kinds_are_never_called_alike(one: str, other: str) -> None:
    assert (label(one) == label(other)) == (one == other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "churn",
        "randomForest_95.2%_Dec16",
        "RandomForest_95.2_Dec16",
        "RandomForest_95.2%_Dez16",
        "RandomForest_95.2%_Dec32",
        "RandomForest_95.2%_Dec16_1",
        "RandomForest_95.2%_Dec16_02",
        "RandomForest_95.2%_Dec16 ",
        "../RandomForest_95.2%_Dec16",
    ],
)
def test_what_is_no_made_name_is_not_read(text: str) -> None:
    assert not is_made(text)
    with pytest.raises(UsageError, match="is not a made name") as caught:
        parse_name(text)
    assert caught.value.hint == "such as RandomForest_95.2%_Dec16"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "random-forest",
        "random-forest-95p2-20261216",
        "random-forest-95p2-20261316-7f3a",
        "random-forest-95p2-20261216-7F3A",
        "random-forest-95.2-20261216-7f3a",
        "xgboost-r2-0p91-20261216-7f3a",
    ],
)
def test_what_is_no_key_is_not_read(text: str) -> None:
    with pytest.raises(UsageError, match="is not a model's key"):
        parse_key(text)


def test_copies_are_counted_and_ends_grow() -> None:
    assert list(itertools.islice(names("a"), 3)) == ["a", "a_2", "a_3"]
    assert list(itertools.islice(keys("x-" + "0123456789" * 6 + "abcd"), 3)) == ["x-0123", "x-012345", "x-01234567"]


@pytest.mark.parametrize(
    ("task", "metrics", "metric", "value"),
    [
        ("classification", {"loss": 0.1, "accuracy": 1.0, "val_accuracy": 0.9}, "accuracy", 0.9),
        ("classification", {"loss": 0.1, "accuracy": 1.0}, "accuracy", 1.0),
        ("regression", {"val_loss": 3.0, "val_r2": 0.5, "r2": 0.9}, "r2", 0.5),
        ("classification", {"f1": 0.8, "val_f1": 0.7}, "f1", 0.7),
        ("topics", {"Top5": 1.0, "coherence": 0.4}, "coherence", 0.4),
    ],
)
def test_a_model_is_named_by_its_validation(task: str, metrics: dict[str, float], metric: str, value: float) -> None:
    assert score(task, metrics) == Score(metric=metric, value=value)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("", "is not a kind of model"),
        ("RandomForest", "is not a kind of model"),
        ("resnet_50", "is not a kind of model"),
        ("a" * 51, "is not a kind of model"),
        ("x_g_boost", "'x_g_boost' would be called XGBoost, as 'xgboost' is"),
    ],
)
def test_a_kind_that_could_not_be_read_back_is_refused(kind: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_kind(kind)


@pytest.mark.parametrize("tag", ["", "no tag", "-x", "a/b", "x" * 51, "a\n"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(UsageError, match="is not a tag"):
        check_tag(tag)


@pytest.mark.parametrize("name", ["churn", "RandomForest_95.2%_Dec16", "für die Kunden", "a" * 100])
def test_people_may_give_any_name_that_means_nothing_else(name: str) -> None:
    assert check_name(name) == name


def test_a_day_is_that_of_utc() -> None:
    assert day_of(1_797_379_200.0) == DAY
    assert day_of(1_797_379_199.0) == date(2026, 12, 15)
