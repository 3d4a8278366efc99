"""The contract between processes. Only this package knows the generated messages' shapes of model values."""

from paceline.config import hush_grpc

hush_grpc()
