"""What a model that was kept says of other rows."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from paceline.tasks.train import check_extension
from paceline.tasks.train.columns import Column
from paceline.tasks.train.examples import check_shape, inputs
from paceline.tasks.train.folder import Loaded, load
from paceline.tasks.train.table import read


def predict(folder: Path, data: Path) -> pa.Table:
    """One row for each row of ``data``: ``prediction``, and for classes ``probability_<class>`` each.

    ``data`` needs the columns the model learned from, under their names; others are ignored. Raises UsageError for a
    folder that is not whole or not safe, and for what is wrong with the data, with its line.
    """
    loaded = load(folder)
    check_extension("data", str(data))
    table = read("data", str(data))
    check_shape(_shape(loaded), table)
    x = inputs(_columns(loaded), table)
    answers = loaded.trained.predict(x)
    if not loaded.trained.classes:
        return pa.table({"prediction": answers})
    labels = np.array(loaded.trained.classes)
    probabilities = {f"probability_{label}": answers[:, i] for i, label in enumerate(labels.tolist())}
    return pa.table({"prediction": labels[answers.argmax(axis=1)], **probabilities})


def _columns(loaded: Loaded) -> list[Column]:
    columns = loaded.card["columns"]
    return [Column(name=name, type=kind) for name, kind in columns.items()] if isinstance(columns, dict) else []


def _shape(loaded: Loaded) -> tuple[int, ...]:
    shape = loaded.card.get("shape")
    return tuple(shape) if isinstance(shape, list) else ()
