"""What models are called: a *name* for people, a *key* for programs and URLs.

::

    RandomForest_95.2%_Dec16        random-forest-95p2-20261216-7f3a
    XGBoost_R2-0.912_Dec16          xgboost-r2-0p912-20261216-7f3a

Both say what kind of model it is, how good it was where it was validated, and the day (UTC). A name has no year, may
have a ``%``, and two models may deserve the same one: the second is then called ``…_2``. It is a label that people may
change. A key is made once and stays; its end tells apart what is otherwise alike. Either can be read back.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from paceline.model.errors import UsageError

WORD = re.compile(r"[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*")
"""A kind of model, or a metric by which one is named: it can be told from ``CamelCase`` and back."""

RESERVED = ("last", "best")
"""Words that mean a model without being its name."""

_TAG = re.compile(r"\w[\w.:-]{0,49}")
_SPELLED = {"xgboost": "XGBoost"}
_READ = {label: word for word, label in _SPELLED.items()}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMING = {"classification": "accuracy", "regression": "r2"}
_LARGEST = 1.797e308
"""Of four digits; a larger number would be rounded to infinity."""
_SHORT, _LONGER = 4, 2
"""Digits of a key's end: as few as tell it from the others, from four on by two."""

_NAME = re.compile(
    r"(?P<kind>[A-Z][A-Za-z0-9]*)"
    r"_(?:(?P<percent>\d{1,3}\.\d)%|(?P<metric>[A-Z][A-Za-z0-9]*)-(?P<value>-?\d+\.\d{3}(?:e[+]\d+)?))"
    rf"_(?P<month>{'|'.join(_MONTHS)})(?P<day>0[1-9]|[12]\d|3[01])(?:_(?P<copy>[2-9]|[1-9]\d+))?"
)
_KEY = re.compile(
    r"(?P<kind>[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*)"
    rf"-(?:(?P<percent>\d{{1,3}}p\d)|(?P<metric>{WORD.pattern})-(?P<value>m?\d+p\d{{3}}(?:e\d+)?))"
    r"-(?P<date>\d{8})-(?P<end>[0-9a-f]{4,64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The metric that names a model. ``value`` is what is shown of it: three decimals, of large numbers four digits."""

    metric: str
    value: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _shown(self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What a name says, ``str()`` of which it is. ``copy``: 2 for the second model that deserves it."""

    kind: str
    score: Score
    month: int
    day: int
    copy: int = 1

    def __str__(self) -> str:
        score = self.score
        how_good = f"{score.value:.1%}" if score.metric == "accuracy" else f"{label(score.metric)}-{_text(score.value)}"
        name = f"{label(self.kind)}_{how_good}_{_MONTHS[self.month - 1]}{self.day:02}"
        return name if self.copy == 1 else f"{name}_{self.copy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a key says, ``str()`` of which it is. ``end``: hexadecimal digits."""

    kind: str
    score: Score
    date: date
    end: str

    def __str__(self) -> str:
        score = self.score
        plain = f"{score.value * 100:.1f}" if score.metric == "accuracy" else f"{score.metric}-{_in_key(score.value)}"
        return f"{self.kind.replace('_', '-')}-{plain.replace('.', 'p')}-{self.date:%Y%m%d}-{self.end}"


def score(task: str, metrics: Mapping[str, float]) -> Score:
    """How good a model is, in one number: of the validation where there was one (``val_…``), else what there is.

    Accuracy for a classification, R² for a regression, for anything else the first. Raises UsageError if there is
    none whose name can be read back.
    """
    usual = _NAMING.get(task, "")
    known = [metric for metric in metrics if WORD.fullmatch(metric) and _reads_back(metric)]
    wanted = [f"val_{usual}", usual, *(each for each in known if each.startswith("val_")), *known]
    for metric in wanted:
        if metric in metrics:
            return Score(metric=metric.removeprefix("val_"), value=metrics[metric])
    raise UsageError(
        f"metrics: none of {', '.join(map(repr, metrics)) or 'none'} can name a model",
        hint="call one in lower-case words, such as val_accuracy",
    )


def check_kind(kind: str) -> str:
    """The kind. Raises UsageError if a name could not tell it from another."""
    if not WORD.fullmatch(kind) or len(kind) > 50:
        raise UsageError(f"model: {kind!r} is not a kind of model", hint="lower-case words: random_forest, my_lda")
    if not _reads_back(kind):
        raise UsageError(f"model: {kind!r} would be called {label(kind)}, as {_word(label(kind))!r} is")
    return kind


def check_name(name: str) -> str:
    """A name that somebody gives. Raises UsageError for one that would mean something else where models are named."""
    if not name.isprintable() or name != name.strip() or not 0 < len(name) <= 100 or "/" in name:
        raise UsageError(f"name: {name!r:.120} cannot be a name", hint="one line of at most 100 characters, without /")
    if name in RESERVED or _KEY.fullmatch(name):
        raise UsageError(f"name: {name!r} already means something", hint=f"not a key, nor {' or '.join(RESERVED)}")
    return name


def check_tag(tag: str) -> str:
    """Raises UsageError for what is no tag."""
    if not _TAG.fullmatch(tag):
        raise UsageError(f"tag: {tag!r:.80} is not a tag", hint="at most 50 letters, digits and . _ : -, such as prod")
    return tag


def parse_name(text: str) -> Name:
    """Raises UsageError for what no model was called by itself."""
    found = _NAME.fullmatch(text)
    if not found:
        raise UsageError(f"name: {text!r} is not a made name", hint="such as RandomForest_95.2%_Dec16")
    return Name(
        kind=_word(found["kind"]),
        score=_score(found["percent"], _word(found["metric"] or ""), found["value"]),
        month=_MONTHS.index(found["month"]) + 1,
        day=int(found["day"]),
        copy=int(found["copy"] or 1),
    )


def parse_key(text: str) -> Key:
    """Raises UsageError for what is no key."""
    found = _KEY.fullmatch(text)
    day = _date(found["date"]) if found else None
    if not found or day is None:
        raise UsageError(f"key: {text!r} is not a model's key", hint="such as random-forest-95p2-20261216-7f3a")
    percent, value = (each and each.replace("p", ".").replace("m", "-") for each in (found["percent"], found["value"]))
    return Key(
        kind=found["kind"].replace("-", "_"),
        score=_score(percent, found["metric"], value),
        date=day,
        end=found["end"],
    )


def is_made(name: str) -> bool:
    """Whether a model was called so by itself; else somebody gave it the name."""
    return _NAME.fullmatch(name) is not None


def names(wish: str) -> Iterator[str]:
    """``wish``, ``wish_2``, ``wish_3`` …, of which a model gets the first that is free."""
    yield wish
    copy = 2
    while True:
        yield f"{wish}_{copy}"
        copy += 1


def keys(whole: str) -> Iterator[str]:
    """A key whose end has all its digits, with four of them, six …, of which a model gets the first that is free."""
    start, _, end = whole.rpartition("-")
    for digits in range(_SHORT, len(end) + 1, _LONGER):
        yield f"{start}-{end[:digits]}"


def day_of(at: float) -> date:
    """The day of a time in seconds since 1970, in UTC."""
    return datetime.fromtimestamp(at, UTC).date()


def label(word: str) -> str:
    """``random_forest`` → ``RandomForest``."""
    return _SPELLED.get(word) or "".join(part.capitalize() for part in word.split("_"))


def _word(label: str) -> str:
    return _READ.get(label) or "_".join(re.findall(r"[A-Z][a-z0-9]*", label)).lower()


def _reads_back(word: str) -> bool:
    return _word(label(word)) == word


def _score(percent: str | None, metric: str, value: str | None) -> Score:
    if percent is not None:
        return Score(metric="accuracy", value=float(percent) / 100)
    return Score(metric=metric, value=float(value or 0))


def _shown(value: float) -> float:
    if abs(value) < 1e9:
        return round(value, 3) + 0.0  # there is no -0
    return max(-_LARGEST, min(float(f"{value:.3e}"), _LARGEST))


def _text(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1e9 else f"{value:.3e}"


def _in_key(value: float) -> str:
    """``-1.5`` → ``m1p500``; of the exponents only positive ones occur."""
    return _text(value).replace("-", "m").replace("+", "")


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
