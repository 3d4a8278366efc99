"""What Prometheus says of what we show it: by its own tool, and by its parser."""

import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing: package prometheus")


def promtool(*words: str | Path, text: bytes = b"") -> None:
    """Fail with all that it complains about."""
    done = subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True, timeout=30, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said


def samples(text: bytes) -> dict[tuple[str, ...], float]:
    """By name and label values, in the order of the labels' names."""
    return {
        (each.name, *(each.labels[name] for name in sorted(each.labels))): each.value
        for family in parse(text.decode())
        for each in family.samples
    }


def names(text: bytes) -> set[str]:
    """Of families, as they are written: ``_total`` included."""
    return {line.split()[2] for line in text.decode().splitlines() if line.startswith("# TYPE ")}
