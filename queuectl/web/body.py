"""Read the JSON object that a request has sent, field by field."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Any

from queuectl.errors import UsageError

_MISSING: Any = object()


class Body:
    """The fields of an object; ``end`` refuses those that nobody has asked for.

    Raises:
        UsageError: it is no object, or, by each method, a field is missing or of the wrong type.
    """

    def __init__(self, value: Any) -> None:
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise UsageError("the body is not an object", hint='Send JSON such as {"queue": "video"}.')
        self._left = dict(value)

    def text(self, name: str, default: Any = _MISSING) -> Any:
        """Return a text, or None where that is the default."""
        text = self._take(name, default, lambda value: isinstance(value, str), "a text")
        if text is not None and "\0" in text:
            raise UsageError(f"{name}: holds a NUL character")
        return text

    def flag(self, name: str, *, default: Any = _MISSING) -> Any:
        """Return true or false."""
        return self._take(name, default, lambda value: isinstance(value, bool), "true or false")

    def number(self, name: str, default: Any = _MISSING, *, low: float = 0, high: float = 100 * 365 * 86_400) -> Any:
        """Return a number within bounds."""
        value = self._take(name, default, _is_number, "a number")
        if value is not None and not low <= value <= high:
            raise UsageError(f"{name}: {value:g} is out of range", hint=f"From {low:g} to {high:g}.")
        return value

    def whole(self, name: str, default: Any = _MISSING, *, low: int = 0, high: int = 10**9) -> Any:
        """Return a whole number within bounds."""
        value = self.number(name, default, low=low, high=high)
        if value is not None and not isinstance(value, int):
            raise UsageError(f"{name}: {value:g} is no whole number")
        return value

    def moment(self, name: str, default: Any = _MISSING) -> Any:
        """Return a moment, written in ISO 8601 with a time zone."""
        text = self.text(name, default)
        if text is None:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None or not 1970 < moment.astimezone().year < 9999:
                raise ValueError(text)  # noqa: TRY301 - as if it could not be read
        except (ValueError, OverflowError):
            hint = "Write 2030-12-31T18:30:00Z."
            raise UsageError(f"{name}: {text[:50]!r} is no moment with a time zone", hint=hint) from None
        return moment

    def choice(self, name: str, choices: type[StrEnum], default: Any = _MISSING) -> Any:
        """Return one of some words."""
        text = self.text(name, default)
        if text not in list(choices):
            raise UsageError(f"{name}: {str(text)[:50]!r} is unknown", hint=f"One of {', '.join(choices)}.")
        return choices(text)

    def object(self, name: str, default: Any = _MISSING) -> Any:
        """Return an object as it is."""
        return self._take(name, default, lambda value: isinstance(value, dict), "an object")

    def list_of(self, name: str, wanted: type, default: Any = _MISSING) -> Any:
        """Return a list whose items are all of one type."""

        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(type(item) is wanted for item in value)

        return self._take(name, default, fits, f"a list of {'whole numbers' if wanted is int else 'texts'}")

    def end(self) -> None:
        """Refuse what is left."""
        for name in self._left:
            raise UsageError(f"there is no field {name[:50]!r} here")

    def _take(self, name: str, default: Any, fits: Callable[[Any], bool], what: str) -> Any:
        value = self._left.pop(name, None)
        if value is None:
            if default is _MISSING:
                raise UsageError(f"{name} is missing", hint=f"It is {what}.")
            return default
        if not fits(value):
            raise UsageError(f"{name}: {str(value)[:50]!r} is not {what}")
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
