"""For use inside a training script, or any command or function: what it needs of the world around it.

::

    from paceline.train import checkpoint, report, requeue, restore, should_stop

    done = restore()                                    # the newest checkpoint of this task, wherever it was made
    weights = load(done.path) if done else fresh()
    for epoch in range(done.step + 1 if done else 0, 100):
        loss = learn(weights)
        report(step=epoch, loss=loss)
        if epoch % 10 == 0 or should_stop():
            with checkpoint(step=epoch, metric=loss) as folder:
                save(weights, folder / "weights")       # when the block ends, it survives this machine
        if should_stop():                               # cancel, drain, timeout: there is a moment left
            requeue()                                   # go on later, perhaps elsewhere

Imports nothing but the standard library, and does no harm where there is no Paceline: a script that uses it runs
without.
"""

from paceline.train.checkpoints import Checkpoint, checkpoint, restore
from paceline.train.models import publish
from paceline.train.session import report
from paceline.train.stopping import requeue, should_stop

__all__ = ["Checkpoint", "checkpoint", "publish", "report", "requeue", "restore", "should_stop"]
