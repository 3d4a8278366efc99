"""The grammar: what each spelling means, what is refused and with which words, and that formats parse back."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline import grammar
from paceline.grammar import selector
from paceline.model.errors import UsageError
from paceline.model.job import Range
from paceline.model.resources import GpuNeed

GB, GIB = 10**9, 2**30


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("1.5h", 5400),
        ("3600", 3600),
        ("0", 0),
        ("01:30:00", 5400),
        ("2-12:00:00", 216_000),
        ("250ms", 0.25),
        ("1w", 604_800),
        ("90M", 5400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert grammar.parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GiB", 8 * GIB),
        ("8GB", 8 * GB),
        ("8G", 8 * GIB),
        ("8Gi", 8 * GIB),
        ("512MB", 512 * 10**6),
        ("1.5 TB", 1_500 * GB),
        ("200GB..", 200 * GB),
        ("32GiB+", 32 * GIB),
        ("0", 0),
        ("100B", 100),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert grammar.parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "milli"), [("4", 4000), ("0.5", 500), ("16..", 16_000), ("4+", 4000), ("1.125", 1125)]
)
def test_counts(text: str, milli: int) -> None:
    assert grammar.parse_count(text) == milli


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("2", GpuNeed(milli=2000)),
        ("0.5", GpuNeed(milli=500)),
        ("A100", GpuNeed(milli=1000, models=("A100",))),
        ("a100:0.25", GpuNeed(milli=250, models=("A100",))),
        ("A10G,A100:2", GpuNeed(milli=2000, models=("A10G", "A100"))),
        ("A100:80GB:2", GpuNeed(milli=2000, models=("A100",), memory=80 * GB)),
        ("nvidia", GpuNeed(milli=1000, vendor="nvidia")),
        ("nvidia:A100-SXM4-80GB", GpuNeed(milli=1000, vendor="nvidia", models=("A100-SXM4-80GB",))),
        ("24GB..40GB:2", GpuNeed(milli=2000, memory=24 * GB, memory_max=40 * GB)),
        ("24GiB..", GpuNeed(milli=1000, memory=24 * GIB)),
        ("AMD:MI300X:4+", GpuNeed(milli=4000, vendor="amd", models=("MI300X",))),
        ("H100:2..", GpuNeed(milli=2000, models=("H100",))),
        ("RTX 3090 Ti", GpuNeed(milli=1000, models=("RTX 3090 TI",))),
        ("3090Ti", GpuNeed(milli=1000, models=("3090TI",))),
    ],
)
def test_gpus(text: str, need: GpuNeed) -> None:
    assert grammar.parse_gpu(text) == (need,)


def test_a_range_of_gpu_counts_is_several_needs_best_first() -> None:
    assert [need.milli for need in grammar.parse_gpu("H100:1..3")] == [3000, 2000, 1000]


@pytest.mark.parametrize(
    ("text", "ranges", "limit"),
    [
        ("1-100", (Range(start=1, stop=101),), 0),
        ("1-100:2%8", (Range(start=1, stop=100, step=2),), 8),
        ("5", (Range(start=5, stop=6),), 0),
        ("4-6,1", (Range(start=1, stop=2), Range(start=4, stop=7)), 0),
        ("0-9:2,1-9:2", (Range(start=0, stop=9, step=2), Range(start=1, stop=10, step=2)), 0),
        ("999999999999999", (Range(start=10**15 - 1, stop=10**15),), 0),
        ("1-1_000_000", (Range(start=1, stop=1_000_001),), 0),
    ],
)
def test_arrays(text: str, ranges: tuple[Range, ...], limit: int) -> None:
    assert grammar.parse_array(text) == (ranges, limit)


@pytest.mark.parametrize(
    ("text", "jobs", "tasks"),
    [
        ("last", selector.LastJob(), ()),
        ("all", selector.AllJobs(), ()),
        ("3", selector.JobNumbers(ranges=(Range(start=3, stop=4),)), ()),
        ("1,4-6", selector.JobNumbers(ranges=(Range(start=1, stop=2), Range(start=4, stop=7))), ()),
        ("3.17", selector.JobNumbers(ranges=(Range(start=3, stop=4),)), (Range(start=17, stop=18),)),
        ("3.1-5", selector.JobNumbers(ranges=(Range(start=3, stop=4),)), (Range(start=1, stop=6),)),
        ("last.7", selector.LastJob(), (Range(start=7, stop=8),)),
        ("train-7b", selector.JobNamed(name="train-7b"), ()),
        ("train.py", selector.JobNamed(name="train.py"), ()),
        ("train.py.4", selector.JobNamed(name="train.py"), (Range(start=4, stop=5),)),
    ],
)
def test_selectors(text: str, jobs: selector.LastJob, tasks: tuple[Range, ...]) -> None:
    assert selector.parse_selector(text) == selector.Selector(jobs=jobs, tasks=tasks)


def test_moments() -> None:
    assert grammar.parse_moment("1970-01-02T00:00:00Z", 5.0) == 86_400
    assert grammar.parse_moment("1970-01-02T01:00:00+01:00", 5.0) == 86_400
    assert grammar.parse_moment("2h", 5.0) == 7205
    assert grammar.parse_moment("+90", 5.0) == 95
    assert grammar.parse_moment("20260131", 0.0) == 20_260_131
    assert grammar.format_moment(86_400.25) == "1970-01-02T00:00:00.250Z"


REFUSED: list[tuple[Callable[[str], object], str, str, str]] = [
    (grammar.parse_duration, "soon", "duration: cannot read 'soon' as a duration", "such as 30s, 1h30m, 01:30:00"),
    (grammar.parse_duration, "01:30", "duration: cannot read '01:30'", "minutes or hours"),
    (grammar.parse_duration, "-5s", "duration: cannot read '-5s'", "such as"),
    (grammar.parse_duration, "5 parsecs", "duration: cannot read '5 parsecs'", "such as"),
    (grammar.parse_size, "8", "size: '8' has no unit", "write 8GiB or 8MB"),
    (grammar.parse_size, "8 apples", "size: 'apples' is not a unit of '8 apples'", "units are B, KB"),
    (grammar.parse_size, "9223372036854775808B", "size: '9223372036854775808B' is more than any worker", "a digit"),
    (grammar.parse_size, "8192PiB", "size: '8192PiB' is more than any worker has", "a digit too many"),
    (grammar.parse_duration, "9" * 5000 + "h", "duration: cannot read '999", "such as 30s"),
    (grammar.parse_count, "9" * 20, "cpus: '99999999999999999999' is more than any worker has", "a digit"),
    (grammar.parse_gpu, "9" * 5000, "gpu: '999", "[vendor:]model"),
    (grammar.parse_size, "lots", "size: cannot read 'lots' as a size", "such as 512MB"),
    (grammar.parse_size, "1GB..2GB", "size: '1GB..2GB' has an upper bound", "write 1GB or 1GB.."),
    (grammar.parse_size, "..2GB", "size: '..2GB' has an upper bound", "lower bound alone"),
    (grammar.parse_count, "four", "cpus: cannot read 'four' as a number", "such as 4 or 0.5"),
    (grammar.parse_count, "0", "cpus: '0' is not a positive number", "such as 0.5"),
    (grammar.parse_count, "0.0001", "cpus: '0.0001' is not a positive number with at most three decimals", "0.5"),
    (grammar.parse_count, "2..4", "cpus: '2..4' has an upper bound, which only gpu", "write 2 or 2.."),
    (grammar.parse_gpu, "4090", "gpu: '4090' devices", "such as RTX4090"),
    (grammar.parse_gpu, "1.5", "gpu: '1.5' is neither a part of one device nor a whole number", "0.5 or 2"),
    (grammar.parse_gpu, "H100:2..1", "gpu: '2..1' is not a range", "such as 1..2"),
    (grammar.parse_gpu, "nvdia:A100:1", "gpu: cannot read 'nvdia' of 'nvdia:A100:1'", "did you mean 'nvidia'?"),
    (grammar.parse_gpu, "A100:2:80GB", "gpu: '2' is not the name of a model", "[vendor:]model"),
    (grammar.parse_gpu, "A100,,H100", "gpu: '' is not the name of a model", "[vendor:]model"),
    (grammar.parse_gpu, "40GB..24GB", "gpu: memory '40GB..24GB' ends before it begins", "write 24GB..40GB"),
    (grammar.parse_array, "5-1", "array: '5-1' ends before it begins", "write 1-5"),
    (grammar.parse_array, "1-9:0", "array: '1-9:0' has a step of 0", "1 or more"),
    (grammar.parse_array, "1-3,2", "array: '1-3,2' names 2 twice", "each index once"),
    (grammar.parse_array, "0-99,7,50", "array: '0-99,7,50' names 7 twice", "each index once"),
    (
        grammar.parse_array,
        "0-9999999999:2,1-9999999999:3",
        "array: '0-9999999999:2,1-9999999999:3' names 4 twice",
        "each index once",
    ),
    (grammar.parse_array, "0,1_000_000_000_000_000", "array: 1_000_000_000_000_000 is too large for an index", "999"),
    (grammar.parse_array, "9" * 5000, "array: 9999999", "the largest is 999,999,999,999,999"),
    (grammar.parse_array, "1-2:" + "9" * 20, "array: 99999999999999999999 is too large", "the largest is"),
    (grammar.parse_array, "1-9%" + "9" * 5000, "array: '9999999", "1-100%8"),
    (grammar.parse_array, "", "array: cannot read '' as indexes", "such as 1-100"),
    (grammar.parse_array, "1-9%none", "array: 'none' after % is not a number of tasks", "1-100%8"),
    (grammar.parse_array, "1-9%0", "array: '0' after %", "1-100%8"),
    (selector.parse_selector, "all.3", "selector: 'all.3' names tasks of several jobs", "3.3"),
    (selector.parse_selector, "1-2.3", "selector: '1-2.3' names tasks of several jobs", "3.3"),
    (selector.parse_selector, "", "selector: '' is not 1 to 128 printable characters", "train-7b"),
    (grammar.check_name, "last", "name: 'last' would read as a selection", "job-last"),
    (grammar.check_name, "17", "name: '17' would read as a selection", "job-17"),
    (grammar.check_name, "v1.2", "name: 'v1.2' would read as a selection", "job-v1.2"),
    (grammar.check_name, "a\nb", "name: 'a\\nb' is not 1 to 128 printable", "train-7b"),
]


@pytest.mark.parametrize(("parse", "text", "message", "hint"), REFUSED)
def test_refusals_say_what_and_what_instead(parse: Callable[[str], object], text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert refused.value.message.startswith(message)
    assert hint in refused.value.hint


def test_refused_moments() -> None:
    with pytest.raises(UsageError, match="does not say its offset from UTC"):
        grammar.parse_moment("2026-01-31T18:00:00", 0.0)
    with pytest.raises(UsageError, match="cannot read 'tomorrow' as a time"):
        grammar.parse_moment("tomorrow", 0.0)


def test_refused_pairs() -> None:
    assert grammar.parse_pair("zone=a=b", "label") == ("zone", "a=b")
    with pytest.raises(UsageError, match="label: 'zone' is not of the form KEY=VALUE"):
        grammar.parse_pair("zone", "label")


# ── what is formatted parses back ───────────────────────────────────────────────────────────────────────────────────

SIZES = st.integers(0, 1 << 60)
MODELS = st.from_regex(r"[A-Z][A-Z0-9]{1,6}(-[A-Z0-9]{1,4}){0,2}", fullmatch=True).filter(
    lambda name: name.lower() not in ("nvidia", "amd", "intel")
)
COUNTS = st.integers(1, 999) | st.integers(1, 64).map(lambda whole: whole * 1000)


@st.composite
def gpu_needs(draw: st.DrawFn) -> GpuNeed:
    memory = draw(st.just(0) | st.integers(1, 1 << 42))
    memory_max = draw(st.just(0) | st.integers(memory, 1 << 43)) if memory else 0
    return GpuNeed(
        milli=draw(COUNTS),
        vendor=draw(st.sampled_from(["", "nvidia", "amd", "intel"])),
        models=tuple(draw(st.lists(MODELS, max_size=3))),
        memory=memory,
        memory_max=memory_max,
    )


@st.composite
def range_sets(draw: st.DrawFn) -> tuple[Range, ...]:
    """Disjoint ranges in ascending order, each spelled the one way the parser spells it."""
    ranges, start = [], 0
    for _ in range(draw(st.integers(1, 4))):
        start += draw(st.integers(0, 100))
        count = draw(st.integers(1, 50))
        step = draw(st.integers(1, 9)) if count > 1 else 1
        ranges.append(Range(start=start, stop=start + (count - 1) * step + 1, step=step))
        start = ranges[-1].stop
    return tuple(ranges)


@given(SIZES)
def test_sizes_parse_back(size: int) -> None:
    assert grammar.parse_size(grammar.format_size(size)) == size


@given(st.floats(0, 1e9) | st.integers(0, 10**9).map(float))
def test_durations_parse_back(seconds: float) -> None:
    assert grammar.parse_duration(grammar.format_duration(seconds)) == seconds


@given(st.integers(1, 10**7))
def test_counts_parse_back(milli: int) -> None:
    assert grammar.parse_count(grammar.format_count(milli)) == milli


@given(gpu_needs())
def test_gpus_parse_back(need: GpuNeed) -> None:
    assert grammar.parse_gpu(grammar.format_gpu(need)) == (need,)


@given(range_sets(), st.integers(0, 100))
def test_arrays_parse_back(ranges: tuple[Range, ...], limit: int) -> None:
    assert grammar.parse_array(grammar.format_array(ranges, limit)) == (ranges, limit)


@given(st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000))
def test_moments_parse_back(at: float) -> None:
    assert grammar.parse_moment(grammar.format_moment(at), 0.0) == pytest.approx(at, abs=0.001)


@given(
    st.sampled_from([selector.LastJob(), selector.JobNamed(name="train.py")])
    | st.integers(1, 10**6).map(lambda n: selector.JobNumbers(ranges=(Range(start=n, stop=n + 1),))),
    st.just(()) | range_sets(),
)
def test_selectors_parse_back(jobs: selector.LastJob, tasks: tuple[Range, ...]) -> None:
    wanted = selector.Selector(jobs=jobs, tasks=tasks)
    assert selector.parse_selector(selector.format_selector(wanted)) == wanted


@given(st.text(max_size=30))
def test_no_text_raises_anything_but_a_usage_error(text: str) -> None:
    parses: list[Callable[[str], object]] = [
        grammar.parse_duration,
        grammar.parse_size,
        grammar.parse_count,
        grammar.parse_gpu,
        grammar.parse_array,
        selector.parse_selector,
        lambda each: grammar.parse_moment(each, 0.0),
    ]
    for parse in parses:
        with suppress(UsageError):
            parse(text)


def test_ranges_that_lie_in_each_other_are_compared_without_counting_through_them() -> None:
    ranges, _ = grammar.parse_array("0-999999999999998:2,1-999999999999999:2")
    assert [len(range(each.start, each.stop, each.step)) for each in ranges] == [5 * 10**14] * 2
