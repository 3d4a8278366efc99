"""What every model asks to know. Paths are the worker's, relative to the task's directory."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

ClassWeight = Literal["none", "balanced"] | dict[str, Annotated[float, Meta(gt=0)]]
"""``balanced``: each class counts as much as every other. A mapping: by class; one that is not named counts 1."""


class TrainParams(msgspec.Struct, kw_only=True, frozen=True):
    """What to train, on what."""

    data: str  # a .csv, .tsv, .parquet or .npz file, or a URL (https, http, file) of one
    model: str = "random_forest"
    target: str = ""  # the column to predict; empty: the last one (NPZ: the array y)
    task: Literal["auto", "classification", "regression"] = "auto"
    features: list[str] = []  # columns to learn from; empty: all but the target
    drop: list[str] = []  # columns to leave out
    validation_split: Annotated[float, Meta(gt=0, lt=1)] = 0.2  # the part of the rows that is measured on
    validation_data: str = ""  # a second table to measure on, instead of a split
    class_weight: ClassWeight = "none"  # how much a row counts while learning, by its class
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 0  # same seed, same split, same model
    output: str = "models"  # directory for the model's folder
    checkpoint_seconds: Annotated[float, Meta(gt=0)] = 30.0  # between checkpoints, at least


class SteppedParams(TrainParams, kw_only=True, frozen=True):
    """Of a model that gets better round by round, and may do so on an accelerator."""

    patience: Annotated[int, Meta(ge=0)] = 0  # rounds without a better val_loss before it stops; 0: it never does
    device: Literal["auto", "cpu", "cuda"] = "auto"  # auto: the GPU that the task was given, if any
