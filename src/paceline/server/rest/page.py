"""A part of a list, and where the next part begins."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

LIMIT = 1000
"""Rows of a page, at most."""


class Page(msgspec.Struct, Generic[T], kw_only=True):
    """``next``: what to give as ``after`` for the following page; empty: this was the last."""

    items: Sequence[T]
    next: str = ""
