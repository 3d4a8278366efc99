"""What a row came to: the median of its rounds, their spread, and how it stands to the bare machine of that moment.

Seconds of two runs are not comparable, for machines differ, and one machine differs from itself an hour later. What is
compared is each value *relative* to a yardstick of the same round: a rate as so many of the yardstick's steps, a
duration as so many steps as the yardstick makes meanwhile.
"""

import functools
import json
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.figure import Row
from paceline.clock import SystemClock

RESULTS = Path(__file__).with_name("results")
LATEST, BASELINE = RESULTS / "latest.json", RESULTS / "baseline.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One round. ``yard``: the row's yardstick, per second; 0 where it has none."""

    value: float
    yard: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row of one run."""

    says: str
    unit: str
    median: float
    lowest: float
    highest: float
    rounds: int
    relative: float  # median of what it is in steps of the yardstick
    more_is_better: bool
    bar: str  # "≥ 30000", or empty
    met: bool
    taken: str
    commit: str

    @classmethod
    def of(cls, row: Row, measured: Sequence[Measured]) -> "Result":
        values = [each.value for each in measured]
        median = statistics.median(values)
        return cls(
            says=row.says,
            unit=row.unit,
            median=median,
            lowest=min(values),
            highest=max(values),
            rounds=len(values),
            relative=statistics.median(_relative(row, each) for each in measured),
            more_is_better=row.more_is_better,
            bar=" ".join(f"{bar.sign} {bar.value:,g}" for bar in row.bars),
            met=all(bar.met(median) for bar in row.bars),
            taken=datetime.fromtimestamp(SystemClock().now(), UTC).strftime("%Y-%m-%d %H:%M"),
            commit=_commit(),
        )

    def against(self, before: "Result") -> float:
        """How many times as good as then; above 1 is better."""
        if not before.relative or not self.relative:
            return 1.0
        return self.relative / before.relative if self.more_is_better else before.relative / self.relative


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A file of results."""

    machine: Mapping[str, str]
    rows: Mapping[str, Result]

    def save(self, path: Path) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")


def load(path: Path) -> Run:
    """Empty where there is none."""
    if not path.exists():
        return Run(machine={}, rows={})
    kept = json.loads(path.read_text())
    return Run(machine=kept["machine"], rows={key: Result(**row) for key, row in kept["rows"].items()})


def machine() -> Mapping[str, str]:
    """What it was measured on, as far as it matters and names nobody."""
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    count = sum(line.startswith("processor") for line in _cpuinfo())
    return {
        "processors": f"{count} × {model}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _cpuinfo() -> Sequence[str]:
    return Path("/proc/cpuinfo").read_text().splitlines()


def _relative(row: Row, measured: Measured) -> float:
    if row.yardstick == "none":
        return measured.value
    return measured.value / measured.yard if row.unit == "/s" else measured.value * measured.yard


@functools.cache
def _commit() -> str:
    """Empty outside a clone."""
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True
        )
    except FileNotFoundError:
        return ""
    return said.stdout.strip()
