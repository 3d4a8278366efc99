"""What is written beside the code: links lead somewhere, and nothing names the machine it was written on."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PRIVATE_PATH = re.compile(r"(?<![\w.~}/-])/(?:home|root|Users|work|mnt)/[\w.-]+")
ADDRESS = re.compile(r"\w+://")


@cache
def tracked() -> tuple[Path, ...]:
    """Every text that is part of the project: what git holds, or would be asked to."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    files = [ROOT / line for line in listed.stdout.splitlines()]
    return tuple(path for path in files if path.is_file())


def dead_links(document: Path) -> Iterator[str]:
    """Relative links, and anchors within the linked document, that lead nowhere."""
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        path, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (document.parent / path) if path else document
        if not target.exists():
            yield f"{document.name}: {link}"
        elif anchor and anchor not in anchors(target):
            yield f"{document.name}: {link} (no such heading)"


def anchors(document: Path) -> set[str]:
    """What a heading is called in a link."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def private_paths(text: str) -> list[str]:
    """Absolute paths that exist on somebody's machine only."""
    return PRIVATE_PATH.findall(text)


def documents() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    assert list(dead_links(document)) == []


def test_nothing_names_somebodys_machine() -> None:
    found = {str(path.relative_to(ROOT)): private_paths(path.read_text(errors="replace")) for path in tracked()}
    assert {place: paths for place, paths in found.items() if paths} == {}


def test_requirements_name_no_place_to_fetch_from() -> None:
    files = [path for path in tracked() if path.parent.name == "requirements"]
    assert files
    assert [path.name for path in files if ADDRESS.search(path.read_text())] == []


def test_every_requirement_is_pinned_by_hash() -> None:
    logical = (ROOT / "requirements/dev.txt").read_text().replace("\\\n", " ").splitlines()
    assert [line for line in logical if "==" not in line or "--hash=sha256:" not in line] == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here we are\n[a](#here-we-are) [b](page.md#there) [c](gone.md) [d](https://example.org)\n")
    assert list(dead_links(page)) == ["page.md: page.md#there (no such heading)", "page.md: gone.md"]


def test_a_private_path_is_found() -> None:
    text = "cp {0}home{0}ada{0}x data{0}home{0}x ~{0}work{0}y".format("/")
    assert private_paths(text) == ["/".join(["", "home", "ada"])]


def missing_files(text: str) -> list[str]:
    """Source files that a text names in backticks and that are not there. Folders end in a slash."""
    named = re.findall(r"`((?:[a-z_]+/)*[a-z_]+(?:\.py|/))`", text)
    places = (ROOT, ROOT / "src/paceline", *(ROOT / "src/paceline").glob("*/"))
    return [name for name in named if not any((place / name).exists() for place in places)]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_named_in_documents_exist(document: Path) -> None:
    assert missing_files(document.read_text()) == []


def test_a_missing_file_is_found() -> None:
    assert missing_files("`core/scheduler.py` `scheduler.py` `stores/` `core/oracle.py` `shops/`") == [
        "core/oracle.py",
        "shops/",
    ]
