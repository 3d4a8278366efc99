"""What is the same whichever way a message goes: what every call carries, and the errors that may come of it."""

from collections.abc import Mapping

from google.protobuf.message import Message

from paceline.config import MESSAGE_LIMIT
from paceline.model import errors

PROTOCOL = 1
"""Version of the words between processes. Neighbours (one more, one less) understand each other."""

PROTOCOL_KEY = "paceline-protocol"

FLEET = "/paceline.v1.Fleet/"
"""Before the name of each of the clients' methods."""

Metadata = tuple[tuple[str, str], ...]

_BY_CODE: Mapping[str, type[errors.PacelineError]] = {
    kind.code: kind
    for kind in (
        errors.Conflict,
        errors.Forbidden,
        errors.NeverFits,
        errors.NotAllowed,
        errors.NotFound,
        errors.StoreError,
        errors.TryAgain,
        errors.UsageError,
        errors.VersionMismatch,
    )
}


def metadata(token: str) -> Metadata:
    """What every call carries."""
    return (("authorization", f"Bearer {token}"), (PROTOCOL_KEY, str(PROTOCOL)))


def named(code: str, message: str, hint: str = "") -> errors.PacelineError:
    """The error of this code; a plain PacelineError for a code from a newer peer."""
    return _BY_CODE.get(code, errors.PacelineError)(message, hint=hint)


def check_protocol(theirs: int, who: str, version: str = "") -> errors.VersionMismatch | None:
    """None if we understand each other; else the error, which says who must upgrade."""
    if abs(theirs - PROTOCOL) <= 1:
        return None
    behind = who if theirs < PROTOCOL else "the server"
    text = f"{who} {version} speaks protocol {theirs}, the server {PROTOCOL}".replace("  ", " ")
    return errors.VersionMismatch(text, hint=f"upgrade {behind}: neighbouring protocol versions understand each other")


def in_words(message: Message) -> str:
    """What to call a message to a user: ``the submit request``."""
    name = type(message).__name__
    asked = name.removesuffix("Request")
    return f"the {asked.lower()} request" if asked != name else "a word of the session"


def check_size(message: Message, thing: str) -> None:
    """Raises UsageError, in which the message is called ``thing``, if it cannot be sent."""
    if message.ByteSize() > MESSAGE_LIMIT:
        raise too_large(message.ByteSize(), thing)


def too_large(size: int, thing: str, limit: int = MESSAGE_LIMIT) -> errors.UsageError:
    """A message that cannot be sent."""
    advice = (
        "ask for fewer at a time"
        if thing.startswith("the answer")
        else "say it in several parts, or put large data into files"
    )
    return errors.UsageError(f"{thing} is {size:,} bytes, one message carries at most {limit:,}", hint=advice)
