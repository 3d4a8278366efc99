"""How the dashboard's files are served, and that what is not ours is what it says it is."""

import asyncio
import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.architecture.source import ROOT
from tests.server.rest.calling import Caller, calling

HOME = ROOT / "src/paceline/dashboard"
BARE = re.compile(r"""(?:from|import)\s*\(?["'](?![./])[^"']*["']""")
ADDRESS = re.compile(r"""["'(](?:https?:)?//[\w.-]+""")


def ask(home: Path, scenario: Callable[[Caller], Awaitable[None]]) -> None:
    """Without a token."""

    async def run() -> None:
        async with calling(home) as caller:
            caller.http.headers.pop("authorization")
            await scenario(caller)

    asyncio.run(run())


def test_it_is_open_cached_for_good_and_small(tmp_path: Path) -> None:
    async def scenario(caller: Caller) -> None:
        page = await caller.http.get("/")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert page.headers["cache-control"] == "no-cache"
        sizes = len(gzip.compress(page.content))
        for path in re.findall(r'(?:href|src)="(/assets/[^"]+)"', page.text):
            asset = await caller.http.get(path)
            assert asset.status_code == 200, path
            assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert asset.headers["content-encoding"] == "gzip"
            assert "script-src 'self'" in asset.headers["content-security-policy"]
            sizes += len(gzip.compress(asset.content))
        assert sizes < 100_000

    ask(tmp_path, scenario)


def test_what_is_known_is_not_sent_again(tmp_path: Path) -> None:
    async def scenario(caller: Caller) -> None:
        page = await caller.http.get("/")
        again = await caller.http.get("/", headers={"if-none-match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    ask(tmp_path, scenario)


def test_who_takes_no_gzip_gets_the_same_text(tmp_path: Path) -> None:
    async def scenario(caller: Caller) -> None:
        small = await caller.http.get("/")
        plain = await caller.http.get("/", headers={"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == small.content

    ask(tmp_path, scenario)


def test_nothing_else_of_the_package_is_served(tmp_path: Path) -> None:
    async def scenario(caller: Caller) -> None:
        page = await caller.http.get("/")
        digest = page.text.partition("/assets/")[2][:16]
        for path in (
            "__init__.py",
            "vendor/VERSIONS",
            "index.html",
            "../server/app.py",
            "..%2f..%2fserver%2fapp.py",
            "",
        ):
            problem = await caller.refused("GET", f"/assets/{digest}/{path}", 404)
            assert problem["code"] == "NOT_FOUND"
        problem = await caller.refused("GET", "/assets/0000000000000000/app.js", 404)
        assert problem["hint"] == "it may be another version's: reload the page"

    ask(tmp_path, scenario)


def test_vendored_files_are_what_was_fetched() -> None:
    rows = [line.split() for line in (HOME / "vendor/VERSIONS").read_text().splitlines() if not line.startswith("#")]
    assert {target: hashlib.sha256((HOME / "vendor" / target).read_bytes()).hexdigest() for *_, target, _ in rows} == {
        target: digest for *_, target, digest in rows
    }
    there = {path.name for path in (HOME / "vendor").iterdir() if path.suffix in (".js", ".css")}
    assert there == {target for *_, target, _ in rows}
    for package, *_ in rows:
        assert (HOME / "vendor" / f"{package.lstrip('@').replace('/', '-')}.LICENSE").exists()


def test_every_import_leads_to_a_file_of_ours() -> None:
    for script in HOME.rglob("*.js"):
        text = script.read_text()
        assert not BARE.search(text), script
        for path in re.findall(r"""(?:from\s*|import\()["'](\.[^"']+)["']""", text):
            assert (script.parent / path).resolve().is_file(), f"{script.name}: {path}"


def imports(script: Path, known: set[Path]) -> set[Path]:
    """All that a script loads at once, itself included."""
    if script not in known:
        known.add(script)
        for path in re.findall(r"""(?:from\s*|^import\s*)"(\.[^"]+)\"""", script.read_text(), re.MULTILINE):
            imports((script.parent / path).resolve(), known)
    return known


def test_the_browser_hears_at_once_of_all_that_it_needs() -> None:
    named = re.findall(r'(?:src|modulepreload" href)="assets/([^"]+)"', (HOME / "index.html").read_text())
    needed = {path.relative_to(HOME.resolve()).as_posix() for path in imports((HOME / "app.js").resolve(), set())}
    assert set(named) == needed


def test_the_page_calls_nobody_else() -> None:
    ours = [path for path in HOME.rglob("*") if path.suffix in (".js", ".css", ".html") and "vendor" not in path.parts]
    assert [path.name for path in ours if ADDRESS.search(path.read_text())] == []


def test_no_markup_is_ever_made_of_text() -> None:
    for script in HOME.rglob("*.js"):
        if "vendor" not in script.parts:
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(", script.read_text()
            )


def test_files_stay_short() -> None:
    sizes = {path.name: path.read_text().count("\n") for path in HOME.rglob("*.js") if "vendor" not in path.parts}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
