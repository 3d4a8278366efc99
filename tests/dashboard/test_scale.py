"""A hundred thousand tasks and five hundred workers, in one page."""

import time
from collections.abc import Mapping
from typing import Any

import grpc.aio
import pytest
from playwright.sync_api import CDPSession, Page, expect

from paceline.sdk.blocking import bridge
from paceline.sdk.client import Client
from paceline.wire.gen import worker_pb2 as pb
from paceline.wire.gen import worker_pb2_grpc
from tests.dashboard.conftest import Board, Opener, picture

pytestmark = pytest.mark.system

TASKS, WORKERS = 100_000, 500
FIRST_PAINT = 1000.0  # milliseconds
FIRST_ROWS = 3000.0  # what the server says included, on a machine that runs other tests beside
TRANSFERRED = 300_000  # bytes
SHARE = 0.3  # of a core
LOOKS = 3  # of which the best counts: the machine does other things too


@pytest.fixture(scope="module", autouse=True)
def crowded(board: Board) -> None:
    """Workers that have registered, a job that none of them can run, and one worker that works."""
    bridge().run(register(board))
    board.submit("--name", "many", "--array", f"0-{TASKS - 1}", "--cpus", "64", "--", "true")
    board.fleet.start_worker("real", "--cpus", "2", "--label", "real=yes")


async def register(board: Board) -> None:
    """By the calls that a worker in any language makes."""
    make: Any = worker_pb2_grpc.WorkerServiceStub
    able = pb.WorkerCapabilities(cpu_cores=8, memory_gb=32, max_tasks=8)
    async with Client(board.fleet.options) as client, grpc.aio.insecure_channel(board.fleet.options.address) as channel:
        stub = make(channel)
        for number in range(WORKERS):
            token = (await client.create_token("join")).token
            request = pb.RegisterWorkerRequest(worker_id=f"node-{number:03}", capabilities=able)
            await stub.RegisterWorker(request, metadata=(("authorization", f"Bearer {token}"),))


class Meter:
    """What a page costs."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self.bytes = 0.0
        self._session.on("Network.dataReceived", self._received)
        self._session.on("Network.responseReceived", self._answered)
        self._session.send("Network.enable")
        self._session.send("Performance.enable")

    def _received(self, event: Mapping[str, Any]) -> None:
        self.bytes += event["encodedDataLength"]

    def _answered(self, event: Mapping[str, Any]) -> None:
        self.bytes += event["response"]["encodedDataLength"]

    def busy(self) -> float:
        """Seconds for which the page's thread has worked."""
        told = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in told if each["name"] == "TaskDuration"))


def first_paint(page: Page) -> float:
    """Milliseconds until something was seen."""
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def first_rows(page: Page, text: str) -> float:
    """Milliseconds until the list was there, with what the server said."""
    seen = "text => document.querySelector('.rows .row')?.textContent.includes(text) && performance.now()"
    return float(page.wait_for_function(seen, arg=text).json_value())


@pytest.mark.parametrize(
    ("route", "table", "rows", "first"),
    [("/jobs/1", "tasks", TASKS, "1.0"), ("/workers", "workers", WORKERS + 1, "node-000")],
)
def test_a_long_list_is_there_at_once_and_costs_little(
    opened: Opener, route: str, table: str, rows: int, first: str
) -> None:
    paints: list[float] = []
    while len(paints) < LOOKS and min(paints, default=FIRST_PAINT) >= FIRST_PAINT:
        meters: list[Meter] = []
        page = opened(route, before=lambda page, meters=meters: meters.append(Meter(page)))
        assert first_rows(page, first) < FIRST_ROWS
        paints.append(first_paint(page))
        listed = page.locator(f'[data-name="{table}"]')
        expect(listed).to_have_attribute("aria-rowcount", str(rows))
        assert listed.locator(".rows .row").count() < 100
        assert meters[0].bytes < TRANSFERRED
    assert min(paints) < FIRST_PAINT
    picture(page, f"scale-{table}")


def test_any_place_of_it_is_reached_at_once(opened: Opener) -> None:
    page = opened("/jobs/1")
    expect(page.get_by_role("link", name="1.0", exact=True)).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("End")
    expect(page.get_by_role("link", name=f"1.{TASKS - 1}", exact=True)).to_be_visible()
    expect(page.locator('[data-name="tasks"] .rows .row', has_text=f"1.{TASKS - 1}")).to_contain_text("waiting")
    page.locator('[data-name="tasks"] .rows').evaluate(f"box => box.scrollTop = {TASKS // 2} * 32")
    expect(page.get_by_role("link", name=f"1.{TASKS // 2 + 3}", exact=True)).to_be_visible()


@pytest.mark.parametrize("route", ["/", "/jobs/2", "/timeline"])
def test_following_leaves_the_machine_to_others(board: Board, opened: Opener, route: str) -> None:
    meters: list[Meter] = []
    job = board.submit("--name", "busy", "--array", "0-9999", "--label", "real=yes", "--", "true")
    page = opened(route.replace("2", job), before=lambda page: meters.append(Meter(page)))
    expect(page.locator(".link")).to_have_text("live")
    page.wait_for_timeout(1000)  # what it takes to begin is measured above
    began, busy = time.monotonic(), meters[0].busy()  # noqa: TID251 - a real page keeps real time
    page.wait_for_timeout(4000)
    spent = (meters[0].busy() - busy) / (time.monotonic() - began)  # noqa: TID251
    board.run("cancel", job)
    assert spent < SHARE
