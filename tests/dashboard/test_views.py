"""Every view, as somebody uses it."""

import json
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Position, expect

from tests.dashboard.conftest import PHONE, WIDE, Board, Late, Opener, picture

pytestmark = pytest.mark.system

EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
PUBLISH = """\
import json, pathlib
from paceline.train import publish
folder = pathlib.Path("model")
folder.mkdir(exist_ok=True)
(folder / "weights.json").write_text("[1, 2, 3]")
publish(folder, {"model": "linear", "task": "classification", "metrics": {"accuracy": 0.91},
                 "params": {"rate": 0.1}, "target": "<b>bold</b>", "format": "json"})
"""
REPORT = f"""\
from paceline.train import report
print({EVIL!r})
report(step=1, loss=0.5, **{{{EVIL!r}: 1.0}})
"""
VIEWS = {
    "": "Throughput",
    "jobs": "Progress",
    "workers": "CPUs booked",
    "training": "Runs",
    "models": "Score",
    "timeline": "Span",
    "events": "How, and why",
}
"""By path, a word that only this view has."""
WIDEST = """() => Math.max(document.documentElement.scrollWidth,
    ...[...document.querySelectorAll('.table .row > span')].map(each => each.getBoundingClientRect().right))"""
"""How far to the right something reaches, in pixels."""


@pytest.fixture(scope="module", autouse=True)
def worked(board: Board) -> None:
    """A worker that has done a few things: a job that went well, one that failed, a model."""
    board.fleet.start_worker("w1", "--cpus", "4", "--label", "site=lab")
    home = board.fleet.home
    (home / "publish.py").write_text(PUBLISH)
    (home / "report.py").write_text(REPORT)
    board.submit("--name", "good", "--array", "0-19", "--", "true")
    board.submit("--name", "bad", "--", "sh", "-c", "echo oh dear >&2; exit 3")
    board.run("submit", "-q", "--wait", "--name", "model", "--", sys.executable, "publish.py")


# ── who is there ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_code_logs_in_once_and_leaves_no_trace(board: Board, opened: Opener) -> None:
    address = board.run("dashboard", "-q")
    page = opened(token="")
    page.goto("about:blank")
    page.goto(address)
    expect(page.get_by_text("tasks ended/s")).to_be_visible()
    assert "pl_login" not in page.url

    again = opened(token="")
    again.goto("about:blank")
    again.goto(address)
    expect(again.get_by_role("alert")).to_contain_text("login token is not (or no longer) good")
    expect(again.get_by_role("alert")).to_contain_text("paceline dashboard")


def test_without_a_token_it_says_how_to_get_one(board: Board, opened: Opener) -> None:
    page = opened("/jobs", token="")
    expect(page.get_by_text("paceline dashboard", exact=True)).to_be_visible()
    picture(page, "login")
    page.get_by_label("Token").fill("pl_admin_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not (or no longer) good")
    page.get_by_label("Token").fill(board.token)
    page.keyboard.press("Enter")
    expect(page.locator('[data-name="jobs"]')).to_contain_text("good")


def test_who_may_only_look_is_offered_nothing_else(board: Board, opened: Opener) -> None:
    reader = json.loads(board.run("token", "create", "--read", "--json"))["token"]["token"]
    page = opened("/workers", token=reader)
    expect(page.locator('[data-name="workers"]')).to_contain_text("w1")
    expect(page.get_by_role("button", name="Drain…")).to_have_count(0)


# ── looking around ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", WIDE), ("light", PHONE)])
def test_every_view_is_a_click_away(opened: Opener, scheme: str, size: tuple[int, int]) -> None:
    page = opened(scheme=scheme, size=size)
    for path, word in VIEWS.items():
        page.locator(f'nav a[href="#/{path}"]').click()
        expect(page.get_by_text(word).first).to_be_attached()
        expect(page.locator("nav a[aria-current]")).to_have_attribute("href", f"#/{path}")
        picture(page, f"{path or 'overview'}-{scheme}-{size[0]}")
        assert page.evaluate(WIDEST) <= size[0], f"{path} is wider than the screen"
    expect(page.get_by_role("button", name="Log out")).to_be_in_viewport(ratio=1)


