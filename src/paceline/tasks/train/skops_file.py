"""Files of scikit-learn objects by skops, which keeps what they are made of and never code to run."""

import zipfile
from pathlib import Path

import skops.io

from paceline.model.errors import UsageError

TRUSTED = frozenset({"sklearn.tree._tree.Tree", "numpy.dtype", "paceline.tasks.train.times.TimeParts"})
"""Types beyond those that skops trusts by itself: arrays and numbers, no behaviour of the file's own."""


def dump(thing: object, file: Path) -> None:
    """Write it. Raises UsageError if it has a part that could not be loaded safely."""
    skops.io.dump(thing, file, compression=zipfile.ZIP_DEFLATED, compresslevel=1)  # a sixth of the size, at once
    _check_types(file)


def load(file: Path) -> object:
    """What ``dump`` wrote. Raises UsageError if anything in it is of a type that no such file has."""
    return skops.io.load(file, trusted=_check_types(file))


def _check_types(file: Path) -> list[str]:
    asked = skops.io.get_untrusted_types(file=file)
    strange = sorted(name for name in asked if name not in TRUSTED)
    if strange:
        raise UsageError(f"{str(file)!r} holds types that are not trusted: {', '.join(strange)}")
    return list(asked)
