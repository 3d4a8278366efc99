"""A job file that came as JSON: numbers become the text that stands for them, as if somebody had written it in YAML.

There are no lines to point to: a mistake is told with its path alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from paceline.model.errors import UsageError
from paceline.orders.jobfile.document import DEPTH, Place, Plain, is_typed, spell


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Values that were read already."""

    root: object

    def values(self) -> dict[str, Plain]:
        """Everything in it."""
        if not isinstance(self.root, Mapping):
            raise self.error((), "a job is a mapping of keys to values", 'such as {"run": "python train.py"}')
        return {key: self._value(value, (key,)) for key, value in self.root.items()}

    def error(self, place: Place, text: str, hint: str = "") -> UsageError:
        """``resources.memory: text``."""
        return UsageError(f"{spell(place)}: {text}" if place else f"body: {text}", hint=hint)

    def _value(self, value: object, place: Place) -> Plain:
        if len(place) > DEPTH:
            raise self.error(place[:1], f"nested deeper than {DEPTH} levels")
        match value:
            case dict():
                return {key: self._value(each, (*place, key)) for key, each in value.items()}
            case list():
                return [self._value(each, (*place, number)) for number, each in enumerate(value)]
            case None | str():
                return value
        assert isinstance(value, bool | int | float)
        return value if is_typed(place) else _text(value)


def read(body: bytes) -> Given:
    """What a request's body says. Raises UsageError naming the byte where it stops being JSON."""
    if not body.strip():
        raise UsageError("body: is empty", hint='such as {"run": "python train.py"}')
    try:
        return Given(root=msgspec.json.decode(body))
    except msgspec.DecodeError as error:
        raise UsageError(f"body: {error}", hint="a job file's content, as JSON") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"body: is not UTF-8 text: {error.reason}") from None
    except RecursionError:
        raise UsageError(f"body: nested deeper than {DEPTH} levels") from None


def _text(value: bool | int | float) -> str:  # noqa: FBT001 - whatever stands there
    return str(value).lower() if isinstance(value, bool) else str(value)
