"""The project's own source, parsed: what every rule in this folder looks at."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_NOT_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One Python file. ``place`` is its path below the folder it was asked for: ``server/loop.py``."""

    place: str
    text: str
    tree: ast.Module

    @property
    def package(self) -> str:
        """First part of the place: ``server``, or ``config.py`` for a module at the top."""
        return self.place.split("/")[0]

    def at(self, node: ast.AST) -> str:
        """Where a finding is."""
        return f"{self.place}:{getattr(node, 'lineno', 1)}"


def parse(text: str, place: str = "here.py") -> Source:
    """A source from its text; the rules' own tests use it too."""
    return Source(place=place, text=text, tree=ast.parse(text))


@cache
def sources(folder: str) -> tuple[Source, ...]:
    """Every Python file below a folder of the project, generated ones left out."""
    base = ROOT / folder
    files = sorted(path for path in base.rglob("*.py") if "gen" not in path.relative_to(base).parts)
    return tuple(parse(path.read_text(), path.relative_to(base).as_posix()) for path in files)


def package() -> tuple[Source, ...]:
    """Everything that is shipped."""
    return sources("src/paceline")


# ── names ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def imported(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    """Every import statement with the full name of each thing it brings in, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def uses(source: Source) -> Iterator[tuple[ast.expr, str]]:
    """Every name or attribute chain in the file with its full name, aliases undone: ``o.environ`` → ``os.environ``."""
    aliases = _aliases(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            parts = _chain(node)
            if parts:
                yield node, ".".join([aliases.get(parts[0], parts[0]), *parts[1:]])


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call whose callee has a name, with that full name."""
    names = {id(node): name for node, name in uses(source)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = names.get(id(node.func))
            yield node, name if name else f"?.{getattr(node.func, 'attr', '')}"


def _aliases(tree: ast.AST) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom):
            aliases |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return aliases


def _chain(node: ast.expr) -> list[str]:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return [node.id, *parts] if isinstance(node, ast.Name) else []


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def functions(source: Source) -> Iterator[tuple[str, Function]]:
    """Every function and method with its qualified name."""
    yield from _functions(source.tree, "")


def _functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield prefix + node.name, node
        if isinstance(node, Function | ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        else:
            yield from _functions(node, prefix)


def code_lines(source: Source) -> set[int]:
    """Numbers of the lines that hold code: no comment, no blank, no docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type not in _NOT_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines
