"""The fields that a job's author may set, with the reader of each: plain values in, a JobSpec out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, replace
from dataclasses import fields as fields_of
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from queuectl.errors import InvalidJob
from queuectl.model.job import BackoffKind, DeadParent, JobSpec, ProgressMode
from queuectl.model.validation import validate
from queuectl.units import parse_duration

_KINDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    tuple: "a list",
    dict: "a table",
}
_INTEGER_MAX = 2**63 - 1
_SHOWN_MAX = 200  # characters of a bad value in a message


def kind(value: object) -> str:
    """Name a value's type in words: ``a text``, ``a list``, ``a table``."""
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def _wrong(wanted: str, value: object) -> ValueError:
    found = f"{value:g}" if isinstance(value, float) else kind(value)
    return ValueError(f"must be {wanted}, not {found}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong("a text in quotes", value)
    if "\0" in value:
        raise ValueError("holds a NUL character")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise ValueError("holds half a character (a lone surrogate)")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong("a number", value)
    if isinstance(value, int):
        return float(_integer(value))
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong("a whole number", value)
    if abs(value) > _INTEGER_MAX:
        raise ValueError("is too large a number")
    return value


def _seconds(value: Any) -> float:
    seconds = parse_duration(value) if isinstance(value, str) else _number(value)
    if seconds < 0:
        raise ValueError("must be 0 or more")
    return seconds


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"{value!r} is no time; write 2030-12-31T18:00:00 or 2030-12-31T18:00:00Z") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 (made aware below)
    if not isinstance(value, datetime):
        raise _wrong("a time such as 2030-12-31T18:00:00", value)
    try:
        return value.astimezone(UTC)
    except (OverflowError, OSError):
        raise ValueError(f"{value} is out of range") from None


def _list_of(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    def read_list(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise _wrong("a list in brackets", value)
        items = []
        for number, item in enumerate(value, start=1):
            try:
                items.append(read(item))
            except ValueError as exc:
                raise ValueError(f"item {number} {exc}") from None
        return tuple(items)

    return read_list


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("true or false", value)
    return value


def _one_of(choices: type[StrEnum]) -> Callable[[Any], StrEnum]:
    def read_choice(value: Any) -> StrEnum:
        text = _text(value)
        if text not in set(choices):
            raise ValueError(f"must be one of {', '.join(choices)}, not {text!r}")
        return choices(text)

    return read_choice


def _parent(value: Any) -> int | str:
    """Read the id of a job, or the name or key of one beside it."""
    return _text(value) if isinstance(value, str) else _integer(value)


def _environment(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _wrong("a table of texts", value)
    texts = {}
    for name, text in value.items():
        try:
            texts[_text(name)] = _text(text)
        except ValueError as exc:
            raise ValueError(f"variable {name!r} {exc}") from None
    return texts


FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "command": _text,
    "argv": _list_of(_text),
    "cwd": _text,
    "env": _environment,
    "shell": _text,
    "queue": _text,
    "priority": _integer,
    "slots": _integer,
    "mutex": _text,
    "machine": _text,
    "nice": _integer,
    "run_at": _moment,
    "delay": _seconds,
    "max_retries": _integer,
    "backoff": _one_of(BackoffKind),
    "backoff_base": _number,
    "backoff_cap": _seconds,
    "jitter": _number,
    "dead_on": _list_of(_integer),
    "ok_on": _list_of(_integer),
    "timeout": _seconds,
    "kill_after": _seconds,
    "progress": _one_of(ProgressMode),
    "key": _text,
    "id": _text,
    "unique_for": _seconds,
    "replace": _flag,
    "name": _text,
    "tags": _list_of(_text),
    "note": _text,
    "after": _list_of(_parent),
    "after_any": _list_of(_parent),
    "after_failure": _list_of(_parent),
    "dead_parent": _one_of(DeadParent),
    "on_success": _text,
    "on_failure": _text,
    "on_dead": _text,
}
"""Every field with its reader, which raises ValueError; ``id`` means ``key``, ``delay`` becomes ``run_at``."""


def spec_from_mapping(fields: Mapping[str, Any], *, now: datetime) -> JobSpec:
    """Build a specification from the fields of a JSON or TOML job; one that is null counts as left out.

    Raises:
        InvalidJob: names the field that is unknown, of the wrong type or out of range.
    """
    values = {
        name: read_field(name, value) for name, value in fields.items() if value is not None or name not in FIELDS
    }
    if "id" in values:
        if "key" in values:
            raise InvalidJob("id: is another word for key; give one of them", field="id")
        values["key"] = values.pop("id")
    if "delay" in values:
        if "run_at" in values:
            raise InvalidJob("delay: give delay or run_at, not both", field="delay")
        try:
            values["run_at"] = now + timedelta(seconds=values.pop("delay"))
        except OverflowError:
            raise InvalidJob("delay: is too long", field="delay") from None
    spec = replace(JobSpec(), **values)
    validate(spec)
    return spec


def as_fields(spec: JobSpec) -> dict[str, Any]:
    """Return what a specification says, as ``spec_from_mapping`` reads it; where it is silent, so is the answer.

    The caller's search path and the schedule are no fields of an author's, so they are left out.
    """
    return {
        field.name: _plain(value)
        for field in fields_of(spec)
        if field.name in FIELDS and (value := getattr(spec, field.name)) != _default(field)
    }


def _default(field: "Field[Any]") -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def read_field(name: str, value: Any) -> Any:
    """Read the value of one field.

    Raises:
        InvalidJob: there is no such field, or the value is of the wrong type.
    """
    if name not in FIELDS:
        from difflib import get_close_matches

        close = get_close_matches(str(name).lower(), FIELDS, n=1)
        hint = f'Did you mean "{close[0]}"?' if close else f"The fields are: {', '.join(FIELDS)}."
        raise InvalidJob(f"unknown field {_clip(repr(name))}", field=str(name), hint=hint)
    try:
        return FIELDS[name](value)
    except ValueError as exc:
        raise InvalidJob(f"{name}: {_clip(str(exc))}", field=name) from None


def _clip(text: str) -> str:
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "..."
