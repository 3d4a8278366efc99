"""What the page shows is so, whatever was missed, came late, or is told by nobody."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from tests.dashboard.conftest import Board, Late, Opener

pytestmark = pytest.mark.system

TROUBLE = 'event: problem\ndata: {"status": 503, "detail": "it reads no more", "hint": "for now"}\n\n'


@pytest.fixture(scope="module", autouse=True)
def worked(board: Board) -> None:
    """A worker, and a few rows in the event log."""
    board.fleet.start_worker("w1", "--cpus", "8")
    jobs = {f"j{number}": {"run": ["true"]} for number in range(12)}
    (board.fleet.home / "jobs.yaml").write_text(json.dumps({"jobs": jobs}))
    board.submit("jobs.yaml")
    board.run("submit", "-q", "--wait", "--name", "earlier", "--", "true")


def little(route: Route) -> None:
    """What is read at a time is one row."""
    route.continue_(url=re.sub(r"limit=(1000|200)\b", "limit=1", route.request.url))


class Running:
    """A job that ends when it is told to."""

    def __init__(self, board: Board, name: str, *words: str) -> None:
        self._flag = board.fleet.home / name
        loop = f"while [ ! -e {self._flag} ]; do sleep 0.05; done; echo the end"
        self.job = board.submit("--name", name, *words, "--", "sh", "-c", loop)

    def end(self) -> None:
        self._flag.touch()


@contextmanager
def stopped(board: Board, worker: str) -> Iterator[None]:
    """What it is given it does not take in hand."""
    process = board.fleet.workers[worker]
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


# ── what was missed ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_ended_while_nobody_told_is_over(board: Board, opened: Opener) -> None:
    old = Running(board, "old")
    page = opened("/", before=lambda page: page.route("**/api/jobs?limit=200", little))
    expect(page.locator(".line", has_text="old").locator(".badge")).to_have_text("running")
    board.submit("--name", "newer", "--", "true")
    port = board.url.rpartition(":")[2]
    comebacks: list[Route] = []
    page.route("**/api/live", lambda route: comebacks.append(route), times=1)  # noqa: PLW0108 - it wants a function
    board.fleet.kill_server()
    while not comebacks:
        page.wait_for_timeout(20)
    board.fleet.start_server("--http-port", port, "--heartbeat-interval", "15s")
    old.end()
    board.run("wait", old.job)
    comebacks[0].continue_()
    expect(page.locator(".link")).to_have_text("live")
    page.goto(f"{board.url}/#/jobs/{old.job}")
    expect(page.locator("header .badge")).to_have_text("succeeded")
    page.goto(f"{board.url}/#/jobs?name=earlier")
    expect(page.locator('[data-name="jobs"]')).to_contain_text("succeeded")


# ── what came late ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_late_answer_hides_nothing_that_is_newer(board: Board, opened: Opener) -> None:
    short = Running(board, "short")
    lists = Late("**/api/jobs?limit=200")
    page = opened("/", before=lists.delay)
    lists.caught(page)
    short.end()
    badge = page.locator(".line", has_text="short").locator(".badge")
    expect(badge).to_have_text("succeeded")
    lists.let_go()
    expect(page.locator(".tile .foot").first).to_contain_text("jobs")  # the others are there, too
    expect(badge).to_have_text("succeeded")


def test_what_changes_while_it_is_read_is_read_again(board: Board, opened: Opener) -> None:
    watched = Running(board, "watched")
    tasks = Late(f"**/api/jobs/{watched.job}/tasks?limit=100")
    page = opened(f"/jobs/{watched.job}", before=tasks.delay)
    tasks.caught(page)
    watched.end()
    expect(page.locator("header .badge")).to_have_text("succeeded")
    tasks.let_go()
    expect(page.locator('[data-name="tasks"] .badge')).to_have_text("succeeded")


def test_rows_come_into_a_filter_that_had_none(board: Board, opened: Opener) -> None:
    filtered = Running(board, "filtered")
    page = opened(f"/jobs/{filtered.job}?state=SUCCEEDED")
    expect(page.get_by_text("No task is in this state.")).to_be_visible()
    filtered.end()
    expect(page.locator('[data-name="tasks"] .badge')).to_have_text("succeeded")


# ── what is told by nobody ──────────────────────────────────────────────────────────────────────────────────────────


def test_that_an_attempt_began_is_seen(board: Board, opened: Opener) -> None:
    with stopped(board, "w1"):
        given = Running(board, "given")
        task, job = opened(f"/tasks/{given.job}.0"), opened(f"/jobs/{given.job}")
        badges = task.locator("header .badge"), job.locator('[data-name="tasks"] .badge')
        for badge in badges:
            expect(badge).to_have_text("assigned")
        task.wait_for_timeout(1500)  # all that records tell has been read by then
        for badge in badges:
            expect(badge).to_have_text("assigned")
    for badge in badges:
        expect(badge).to_have_text("running")
    given.end()


def test_a_cause_that_is_gone_is_not_told(board: Board, opened: Opener) -> None:
    first, second = Running(board, "first"), Running(board, "second")
    board.submit("--name", "third", "--after", first.job, "--after", second.job, "--", "true")
    page = opened("/jobs?name=third")
    why = page.locator(".row .why")
    expect(why).to_have_text(f"waits for job {first.job}, which is not over (+1)")
    first.end()
    expect(why).to_have_text(f"waits for job {second.job}, which is not over")
    second.end()


def test_only_of_a_worker_that_is_not_there_it_is_told_when_it_was_seen(board: Board, opened: Opener) -> None:
    board.fleet.start_worker("guest", "--label", "guest=yes")
    page = opened("/workers/guest")
    facts = page.locator(".facts").first
    expect(facts).to_contain_text("guest=yes")
    expect(facts).not_to_contain_text("seen")
    board.fleet.kill_worker("guest")
    expect(facts).to_contain_text("seen")


# ── what cannot be told ─────────────────────────────────────────────────────────────────────────────────────────────


def test_output_is_tried_again_and_trouble_is_no_output(board: Board, opened: Opener) -> None:
    writer = Running(board, "writer")

    def troubled(page: Page) -> None:
        page.route("**/log?*", lambda route: route.abort("connectionrefused"), times=1)
        page.route("**/log/live?*", fails, times=1)

    page = opened(f"/tasks/{writer.job}.0", before=troubled)
    alert = page.locator(".log [role=alert]")
    expect(alert).to_contain_text("the server does not answer")
    expect(alert).to_contain_text("it reads no more")
    expect(alert).to_have_count(0)
    writer.end()
    expect(page.locator("pre.paper")).to_have_text("the end\n")


def test_the_event_log_goes_on_after_trouble(opened: Opener) -> None:
    page = opened("/events", before=lambda page: page.route("**/api/events/live?*", fails, times=1))
    expect(page.get_by_role("alert")).to_contain_text("it reads no more")
    expect(page.locator('[data-name="events"] .rows .row').first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_token_whose_id_is_all_digits_is_no_job(opened: Opener) -> None:
    page = opened("/events", before=lambda page: page.route("**/api/events/live?*", digits, times=1))
    expect(page.get_by_role("cell", name="810810006011", exact=True).first).to_be_visible()


def digits(route: Route) -> None:
    """One token in three hundred is called so; no test can wait for it."""
    body = json.dumps({"role": "read", "name": "grafana", "by": "admin"})
    event = {"seq": 1, "at": 1.0, "kind": "token_kept", "subject": "810810006011", "body": body}
    route.fulfill(content_type="text/event-stream", body=f"event: events\ndata: {json.dumps([event])}\n\n")


def fails(route: Route) -> None:
    """A stream that begins and finds that it cannot go on."""
    route.fulfill(content_type="text/event-stream", body=TROUBLE)


def test_the_timeline_says_that_it_could_not_read_all(opened: Opener) -> None:
    page = opened("/timeline")
    page.wait_for_function("() => document.querySelector('.timeline canvas')?.hits?.length > 10")
    expect(page.get_by_role("alert")).to_have_count(0)
    page = opened("/timeline", before=lambda page: page.route(re.compile("/api/events"), little))
    expect(page.get_by_role("alert")).to_contain_text("Not all of this is drawn")
