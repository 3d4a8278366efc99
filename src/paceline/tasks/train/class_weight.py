"""How much a row counts while learning, by its class. scikit-learn's arithmetic; names and mistakes are ours."""

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from paceline.model.errors import UsageError
from paceline.tasks.train import nearest
from paceline.tasks.train.params import TrainParams


def class_weights(params: TrainParams, y: np.ndarray) -> dict[str | int, float]:
    """The weight of each class in ``y``, the labels to learn from. All are 1 where nothing was asked for.

    Raises UsageError for a class that does not occur.
    """
    classes = np.unique(y)
    names = [str(label) for label in classes.tolist()]
    if params.class_weight == "none":
        weights = np.ones(len(classes))
    elif params.class_weight == "balanced":
        weights = compute_class_weight("balanced", classes=classes, y=y)
    else:
        for name in params.class_weight:
            if name not in names:
                raise UsageError(f"train.class_weight: there is no class {name!r}", hint=nearest(name, names))
        weights = np.array([params.class_weight.get(name, 1.0) for name in names])
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))


def row_weights(params: TrainParams, y: np.ndarray) -> np.ndarray:
    """The weight of each row (rows,)."""
    classes, positions = np.unique(y, return_inverse=True)
    weights = class_weights(params, y)
    return np.array([weights[label] for label in classes.tolist()])[positions]
