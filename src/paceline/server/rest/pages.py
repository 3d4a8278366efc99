"""The dashboard's files: ``/`` and all that it loads.

One digest over all files is part of every asset's path, which relative imports inside keep. So an asset never changes
under its address and may be cached for good, while ``/``, which names the digest, is asked for each time. All of it is
read and compressed once, at the first call: some 300 kB.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, HeaderParameter

from paceline.model.errors import NotFound

TYPES: Mapping[str, str] = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
"""What is served, by the end of its name; licences and the like are not."""
FOR_GOOD = "public, max-age=31536000, immutable"

Encodings = Annotated[str, HeaderParameter(name="accept-encoding")]
Known = Annotated[str, HeaderParameter(name="if-none-match")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file, as it goes out."""

    type: str
    plain: bytes
    small: bytes  # gzip
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """All of it. ``assets`` by path: ``3f2a91…/lib/api.js``."""

    page: Asset
    assets: Mapping[str, Asset]


@get("/", include_in_schema=False)
async def page(encodings: Encodings = "", known: Known = "") -> Response[bytes]:
    """The dashboard."""
    return _answer(site().page, "no-cache", encodings, known)


@get("/assets/{path:path}", include_in_schema=False)
async def asset(path: FromPath[str], encodings: Encodings = "", known: Known = "") -> Response[bytes]:
    """A part of the dashboard."""
    found = site().assets.get(path.removeprefix("/"))
    if found is None:
        raise NotFound(f"the dashboard has no file {path!r}", hint="it may be another version's: reload the page")
    return _answer(found, FOR_GOOD, encodings, known)


def _answer(found: Asset, caching: str, encodings: str, known: str) -> Response[bytes]:
    headers = {"etag": found.etag, "cache-control": caching, "vary": "accept-encoding"}
    if found.etag in known:
        return Response(b"", status_code=304, headers=headers)
    if "gzip" in encodings:
        return Response(found.small, media_type=found.type, headers={**headers, "content-encoding": "gzip"})
    return Response(found.plain, media_type=found.type, headers=headers)


@cache
def site() -> Site:
    """Read, named and compressed."""
    found = dict(sorted(_files(files("paceline.dashboard"))))
    digest = hashlib.sha256(b"".join(name.encode() + content for name, content in found.items())).hexdigest()[:16]
    index = found.pop("index.html").replace(b'"assets/', f'"/assets/{digest}/'.encode())
    return Site(
        page=_asset("index.html", index),
        assets={f"{digest}/{name}": _asset(name, content) for name, content in found.items()},
    )


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in TYPES:
            yield prefix + entry.name, entry.read_bytes()


def _asset(name: str, content: bytes) -> Asset:
    return Asset(
        type=TYPES[name.rpartition(".")[2]],
        plain=content,
        small=gzip.compress(content, 9, mtime=0),
        etag=f'"{hashlib.sha256(content).hexdigest()[:16]}"',
    )