def test_on_a_phone_the_bar_shows_where_one_is(opened: Opener) -> None:
    page = opened("/events", size=PHONE)
    expect(page.locator("nav a[aria-current]")).to_be_in_viewport(ratio=1)


def test_from_a_job_to_what_its_task_wrote(opened: Opener) -> None:
    page = opened("/jobs?state=FAILED")
    page.get_by_role("cell", name="bad", exact=True).click()
    expect(page.get_by_role("heading", name="Job 2 bad")).to_be_visible()
    page.get_by_role("link", name="2.0").click()
    page.get_by_role("button", name="err").click()
    expect(page.locator("pre.paper")).to_have_text("oh dear\n")
    expect(page.locator(".facts")).to_contain_text("exit code 3")


def test_a_model_is_found_tagged_and_downloaded(opened: Opener) -> None:
    page = opened("/models")
    page.get_by_role("link", name="Linear_91.0%").first.click()
    expect(page.get_by_role("heading", name="Linear_91.0%")).to_be_visible()
    expect(page.locator(".columns")).to_contain_text("rate")
    page.get_by_label("New tag").fill("prod")
    page.keyboard.press("Enter")
    expect(page.locator(".tags")).to_contain_text("prod")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download weights.json").click()
    assert Path(download.value.path()).read_text() == "[1, 2, 3]"
    page.get_by_role("button", name="Remove tag prod").click()
    expect(page.locator(".tags")).not_to_contain_text("prod")


def test_models_are_those_that_were_asked_for_last(opened: Opener) -> None:
    nothing = Late("**/api/models?text=nothing*")
    page = opened("/models?text=nothing", before=nothing.delay)
    nothing.caught(page)
    page.get_by_label("Key, name, card").fill("linear")
    page.wait_for_url("**text=linear")
    nothing.let_go()
    expect(page.get_by_role("link", name="Linear_91.0%").first).to_be_visible()


def test_the_timeline_leads_to_the_task(opened: Opener) -> None:
    page = opened("/timeline")
    page.get_by_label("Span").select_option("10 m")
    canvas = page.locator(".timeline canvas")
    page.wait_for_function("() => document.querySelector('.timeline canvas').hits?.length > 0")
    bar = canvas.evaluate("canvas => canvas.hits[0]")
    middle: Position = {"x": bar["x"] + bar["width"] / 2, "y": bar["y"] + bar["height"] / 2}
    canvas.hover(position=middle)
    expect(page.locator(".hover")).to_contain_text("#1")
    canvas.click(position=middle)
    expect(page.get_by_role("heading", name="Task")).to_be_visible()


def test_the_keyboard_is_enough(opened: Opener) -> None:
    page = opened()
    expect(page.get_by_text("tasks ended/s")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_role("cell", name="good", exact=True)).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Job 1 good")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_label("Name")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("bad")
    expect(page.get_by_role("cell", name="good", exact=True)).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="Workers")).to_be_visible()


# ── as it happens ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_output_is_followed(board: Board, opened: Opener) -> None:
    flag = board.fleet.home / "stop-writing"
    loop = f"i=0; while [ ! -e {flag} ]; do i=$((i+1)); echo line $i; sleep 0.1; done; echo the end"
    job = board.submit("--name", "writer", "--", "sh", "-c", loop)
    page = opened(f"/tasks/{job}.0")
    paper = page.locator("pre.paper")
    expect(paper).to_contain_text("line 3\n")
    seen = paper.inner_text().count("line")
    page.wait_for_function(f"() => document.querySelector('pre.paper').textContent.split('line').length > {seen + 5}")
    flag.touch()
    expect(paper).to_contain_text("the end")
    expect(page.locator("header .badge")).to_have_text("succeeded")
    lines = [line for line in paper.inner_text().splitlines() if line.startswith("line")]
    assert lines == [f"line {number + 1}" for number in range(len(lines))]  # none lost, none twice


