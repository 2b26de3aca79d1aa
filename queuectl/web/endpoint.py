"""An endpoint of the HTTP API as a row of a table: from it come the routes, the checks, and the OpenAPI document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from queuectl.errors import UsageError

if TYPE_CHECKING:
    from queuectl.queue import Queue

PREFIX = "/api/v1"
Schema = Mapping[str, Any]
"""A JSON Schema."""


class Kind(StrEnum):
    """What a parameter's text stands for."""

    TEXT = "text"
    """Itself."""
    WHOLE = "whole"
    """A whole number."""
    NUMBER = "number"
    """A number."""
    FLAG = "flag"
    """true or false."""
    TEXTS = "texts"
    """A list: the parameter may be repeated."""


_MOST = 2**53 - 1
"""The largest whole number that every reader of JSON takes for what it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A value in an address: a part of its path, or of its query; ``low`` and ``high`` are inclusive."""

    name: str
    help: str
    kind: Kind = Kind.TEXT
    default: Any = None
    low: float = -_MOST
    high: float = _MOST
    choices: Sequence[str] = ()

    def read(self, texts: Sequence[str]) -> Any:
        """Return the value that was given, or the default.

        Raises:
            UsageError: it is none that is allowed.
        """
        if not texts:
            return [] if self.kind is Kind.TEXTS else self.default
        if self.kind is Kind.TEXTS:
            return [self._checked(text) for text in texts]
        if len(texts) > 1:
            raise UsageError(f"{self.name} is given {len(texts)} times")
        return self._checked(texts[0])

    def _checked(self, text: str) -> Any:
        if self.choices and text not in self.choices:
            raise UsageError(f"{self.name}: {text[:50]!r} is unknown", hint=f"Allowed: {', '.join(self.choices)}.")
        if self.kind is Kind.FLAG:
            if text not in {"true", "false"}:
                raise UsageError(f"{self.name}: {text[:50]!r} is neither true nor false")
            return text == "true"
        if self.kind in {Kind.TEXT, Kind.TEXTS}:
            return text
        try:
            value = int(text) if self.kind is Kind.WHOLE else float(text)
        except ValueError:
            what = "whole number" if self.kind is Kind.WHOLE else "number"
            raise UsageError(f"{self.name}: {text[:50]!r} is no {what}") from None
        if not self.low <= value <= self.high:  # a NaN fails here too
            raise UsageError(f"{self.name}: {text[:50]} is out of range", hint=f"From {self.low:g} to {self.high:g}.")
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What a handler may need to know of the host that answers."""

    host_id: str
    drop_folder: Path
    watches: bool
    """Whether this host watches the drop folder."""
    csrf: Callable[[str], str]
    """The CSRF token of a session."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A request, proven, read and checked."""

    queue: "Queue"
    site: Site
    values: Mapping[str, Any]
    """The endpoint's parameters by name, from path and query, defaults filled in."""
    body: Any = None
    """The parsed JSON; None without a body."""
    session: str | None = None
    """Whose cookie it came with; None for a bearer of the token."""
    idempotency_key: str | None = None
    now: datetime


Handler = Callable[[Call], Any]
"""Return what becomes the JSON of the answer, an ``Answer``, or a ``Download``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer with a status, or a content type, of its own."""

    content: Any
    status: int = HTTPStatus.OK
    media_type: str = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A file as an attachment."""

    path: Path
    name: str
    forget: bool = False
    """Whether it is removed when it has been sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """One method of one path.

    ``status`` is that of success; with 204 nothing is answered. ``body`` and ``answer`` are JSON Schemas, a name is
    one of the document's components. ``commands`` marks what adds or changes what is run, which a setting can forbid.
    """

    method: str
    path: str
    """Below PREFIX unless ``bare``, with {parameters}."""
    summary: str
    handler: Handler
    tag: str
    parameters: Sequence[Parameter] = ()
    body: Schema | str | None = None
    body_required: bool = True
    answer: Schema | str | None = None
    status: int = HTTPStatus.OK
    media_type: str = "application/json"
    problems: Sequence[int] = ()
    """Statuses of failures that it may answer, besides those that any may."""
    commands: bool = False
    bare: bool = False
    idempotent_by_key: bool = False

    @property
    def full_path(self) -> str:
        """Return the path as it is asked for."""
        return self.path if self.bare else PREFIX + self.path

    def read(self, path: Mapping[str, str], query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Return the parameters' values.

        Raises:
            UsageError: one is unknown, missing, or none that is allowed.
        """
        unknown = [name for name in query if not any(one.name == name for one in self.parameters)]
        if unknown:
            known = ", ".join(one.name for one in self.parameters if one.name not in path) or "none"
            raise UsageError(f"there is no parameter {unknown[0][:50]!r}", hint=f"Parameters: {known}.")
        return {
            one.name: one.read([path[one.name]] if one.name in path else query.get(one.name, ()))
            for one in self.parameters
        }


def whole(name: str, help_: str, *, low: float = 1, high: float = _MOST, default: int | None = None) -> Parameter:
    """Describe a whole number."""
    return Parameter(name=name, help=help_, kind=Kind.WHOLE, low=low, high=high, default=default)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """All endpoints, found by method and path."""

    endpoints: Sequence[Endpoint]
    schemas: Mapping[str, Schema] = field(default_factory=dict)
