"""Files of scikit-learn objects by skops, which keeps what they are made of and never code to run.

To know which types it may trust, skops looks into every module of scikit-learn when it is imported, and so comes upon
the one that imports torch: two seconds and 200 MB for nothing. It takes no for an answer.
"""

import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paceline.model.errors import UsageError

_NEEDLESS = "sklearn.externals.array_api_compat.torch"


@contextmanager
def _without(module: str) -> Iterator[None]:
    """As if there were no such module, unless somebody has imported it already."""
    ours = module not in sys.modules
    if ours:
        sys.modules[module] = None  # type: ignore[assignment]  # importlib's way to say: not to be had
    try:
        yield
    finally:
        if ours:
            del sys.modules[module]


with _without(_NEEDLESS):
    import skops.io

TRUSTED = frozenset({"sklearn.tree._tree.Tree", "numpy.dtype", "paceline.tasks.train.times.TimeParts"})
"""Types beyond those that skops trusts by itself: arrays and numbers, no behaviour of the file's own."""


def dump(thing: object, file: Path) -> None:
    """Write it."""
    skops.io.dump(thing, file, compression=zipfile.ZIP_DEFLATED, compresslevel=1)  # a sixth of the size, at once


def load(file: Path) -> object:
    """What ``dump`` wrote. Raises UsageError if anything in it is of a type that no such file has."""
    return skops.io.load(file, trusted=checked(file))


def checked(file: Path) -> list[str]:
    """Types in it that skops would ask about, all of them ours. Takes about as long as loading it.

    Raises UsageError for any other.
    """
    asked = skops.io.get_untrusted_types(file=file)
    strange = sorted(name for name in asked if name not in TRUSTED)
    if strange:
        raise UsageError(f"{str(file)!r} holds types that are not trusted: {', '.join(strange)}")
    return list(asked)