def test_a_curve_grows_while_it_is_watched_and_others_stand_beside_it(board: Board, opened: Opener) -> None:
    slow = ("--kind", "simulate", "--param", "epochs=500", "--param", "epoch_ms=100")
    first, second = board.submit("--name", "first", *slow), board.submit("--name", "second", *slow)
    page = opened(f"/training?runs={first}")
    plot = page.locator('[data-metric="loss"] .plot')
    expect(plot.locator("canvas")).to_be_visible()
    expect(page.locator(".legend")).to_contain_text("simulated")
    points = int(plot.get_attribute("data-points") or 0)
    more = f"() => Number(document.querySelector('[data-metric=\"loss\"] .plot').dataset.points) > {points + 3}"
    page.wait_for_function(more)
    page.locator(".runs li", has_text="second").get_by_role("checkbox").check()
    expect(page.locator(".legend li")).to_have_count(2)
    page.wait_for_function("() => document.querySelectorAll('[data-metric=\"loss\"] .last i').length === 2")
    picture(page, "training-compared")
    board.run("cancel", first, second)


def test_why_it_waits_and_cancel_with_a_reason(board: Board, opened: Opener) -> None:
    job = board.submit("--name", "huge", "--cpus", "64", "--", "true")
    page = opened(f"/tasks/{job}.0")
    told = page.locator('[data-name="explanation"]')
    expect(told).to_contain_text("NEVER_FITS")
    expect(told).to_contain_text("w1 lacks 60 cpus")
    expect(told).to_contain_text("cpus: 4")
    picture(page, "why")
    page.goto(f"{board.url}/#/jobs/{job}")
    expect(page.locator('[data-name="tasks"] .why')).to_contain_text("no connected worker could ever run it")

    page.keyboard.press("c")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Cancel job {job}?")
    picture(page, "cancel")
    dialog.get_by_label("Reason").fill(EVIL)
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(page.locator("header .badge")).to_have_text("cancelled")
    expect(page.locator(".facts")).to_contain_text(EVIL)
    page.goto(f"{board.url}/#/events?kind=cancel_kept")
    expect(page.locator('[data-name="events"]')).to_contain_text("admin")
    expect(page.locator('[data-name="events"]')).to_contain_text(EVIL)
    assert page.evaluate("window.hit") is None


def test_a_worker_is_drained_and_resumed(board: Board, opened: Opener) -> None:
    job = board.submit("--name", "sleeper", "--", "sleep", "60")  # one that runs nothing would leave at once
    page = opened("/workers/w1")
    expect(page.locator(".page")).to_contain_text("site=lab")
    expect(page.locator(".line", has_text="sleeper")).to_contain_text("running")
    page.get_by_role("button", name="Drain…").click()
    page.get_by_role("button", name="Drain", exact=True).click()
    expect(page.locator("header .badge")).to_have_text("draining")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("header .badge")).to_have_text("ready")
    board.run("cancel", job)


def test_what_users_wrote_is_shown_and_never_run(board: Board, opened: Opener) -> None:
    job = board.run(
        "submit", "-q", "--wait", "--name", EVIL[:60], "--experiment", "<b>x</b>", "--", sys.executable, "report.py"
    )
    page = opened("/jobs")
    for route in (
        "/",
        "/jobs",
        f"/jobs/{job}",
        f"/tasks/{job}.0",
        f"/training?runs={job}",
        "/models",
        "/timeline",
        "/events",
    ):
        page.goto(f"{board.url}/#{route}")
        expect(page.locator("main .page")).to_be_visible()
        if route.startswith(("/jobs", "/tasks", "/training")):
            expect(page.get_by_text("<img src=x").first).to_be_attached()
        assert page.locator("img[src='x'], main script").count() == 0, route
    assert page.evaluate("window.hit") is None


def test_it_heals_when_the_server_was_away(board: Board, opened: Opener) -> None:
    page = opened("/jobs")
    expect(page.locator(".link")).to_have_text("live")
    port = board.url.rpartition(":")[2]
    board.fleet.kill_server()
    expect(page.locator(".link")).to_have_text("reconnecting")
    expect(page.get_by_role("alert")).to_contain_text("the server does not answer")
    board.fleet.start_server("--http-port", port, "--heartbeat-interval", "15s")
    expect(page.locator(".link")).to_have_text("live")
    job = board.submit("--name", "after the break", "--", "true")
    expect(page.get_by_role("link", name=job, exact=True)).to_be_visible()
