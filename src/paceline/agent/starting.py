"""Giving a frame to the supervisor: rendered, with its places on disk made, and no body sent twice."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from paceline.agent.frames import Frame
from paceline.agent.launches import Launches
from paceline.executor import Call, Ended, Launch, Unwritable, disk_fault
from paceline.model.errors import PacelineError
from paceline.model.task import Outcome

Furnish: TypeAlias = Callable[[Iterable[str], Iterable[str]], None]


class Starter:
    """Knows which bodies this supervisor already has. ``furnish``: have these files and directories there."""

    def __init__(self, launches: Launches, furnish: Furnish) -> None:
        self._launches = launches
        self._furnish = furnish
        self._digests: set[str] = set()

    def forget(self) -> None:
        """Another supervisor, or the same one on a new connection."""
        self._digests.clear()

    def start(self, frame: Frame) -> Launch | Call | Ended | Unwritable:
        """The word that starts it; or, if that cannot be, the one a supervisor would say of it."""
        try:
            return self._launch(frame) if frame.shape.program else self._call(frame)
        except (PacelineError, OSError) as error:
            fault = disk_fault(error)
            return Unwritable(keys=list(frame.live), fault=fault) if fault else _not_launched(frame, str(error))

    def _launch(self, frame: Frame) -> Launch:
        launch = self._launches.launch(frame)
        self._furnish([*launch.outs, *launch.errs], () if frame.shape.spec.cwd else launch.cwds)
        return launch

    def _call(self, frame: Frame) -> Call:
        shape = frame.shape
        call = self._launches.call(frame, b"" if shape.digest in self._digests else shape.spec.body)
        self._digests.add(shape.digest)
        return call


def _not_launched(frame: Frame, why: str) -> Ended:
    count = len(frame.live)
    return Ended(
        keys=list(frame.live),
        outcomes=[Outcome.LAUNCH] * count,
        codes=[0] * count,
        details=[why] * count,
        seconds=[0.0] * count,
        out_ends=[0] * count,
        err_ends=[0] * count,
        blobs=[b""] * count,
    )
