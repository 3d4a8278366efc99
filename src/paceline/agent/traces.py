"""What a program's attempt finds on disk and leaves there: two files for its output, and a directory to work in."""

import asyncio

from paceline.agent.frames import Frame
from paceline.agent.places import Places
from paceline.agent.spares import Spares
from paceline.agent.sweep import remove_tree
from paceline.model.ids import AttemptId


class Traces:
    """See the module. Removing a directory with things in it is left to a thread."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._spares = Spares(places.spares)

    def furnish(self, frame: Frame) -> None:
        """Put there what is to spare; whoever starts the program makes the rest."""
        if not frame.shape.program:
            return
        for attempt in frame.live.values():
            output = self._places.output_of(attempt)
            self._spares.put_file(output.out)
            self._spares.put_file(output.err)
            if not frame.shape.spec.cwd:
                self._spares.put_directory(self._places.scratch_of(attempt))

    def clear(self, attempt: AttemptId) -> None:
        """Nobody needs any of it any more."""
        output, scratch = self._places.output_of(attempt), self._places.scratch_of(attempt)
        self._spares.take_file(output.out)
        self._spares.take_file(output.err)
        if not self._spares.take_directory(scratch):
            asyncio.get_running_loop().run_in_executor(None, remove_tree, scratch)
