"""What stands between a user's columns and a model, fitted on the rows to learn from and saved with the model.

Text becomes one column per frequent word. Times become the moment as a number and those of its parts (month, day of
the week, …) that differ among the rows. What numbers become is for the model to say: trees want them as they are, a
network wants them scaled.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from paceline.tasks.train.columns import Column, positions
from paceline.tasks.train.times import TimeParts

Step: TypeAlias = SimpleImputer | Pipeline | Literal["passthrough"]

CATEGORIES = 32
"""Of a text column; rarer ones, and those never seen in training, share one more."""


def preprocessing(columns: Sequence[Column], numbers: Callable[[], Step]) -> ColumnTransformer:
    """The unfitted step from raw columns to a matrix of numbers. A missing word is a word of its own."""
    words = OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=CATEGORIES, sparse_output=False)
    return ColumnTransformer(
        [
            ("numbers", numbers(), positions(columns, "number")),
            ("times", make_pipeline(TimeParts(), numbers()), positions(columns, "time")),
            ("text", words, positions(columns, "text")),
        ]
    )


def as_they_are() -> Step:
    """Missing ones stay missing."""
    return "passthrough"


def median() -> Step:
    """The median of the rows to learn from, where one is missing."""
    return SimpleImputer(strategy="median", keep_empty_features=True)


def scaled() -> Step:
    """The same, then moved and scaled to mean 0 and variance 1."""
    return make_pipeline(median(), StandardScaler())
