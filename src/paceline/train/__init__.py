"""For use inside a training script: say how far it is.

::

    from paceline.train import report

    for epoch in range(10):
        ...
        report(step=epoch, loss=loss, accuracy=accuracy)

Imports nothing but the standard library, and does nothing where there is no Paceline.
"""

from paceline.train.session import report

__all__ = ["report"]
