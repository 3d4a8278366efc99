"""What stands between a user's columns and a model, fitted on the rows to learn from and saved with the model."""

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder

CATEGORIES = 32
"""Of a text column; rarer ones, and those never seen in training, share one more."""


def preprocessing(features: int, text: tuple[int, ...]) -> ColumnTransformer:
    """Numbers: the median where one is missing. Text: one column per category; missing is a category."""
    numbers = [position for position in range(features) if position not in text]
    return ColumnTransformer(
        [
            ("numbers", SimpleImputer(strategy="median", keep_empty_features=True), numbers),
            (
                "text",
                OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=CATEGORIES, sparse_output=False),
                list(text),
            ),
        ]
    )
