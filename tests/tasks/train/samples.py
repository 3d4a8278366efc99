"""scikit-learn's own tables, divided."""

from collections.abc import Callable
from functools import cache
from typing import Any

import sklearn.datasets
from sklearn.model_selection import train_test_split

from paceline.tasks.train.columns import Column
from paceline.tasks.train.split import Part, Parts


@cache
def parts(name: str) -> Parts:
    """``digits``, ``breast_cancer``, ``wine`` or ``diabetes``."""
    load: Callable[..., Any] = getattr(sklearn.datasets, f"load_{name}")
    x, y = load(return_X_y=True)
    x_train, x_held, y_train, y_held = train_test_split(x.astype(float), y, test_size=0.25, random_state=0)
    return Parts(
        task="regression" if name == "diabetes" else "classification",
        target="y",
        columns=tuple(Column(name=f"x{i}") for i in range(x.shape[1])),
        train=Part(x=x_train, y=y_train),
        validation=Part(x=x_held, y=y_held),
        shape=(8, 8) if name == "digits" else (),
    )
