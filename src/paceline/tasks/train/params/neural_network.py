"""What may be asked of a neural network."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from paceline.tasks.train.params.common import SteppedParams

Width: TypeAlias = Annotated[int, Meta(ge=1, le=1 << 20)]
Rate: TypeAlias = Annotated[float, Meta(gt=0, le=10)]


class NeuralNetworkParams(SteppedParams, kw_only=True, frozen=True):
    """Names are torch's where it has one; so are the defaults of whatever is not named here."""

    model: Literal["neural_network"] = "neural_network"
    network: Literal["auto", "mlp", "cnn"] = "auto"  # auto: cnn for images (an NPZ's X of 3 or 4 dimensions), else mlp
    hidden: tuple[Width, ...] = (64, 64)  # neurons of each dense layer; [] is a linear model
    channels: tuple[Width, ...] = (16, 32)  # of each convolution of a cnn: 3 by 3, the picture halved after each
    activation: Literal["relu", "gelu", "silu", "tanh"] = "relu"
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.0  # of the dense layers' neurons, while learning
    epochs: Annotated[int, Meta(ge=1, le=100_000)] = 50  # passes over the rows to learn from
    batch_size: Annotated[int, Meta(ge=1, le=1 << 24)] = 64  # rows between two corrections of the weights
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    learning_rate: Rate = 1e-3
    momentum: Annotated[float, Meta(ge=0, lt=1)] = 0.9  # of sgd
    weight_decay: Annotated[float, Meta(ge=0, le=10)] = 0.0
    schedule: Literal["none", "cosine"] = "none"  # cosine: the learning rate falls to 0 at the last epoch
