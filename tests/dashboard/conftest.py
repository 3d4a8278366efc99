"""A real fleet, and a real browser that looks at it. Pictures of what it saw lie in ``build/screenshots``."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Browser, ConsoleMessage, Page, Route, expect, sync_playwright

from paceline.config import ServerOptions
from tests.architecture.source import ROOT
from tests.system.conftest import Fleet

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""A browser that draws without a graphics card and calls nobody but us."""
PICTURES = ROOT / "build/screenshots"
WIDE, PHONE = (1280, 800), (390, 800)
ANSWERED = re.compile(r"Failed to load resource: .* status of 4\d\d|ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED")
"""What the browser itself says of answers that are wanted."""


class Board:
    """The dashboard's fleet."""

    def __init__(self, home: Path) -> None:
        self.fleet = Fleet(home)

    @property
    def url(self) -> str:
        place: str = json.loads(ServerOptions(home=self.fleet.home).whereabouts.read_text())["http"]
        return place

    @property
    def token(self) -> str:
        return ServerOptions(home=self.fleet.home).admin_token.read_text().strip()

    def run(self, *words: str) -> str:
        """What a command prints."""
        command = [sys.executable, "-m", "paceline", *words]
        done = subprocess.run(command, env=self.fleet.env, cwd=self.fleet.home, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def submit(self, *words: str) -> str:
        """The job's number."""
        return self.run("submit", "-q", *words)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A server, and whatever workers a module starts."""
    board = Board(tmp_path_factory.mktemp("board"))
    board.fleet.start_server("--http-port", "0", "--heartbeat-interval", "15s")
    yield board
    board.fleet.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Not longer than a module: while it is there, nothing else may run an event loop in this thread."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip("needs Debian's chromium (apt-get install chromium fonts-dejavu-core)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        expect.set_options(timeout=15_000)
        yield chromium
        chromium.close()


Opener = Callable[..., Page]


@pytest.fixture
def opened(board: Board, browser: Browser) -> Iterator[Opener]:
    """Opens a view in a fresh browser, logged in. After the test, none may have complained."""
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not ANSWERED.search(message.text):
            complaints.append(message.text)

    def open_view(
        route: str = "/",
        *,
        scheme: str = "light",
        size: Sequence[int] = WIDE,
        token: str | None = None,
        before: Callable[[Page], object] = lambda page: None,
    ) -> Page:
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": size[0], "height": size[1]},
        )
        kept = json.dumps(board.token if token is None else token)
        context.add_init_script(f"try {{ sessionStorage['paceline.token'] ??= {kept} }} catch {{}}")
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        before(page)
        page.goto(f"{board.url}/#{route}")
        return page

    yield open_view
    for context in browser.contexts:
        context.close()
    assert complaints == []


class Late:
    """The first answer of an address as it was when it was asked for, which arrives when it is let go."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._held: list[tuple[Route, APIResponse]] = []

    def delay(self, page: Page) -> None:
        page.route(self._address, lambda route: self._held.append((route, route.fetch())), times=1)

    def caught(self, page: Page) -> None:
        """Returns once the server has answered."""
        while not self._held:
            page.wait_for_timeout(20)

    def let_go(self) -> None:
        for route, answer in self._held:
            route.fulfill(response=answer)


def picture(page: Page, name: str) -> None:
    """Keep what is seen, for people."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{name}.png"))
