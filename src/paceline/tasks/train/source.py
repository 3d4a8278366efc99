"""Where tables come from: files of the worker, or URLs that are fetched for as long as they are read.

What ``data`` and ``validation_data`` may say is settled here and nowhere else.
"""

import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec

from paceline.model.errors import UsageError
from paceline.tasks.train.params import TrainParams

FIELDS = ("data", "validation_data")
PATIENCE = 60.0
"""Seconds without a byte after which a server is given up."""


@contextmanager
def fetched(params: TrainParams) -> Iterator[TrainParams]:
    """The same, with every table in a file of this machine; fetched ones are removed again.

    Raises UsageError for what cannot be fetched.
    """
    wanted = {field: where for field in FIELDS if "://" in (where := getattr(params, field))}
    if not wanted:
        yield params
        return
    with tempfile.TemporaryDirectory(prefix=".fetched-", dir=".") as directory:
        here = {field: str(_fetch(f"train.{field}", url, Path(directory) / field)) for field, url in wanted.items()}
        yield msgspec.structs.replace(params, **here)


def _fetch(field: str, url: str, into: Path) -> Path:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    into.mkdir()
    file = into / PurePosixPath(unquote(parts.path)).name
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as source, file.open("wb") as target:  # noqa: S310 - checked
            shutil.copyfileobj(source, target, 1 << 20)
            _check_whole(field, url, source.headers["Content-Length"], target.tell())
    except urllib.error.HTTPError as error:
        error.close()
        raise UsageError(f"{field}: {url!r} answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        raise UsageError(f"{field}: cannot fetch {url!r}: {why}", hint="it is the worker that fetches it") from None
    return file


def _check_whole(field: str, url: str, announced: str | None, came: int) -> None:
    if announced and int(announced) != came:
        raise UsageError(f"{field}: {url!r} broke off: {came:,} of {int(announced):,} bytes came")
