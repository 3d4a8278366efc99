"""What may be asked of a random forest."""

from typing import Annotated, Literal

from msgspec import Meta

from paceline.tasks.train.params.common import TrainParams


class RandomForestParams(TrainParams, kw_only=True, frozen=True):
    """Names are scikit-learn's, but for ``trees``."""

    model: Literal["random_forest"] = "random_forest"
    trees: Annotated[int, Meta(ge=1, le=100_000)] = 100
    max_depth: Annotated[int, Meta(ge=1)] | None = None  # None: until the leaves are pure
    min_samples_leaf: Annotated[int, Meta(ge=1)] = 1
    # Tried at each split: a number of features, a fraction of them (1.0: all), or a rule.
    # "auto" is sqrt for classification, all for regression.
    max_features: Literal["auto", "sqrt", "log2"] | Annotated[int, Meta(ge=1)] | Annotated[float, Meta(gt=0, le=1)] = (
        "auto"
    )
    report_every: Annotated[int, Meta(ge=0)] = 0  # trees between reports; 0: some twenty reports, or one a second
