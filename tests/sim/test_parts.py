"""The parts of a simulation, each for itself."""

import statistics
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.agent import loop
from paceline.cli.commands.sim import STRATEGIES
from paceline.cli.main import run
from paceline.core.cluster import Cluster
from paceline.core.strategy import STRATEGIES as PLACEMENTS
from paceline.model.errors import UsageError
from paceline.model.resources import Capacity, Gpu
from paceline.sim import engine
from paceline.sim.duration import Duration, parse, place
from paceline.sim.fleet import DISK, parse_fleet
from paceline.sim.measure import Histogram, Series
from paceline.sim.policy import POLICIES
from paceline.sim.weigh import weigh
from paceline.wire import outgoing

GIB = 1 << 30


# ── machines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_machines_in_few_words() -> None:
    machines = parse_fleet(["2", "1x0.5:1GiB", "1x96:1TiB:A100:80GB:2"])
    gpus = tuple(Gpu(uuid=f"GPU-{n}", vendor="nvidia", model="A100", memory=80_000_000_000) for n in range(2))
    assert [machine.capacity for machine in machines] == [
        Capacity(cpu=16_000, memory=64 * GIB, disk=DISK),
        Capacity(cpu=16_000, memory=64 * GIB, disk=DISK),
        Capacity(cpu=500, memory=GIB, disk=DISK),
        Capacity(cpu=96_000, memory=1024 * GIB, disk=DISK, gpus=gpus),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("many", "--workers: cannot read 'many' as workers"),
        ("10*16", "--workers: cannot read '10*16' as workers"),
        ("0", "--workers: there is no worker"),
        ("10000000", "--workers: 10000000 workers"),
        ("2x16:64", "--workers: '64' has no unit"),
        ("2x0", "--workers: '0' is not a positive number"),
        ("2x16:64GiB:A100,H100:2", "--workers: 'A100,H100:2' does not name the devices of one machine"),
        ("2x16:64GiB:A100:0.5", "--workers: 'A100:0.5' does not name the devices of one machine"),
    ],
)
def test_machines_that_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_fleet([text])
    assert refused.value.message.startswith(message)
    assert refused.value.hint


# ── durations ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "median"), [("90s", 90.0), ("exp 100s", 69.3), ("uniform 1m 5m", 180.0), ("lognormal 90s 1.5", 90.0)]
)
def test_durations_are_drawn_as_their_distribution_says(text: str, median: float) -> None:
    duration = parse(text)
    drawn = [duration.at(place(1, 7, index)) for index in range(4000)]
    assert statistics.median(drawn) == pytest.approx(median, rel=0.08)
    assert statistics.mean(drawn) == pytest.approx(duration.mean(), rel=0.15)
    assert duration.fixed == (text == "90s")


def test_no_draw_takes_for_ever() -> None:
    assert Duration(form="lognormal", first=1e9, second=5.0).at(0.999) == 366 * 86_400.0


@given(st.integers(0, 1 << 40), st.integers(1, 1 << 40), st.integers(0, 1 << 40))
def test_a_draw_lies_between_nothing_and_all(seed: int, job: int, index: int) -> None:
    assert 0.0 < place(seed, job, index) < 1.0


# ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.floats(1e-5, 1e6), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_quantiles_are_right_to_one_per_cent(values: list[float], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    assert histogram.quantile(share) == pytest.approx(exact, rel=0.011)
    assert histogram.largest == max(values)


def test_nothing_has_no_quantiles() -> None:
    assert (Histogram().quantile(0.5), Histogram().mean()) == (0.0, 0.0)
    zero = Histogram()
    zero.add(0.0, 3)
    assert (zero.quantile(0.99), zero.count) == (0.0, 3)


def test_a_series_keeps_a_plots_worth_of_rows() -> None:
    series = Series(every=1.0, most=100)
    for second in range(10_000):
        if series.due(second):
            series.add(second, second * 2.0)
    assert 25 <= len(series.rows) < 100
    assert series.rows[0] == (0, 0.0)
    assert series.rows[-1][0] > 9_000


def test_what_is_weighed_is_what_would_not_be_there_otherwise() -> None:
    assert weigh(b"x" * 1000) == pytest.approx(1000, abs=100)
    shared = b"x" * 1000
    assert weigh([shared, shared]) < 1500
    assert weigh([int, weigh, statistics]) < 500
    assert weigh(Cluster()) < 20_000


def test_workers_pause_as_real_ones_do() -> None:
    assert (engine.CALM, engine.INTERVAL) == (loop.CALM, outgoing.INTERVAL)


# ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_policy_can_be_asked_for() -> None:
    assert tuple(POLICIES) == STRATEGIES
    assert set(PLACEMENTS) < set(POLICIES)


def test_a_table_and_a_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "plot.svg"
    assert run(["sim", "--workers", "4x4", "--tasks", "60", "--compare", "--plot", str(plot)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("60 tasks in ")
    assert told[2].split() == list(POLICIES)
    assert [line.split("  ")[0] for line in told[3:6]] == ["makespan", "wait p50", "wait p90"]
    root = ET.fromstring(plot.read_text())
    assert len(root.findall("{*}path")) == 2 * len(POLICIES)


def test_one_run_is_drawn_with_all_it_used(tmp_path: Path) -> None:
    trace, plot = tmp_path / "t.csv", tmp_path / "plot.svg"
    trace.write_text("duration,gpus,count\n30s,1,7\n")
    assert run(["sim", "--workers", "1x4:8GiB:A100:2", "--trace", str(trace), "--plot", str(plot)]) == 0
    texts = [element.text for element in ET.fromstring(plot.read_text()).findall("{*}text")]
    assert {"cpu", "memory", "gpu", "waiting tasks", "7 tasks on 1 workers"} <= set(texts)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--plot", "plot.png"], "--plot: 'plot.png' does not end in .svg"),
        (["--plot", "no/such/folder/plot.svg"], "--plot: cannot write no/such/folder/plot.svg: No such file"),
        (["--workers", "4x"], "--workers: cannot read '4x' as workers"),
        (["--trace", "gone.csv"], "--trace gone.csv: No such file"),
        (["--commit", "long"], "--commit: cannot read 'long' as a duration"),
        (["--strategy", "best"], "invalid value for '--strategy': 'best' is not one of 'spread'"),
        (["--tasks", "0"], "invalid value for '--tasks': 0 is not in the range"),
    ],
)
def test_words_that_are_wrong(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "--tasks", "5", "--workers", "1", *words]) == 2
    assert message in capsys.readouterr().err
