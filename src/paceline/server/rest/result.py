"""How a task ended, with its result as JSON where it is."""

from typing import Literal

import msgspec

from paceline.model.views import ResultRow


class Result(msgspec.Struct, kw_only=True):
    """``result``: what it says (null if there is none), or where it is no JSON, base64 of its bytes."""

    index: int
    number: int  # of the attempt
    outcome: str
    code: int
    detail: str
    seconds: float
    encoding: Literal["json", "base64"]
    result: object


def result(row: ResultRow) -> Result:
    """A row as it is sent."""
    said, encoding = _said(row.result)
    return Result(
        index=row.index,
        number=row.number,
        outcome=row.outcome,
        code=row.code,
        detail=row.detail,
        seconds=row.seconds,
        encoding=encoding,
        result=said,
    )


def _said(text: bytes) -> tuple[object, Literal["json", "base64"]]:
    if not text:
        return None, "json"
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text, "base64"  # which is what bytes are in JSON
    return msgspec.Raw(text), "json"  # as it is
