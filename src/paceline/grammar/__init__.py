"""How people write quantities, devices, arrays and moments. One grammar for command line, job file and SDK.

Selections of jobs, which only a command line has, are in ``selector``.

Pure functions from text to values of ``model``; what they cannot read they refuse with a ``UsageError`` that begins
with the field's name, quotes the text and hints at the nearest spelling that works. Each ``parse_x`` has a
``format_x`` with ``parse_x(format_x(value)) == value``.
"""

from paceline.grammar.array import format_array, parse_array
from paceline.grammar.gpu import format_gpu, parse_gpu
from paceline.grammar.moment import format_moment, parse_moment
from paceline.grammar.name import check_name
from paceline.grammar.pairs import parse_pair, settle
from paceline.grammar.quantity import (
    format_count,
    format_duration,
    format_size,
    parse_count,
    parse_duration,
    parse_size,
)

__all__ = [
    "check_name",
    "format_array",
    "format_count",
    "format_duration",
    "format_gpu",
    "format_moment",
    "format_size",
    "parse_array",
    "parse_count",
    "parse_duration",
    "parse_gpu",
    "parse_moment",
    "parse_pair",
    "parse_size",
    "settle",
]
