"""How large things may be. Budgets are rails, not the goal: what must leave them says why in ``exceptions.py``."""

import ast
import statistics
from collections.abc import Iterator

from tests.architecture.exceptions import LONG_FILES, LONG_FUNCTIONS, MANY_METHODS, MANY_PARAMETERS, demand
from tests.architecture.source import ROOT, Function, Source, code_lines, functions, package, parse

FUNCTION_LINES = 50
USUAL_FUNCTION_LINES = 25  # of nine functions in ten
FILE_LINES = 400
MEDIAN_FILE_LINES = 150
PARAMETERS = 6
METHODS = 20
ANY_PER_THOUSAND_LINES = 3
TOUR_LINES = 1500

TOUR = (
    "docs/architecture.md",
    "src/paceline/model/task.py",
    "src/paceline/model/events.py",
    "src/paceline/model/decision.py",
    "src/paceline/core/scheduler.py",
    "src/paceline/core/lifecycle.py",
    "src/paceline/core/placement.py",
    "src/paceline/server/loop.py",
    "src/paceline/agent/state.py",
    "src/paceline/agent/loop.py",
    "src/paceline/executors/process.py",
)
"""What a newcomer reads, in this order."""


def lengths(source: Source) -> Iterator[tuple[str, int]]:
    """Lines of code of every function."""
    code = code_lines(source)
    for name, node in functions(source):
        span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        yield f"{source.place}:{name}", len(code.intersection(span))


def parameters(node: Function) -> int:
    """What a caller may say; ``self`` and ``cls`` are not his."""
    own = [*node.args.posonlyargs, *node.args.args]
    receiver = bool(own) and own[0].arg in ("self", "cls")
    return len(own) + len(node.args.kwonlyargs) - receiver


def methods(source: Source) -> Iterator[tuple[str, int]]:
    """How many methods every class has."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            yield f"{source.place}:{node.name}", sum(isinstance(child, Function) for child in node.body)


def test_functions_are_short() -> None:
    sizes = dict(pair for source in package() for pair in lengths(source))
    long = {name for name, size in sizes.items() if size > FUNCTION_LINES}
    demand(long, LONG_FUNCTIONS)
    assert statistics.quantiles(sizes.values(), n=10)[-1] <= USUAL_FUNCTION_LINES


def test_files_are_short() -> None:
    sizes = {source.place: source.text.count("\n") for source in package()}
    long = {place for place, size in sizes.items() if size > FILE_LINES}
    demand(long, LONG_FILES)
    assert statistics.median(sizes.values()) <= MEDIAN_FILE_LINES


def test_parameters_are_few() -> None:
    many = {
        f"{source.place}:{name}"
        for source in package()
        for name, node in functions(source)
        if parameters(node) > PARAMETERS
    }
    demand(many, MANY_PARAMETERS)


def test_classes_do_one_thing() -> None:
    many = {name for source in package() for name, count in methods(source) if count > METHODS}
    demand(many, MANY_METHODS)


def test_types_are_known() -> None:
    files = [source for source in package() if source.package != "wire"]
    unknown = [
        source.at(node)
        for source in files
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and node.id == "Any"
    ]
    thousands = sum(source.text.count("\n") for source in files) / 1000
    assert len(unknown) / thousands <= ANY_PER_THOUSAND_LINES, unknown


def test_the_tour_is_short_enough_to_read_in_a_morning() -> None:
    sizes = {file: (ROOT / file).read_text().count("\n") for file in TOUR}
    assert sum(sizes.values()) < TOUR_LINES, sizes


def test_length_counts_code_only() -> None:
    text = 'def f(a):\n    """Says.\n\n    More.\n    """\n    # a reason\n\n    return (\n        a\n    )\n'
    assert list(lengths(parse(text))) == [("here.py:f", 4)]


def test_parameters_leave_the_receiver_out() -> None:
    (_, node), *_ = functions(parse("class A:\n    def f(self, a, /, b, *, c): ..."))
    assert parameters(node) == 3
