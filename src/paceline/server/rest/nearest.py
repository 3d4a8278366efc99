"""What somebody may have meant."""

import difflib
from collections.abc import Sequence


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint: the nearest of the words, or all of them where none is near."""
    near = difflib.get_close_matches(word[:100], known, 1)
    return f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}" if known else "there are none"
