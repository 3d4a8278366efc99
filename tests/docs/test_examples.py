"""How examples are read from a document."""

import sys
from pathlib import Path

import pytest

from tests.docs.examples import Command, File, Script, examples, matches, run

PAGE = """\
```yaml
# job.yaml
name: a
```
```text
not looked at
```
```console
$ first \\
>   second
shown
$ third  # exit 3
```
```python
x = 1
```
"""


def test_a_page_is_read_from_top_to_bottom() -> None:
    assert list(examples(PAGE)) == [
        File(name="job.yaml", text="# job.yaml\nname: a\n"),
        Command(line=9, text="first \\\n  second", exits=0, shown="shown"),
        Command(line=12, text="third", exits=3, shown=None),
        Script(line=15, text="x = 1\n"),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("job 3 done", "job 3 done\n", True),
        ("job … done", "job 3 done", True),
        ("a\n…\nd", "a\nb\nc\nd", True),
        ("a (1)", "a (1)  ", True),
        ("job … done", "job 3 failed", False),
        ("a … b", "a\nb", False),
        ("a", "a\nb", False),
    ],
)
def test_output_is_compared(shown: str, printed: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    assert matches(shown, printed) is same


def test_an_example_that_fails_is_reported(tmp_path: Path) -> None:
    environment = {"PATH": str(Path(sys.executable).parent)}
    good = Command(line=1, text="echo hello", exits=0, shown="hel…")
    bad = Command(line=2, text="echo hello", exits=0, shown="good bye")
    wrong = Script(line=3, text="raise SystemExit(4)")
    assert run(good, tmp_path, environment) == ""
    assert "not what is shown:\ngood bye" in run(bad, tmp_path, environment)
    assert "exited with 4, not 0" in run(wrong, tmp_path, environment)


def test_a_named_block_becomes_a_file(tmp_path: Path) -> None:
    assert run(File(name="a/b.yaml", text="x: 1\n"), tmp_path, {}) == ""
    assert (tmp_path / "a/b.yaml").read_text() == "x: 1\n"
