"""What a program's attempt finds on disk and leaves there: two files for its output, and a directory to work in."""

import asyncio
import os
from collections.abc import Iterable

from paceline.agent.places import Places
from paceline.agent.spares import Spares
from paceline.agent.sweep import remove_tree
from paceline.model.ids import AttemptId


class Traces:
    """See the module. Removing a directory with things in it is left to a thread."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._spares = Spares(places.spares)

    def furnish(self, files: Iterable[str], directories: Iterable[str]) -> None:
        """Have the directories there, and of the files what is to spare: the others are made by whoever starts it.

        Raises OSError.
        """
        for file in files:
            self._spares.put_file(file)
        for directory in directories:
            self._spares.put_directory(directory)
            _make(directory)

    def clear(self, attempt: AttemptId) -> None:
        """Nobody needs any of it any more."""
        output, scratch = self._places.output_of(attempt), self._places.scratch_of(attempt)
        self._spares.take_file(output.out)
        self._spares.take_file(output.err)
        if not self._spares.take_directory(scratch):
            asyncio.get_running_loop().run_in_executor(None, remove_tree, scratch)


def _make(directory: str) -> None:
    try:
        os.mkdir(directory)  # noqa: PTH102 - hot: no Path objects
    except FileExistsError:
        return
    except FileNotFoundError:
        os.makedirs(directory)  # noqa: PTH103
