"""What people and their programs say, as it may be shown: on a line of its own, and saying nothing to a terminal.

A name, an exception's text, a reported value may hold line ends and escape sequences, by accident or by intent. Who
reads them, in a table or in a log, is often somebody else.
"""

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """What does not print is written as its code: no line ends early, no terminal is spoken to."""
    return text if text.isprintable() else "".join(each if each.isprintable() else _code(each) for each in text)


def _code(char: str) -> str:
    """As in JSON."""
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return _SHORT.get(char) or "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
