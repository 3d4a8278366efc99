"""What may be asked of a training: one structure per model, each an extension of what all models share.

Light on purpose: they are checked wherever a job is submitted, so nothing here imports a numerical library.
"""

from paceline.tasks.train.params.common import SteppedParams, TrainParams
from paceline.tasks.train.params.neural_network import NeuralNetworkParams
from paceline.tasks.train.params.random_forest import RandomForestParams
from paceline.tasks.train.params.xgboost import XGBoostParams

__all__ = ["NeuralNetworkParams", "RandomForestParams", "SteppedParams", "TrainParams", "XGBoostParams"]
