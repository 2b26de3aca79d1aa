"""What a tray needs of its platform: a picture, a title, a menu, notifications. The rest of the tray knows no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Mood(StrEnum):
    """What the icon says at a glance; a person tells them apart at 22 pixels and without colour."""

    STARTING = "starting"
    """The host is not up yet."""
    IDLE = "idle"
    """Nothing to do."""
    RUNNING = "running"
    """Jobs run."""
    PAUSED = "paused"
    """No new jobs are taken."""
    ATTENTION = "attention"
    """There are dead jobs."""
    ERROR = "error"
    """The database or the host fails."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What the icon shows; ``count`` is a badge, 0 is none."""

    mood: Mood
    count: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A line of a menu. ``key`` names it among its siblings for good, so that an open menu changes in place.

    ``checked`` is None for a line without a mark. ``default`` is what a left click on the icon does.
    """

    key: str
    label: str = ""
    act: Callable[[], None] | None = None
    enabled: bool = True
    checked: bool | None = None
    radio: bool = False
    default: bool = False
    children: Sequence["Entry"] = ()
    separator: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """A button of a notification."""

    key: str
    label: str
    act: Callable[[], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """A message to the user; the first action is also what a click on it does, where the platform has no buttons."""

    title: str
    body: str
    urgent: bool = False
    actions: Sequence[Action] = ()


class TrayUnavailable(Exception):
    """No tray can be shown here; the text says why and what would help."""


class TrayBackend(Protocol):
    """Show an icon with a menu. ``run`` belongs to the main thread, everything else to any thread."""

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon and handle its events until ``stop``; ``on_ready`` is called in another thread once it is up.

        Raises:
            TrayUnavailable: no tray can be shown here.
        """
        ...

    def update(self, *, picture: Picture, title: str, menu: Sequence[Entry]) -> None:
        """Show another picture, title or menu; what has not changed is left alone."""
        ...

    def notify(self, notification: Notification) -> None:
        """Show a notification, where the platform can; never fails."""
        ...

    def stop(self) -> None:
        """Take the icon away and let ``run`` return."""
        ...
