"""What is generated is what its generator would write today."""

import subprocess
from pathlib import Path

from tests.architecture.source import ROOT


def differences(fresh: Path, kept: Path) -> list[str]:
    """Files of the fresh tree that are missing or different in the kept one."""
    files = [path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()]
    assert files, "the generator wrote nothing"
    return [
        str(file)
        for file in files
        if not (kept / file).exists() or (kept / file).read_bytes() != (fresh / file).read_bytes()
    ]


def test_protobuf_code_is_current(tmp_path: Path) -> None:
    subprocess.run([ROOT / "scripts/proto", tmp_path], check=True, capture_output=True)
    assert differences(tmp_path, ROOT / "src") == [], "run: make proto"


def test_documents_made_from_code_are_current(tmp_path: Path) -> None:
    subprocess.run([ROOT / "scripts/docs", tmp_path], check=True, capture_output=True)
    assert differences(tmp_path, ROOT / "docs") == [], "run: make docs"


def test_a_stale_file_is_found(tmp_path: Path) -> None:
    fresh, kept = tmp_path / "fresh", tmp_path / "kept"
    for folder, text in ((fresh, "new"), (kept, "old")):
        folder.mkdir()
        (folder / "a").write_text(text)
    (fresh / "b").write_text("only here")
    assert sorted(differences(fresh, kept)) == ["a", "b"]
