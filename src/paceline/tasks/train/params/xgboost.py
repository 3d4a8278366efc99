"""What may be asked of XGBoost."""

from typing import Annotated, Literal

from msgspec import Meta

from paceline.tasks.train.params.common import SteppedParams


class XGBoostParams(SteppedParams, kw_only=True, frozen=True):
    """Names and defaults are XGBoost's, but for ``rounds``: trees that correct the ones before, one per class."""

    model: Literal["xgboost"] = "xgboost"
    rounds: Annotated[int, Meta(ge=1, le=100_000)] = 100
    learning_rate: Annotated[float, Meta(gt=0, le=1)] = 0.3
    max_depth: Annotated[int, Meta(ge=1, le=64)] = 6
    min_child_weight: Annotated[float, Meta(ge=0)] = 1.0
    gamma: Annotated[float, Meta(ge=0)] = 0.0  # how much better a split must make it
    reg_lambda: Annotated[float, Meta(ge=0)] = 1.0
    reg_alpha: Annotated[float, Meta(ge=0)] = 0.0
    subsample: Annotated[float, Meta(gt=0, le=1)] = 1.0  # of the rows, drawn for each round
    colsample_bytree: Annotated[float, Meta(gt=0, le=1)] = 1.0  # of the features, drawn for each tree
    max_bin: Annotated[int, Meta(ge=2, le=65_536)] = 256
