"""What the drop folder tells the host and the tray."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class DropKind(StrEnum):
    """What became of a dropped file."""

    ACCEPTED = "accepted"
    """Its jobs are in the queue."""
    REJECTED = "rejected"
    """It lies in rejected/ with its reason."""
    ERROR = "error"
    """Something else is wrong; it waits and is tried again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DropEvent:
    """Tell what became of a dropped file or, where ``name`` is empty, what is wrong with the whole folder."""

    kind: DropKind
    name: str
    job_ids: tuple[int, ...] = ()
    reason: str | None = None


OnEvent = Callable[[DropEvent], None]
"""Is called on the watcher's thread."""
