"""Constructs that are never right here, whatever the circumstances; or right in one place that is named."""

import ast
import re
from collections.abc import Iterator, Mapping

import pytest

from tests.architecture.exceptions import CONSTRUCTS, demand
from tests.architecture.source import Source, calls, package, parse

FORBIDDEN: Mapping[str, str] = {
    "cloudpickle.load": "runs what it reads: only in a user's process",
    "cloudpickle.loads": "runs what it reads: only in a user's process",
    "eval": "runs what it reads",
    "exec": "runs what it reads",
    "joblib.load": "runs what it reads: models are kept as skops",
    "marshal.loads": "runs what it reads",
    "os.fork": "gRPC and threads do not survive it: processes are started by exec",
    "os.popen": "a shell reads it",
    "os.system": "a shell reads it",
    "pickle.load": "runs what it reads: only in a user's process",
    "pickle.loads": "runs what it reads: only in a user's process",
    "pickle.Unpickler": "runs what it reads: only in a user's process",
    "shelve.open": "runs what it reads",
    "subprocess.getoutput": "a shell reads it",
    "tempfile.mktemp": "somebody else may take the name first",
    "yaml.full_load": "makes objects: yaml.safe_load, or compose with a SafeLoader",
    "yaml.load": "makes objects: yaml.safe_load, or compose with a SafeLoader",
    "yaml.unsafe_load": "makes objects",
}
"""Calls by their full name, and why not."""

SQL = re.compile(r"\s*(select|insert|update|delete|create|drop|alter|replace|pragma|attach)\b", re.IGNORECASE)


def forbidden(source: Source) -> Iterator[str]:
    """Every forbidden construct as ``place:construct``."""
    for node, name in calls(source):
        if name in FORBIDDEN:
            yield f"{source.place}:{name}"
        if name.endswith(".extractall"):
            yield f"{source.place}:extractall"
        if any(word.arg == "shell" and _is_true(word.value) for word in node.keywords):
            yield f"{source.place}:shell=True"
        if any(word.arg == "allow_pickle" and _is_true(word.value) for word in node.keywords):
            yield f"{source.place}:allow_pickle=True"
    if source.package == "stores":
        yield from (f"{source.place}:SQL from parts" for _ in _assembled_sql(source))


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _assembled_sql(source: Source) -> Iterator[ast.expr]:
    """Statements put together from pieces: f-strings, ``%``, ``+`` and ``format`` whose first piece is SQL."""
    for node in ast.walk(source.tree):
        first: ast.expr | None = None
        if isinstance(node, ast.JoinedStr) and node.values:
            first = node.values[0]
        elif isinstance(node, ast.BinOp):
            first = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            first = node.func.value
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and SQL.match(first.value):
            yield first


def test_nothing_forbidden_is_there() -> None:
    found = {finding for source in package() for finding in forbidden(source)}
    demand(found, CONSTRUCTS)


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("import pickle as p\np.loads(b'')", "pickle.loads"),
        ("from cloudpickle import loads\nloads(b'')", "cloudpickle.loads"),
        ("eval('1')", "eval"),
        ("import yaml\nyaml.load('')", "yaml.load"),
        ("import subprocess\nsubprocess.run('ls', shell=True)", "shell=True"),
        ("import numpy\nnumpy.load('f', allow_pickle=True)", "allow_pickle=True"),
        ("open_archive().extractall('.')", "extractall"),
        ("db.execute(f'SELECT * FROM {table}')", "SQL from parts"),
        ("db.execute('DELETE FROM t WHERE id = ' + key)", "SQL from parts"),
        ("db.execute('update t set a = %s' % a)", "SQL from parts"),
        ("db.execute('insert into {}'.format(t))", "SQL from parts"),
    ],
)
def test_a_forbidden_construct_is_found(text: str, construct: str) -> None:
    assert list(forbidden(parse(text, "stores/x.py"))) == [f"stores/x.py:{construct}"]


def test_bound_parameters_are_fine() -> None:
    text = "db.execute('SELECT a FROM t WHERE id = ?', (1,))\nprint(f'selected {1}')"
    assert list(forbidden(parse(text, "stores/x.py"))) == []
