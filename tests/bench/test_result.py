"""What rounds come to, how runs are compared, and what is shown of them."""

from pathlib import Path

from bench.figure import Row, at_least, at_most
from bench.report import PAGE, filled, tables
from bench.result import Measured, Result, Run, load
from bench.table import lines, split, without_split

RATE = Row(key="map", says="functions", unit="/s", bars=at_least(1000))
DELAY = Row(key="p50", says="latency", unit="ms", bars=at_most(3))


def result(row: Row, *values: float, yard: float = 100.0) -> Result:
    return Result.of(row, [Measured(value=value, yard=yard) for value in values])


def test_the_median_is_judged() -> None:
    assert result(RATE, 1, 1000, 9000).met
    assert not result(RATE, 1, 999, 9000).met
    assert result(DELAY, 3).met
    assert not result(DELAY, 3.1).met


def test_a_faster_machine_is_no_better_result() -> None:
    assert result(RATE, 2000, yard=200).against(result(RATE, 1000, yard=100)) == 1.0
    assert result(DELAY, 1, yard=200).against(result(DELAY, 2, yard=100)) == 1.0


def test_better_is_above_one_whatever_is_better() -> None:
    assert result(RATE, 1500).against(result(RATE, 1000)) == 1.5
    assert result(DELAY, 1).against(result(DELAY, 2)) == 2.0


def test_a_run_is_kept_as_it_was(tmp_path: Path) -> None:
    run = Run(machine={"python": "3.11"}, rows={"map": result(RATE, 1, 2, 3)})
    run.save(tmp_path / "results" / "run.json")
    assert load(tmp_path / "results" / "run.json") == run
    assert load(tmp_path / "none.json").rows == {}


def test_the_table_says_what_is_met_and_what_not() -> None:
    shown = list(lines({"map": result(RATE, 900, 990, 1100), "p50": result(DELAY, 2)}, {"p50": result(DELAY, 3)}))
    assert "990 /s" in shown[2]
    assert "900 – 1,100" in shown[2]
    assert shown[2].endswith("≥ 1,000   NO")
    assert shown[3].endswith("yes       × 1.50")


def test_who_spent_the_processor_is_a_table_of_its_own() -> None:
    parts = {key: result(Row(key=key, says="· agent", unit="µs"), 7) for key in ("split map agent", "split true agent")}
    rows = {"map": result(RATE, 5), **parts}
    assert list(without_split(rows)) == ["map"]
    assert list(split(rows)) == [("CPU", "per function of `map`", "per `true` command"), ("agent", "7 µs", "7 µs")]
    assert list(split({"map": result(RATE, 5)})) == [("CPU",)]


def test_only_the_tables_of_a_page_are_made_anew() -> None:
    page = "a\n<!-- table: bars -->\nold\n<!-- end -->\nb\n"
    assert filled(page, {"bars": "new"}) == "a\n<!-- table: bars -->\n\nnew\n\n<!-- end -->\nb\n"


def test_the_page_shows_the_committed_figures() -> None:
    assert PAGE.read_text() == filled(PAGE.read_text(), tables()), "run: python -m bench.report"
