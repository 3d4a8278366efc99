"""A part of a list, and where the next part begins."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from paceline.server.operations.listing import Part

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], kw_only=True):
    """``next``: what to give as ``after`` for the following page; empty: this was the last."""

    items: Sequence[T]
    next: str = ""


def page(part: Part[T]) -> Page[T]:
    """A part as it is sent."""
    return Page(items=part.items, next=str(part.next) if part.next >= 0 else "")
