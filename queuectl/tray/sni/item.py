"""The tray's icon on D-Bus: org.kde.StatusNotifierItem."""

import logging
from collections.abc import Callable
from typing import Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from queuectl.tray.backend import Mood, Picture
from queuectl.tray.sni.bus import clean

SIZES = (16, 22, 24, 32, 48, 64)
"""Pixels; panels choose the one next to their own height."""

log = logging.getLogger("queuectl.tray")

Pixmap = tuple[int, int, bytes]
"""Width, height, and ARGB of each pixel in network byte order."""
Render = Callable[[Picture, int], Pixmap]
"""Draw a picture in so many pixels."""
Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]


class SniItem(ServiceInterface):
    """Serve an icon; ``activated`` is called on the loop at a click and tells whether it did something."""

    def __init__(self, *, app_id: str, title: str, menu: str, render: Render, activated: Callable[[], bool]) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._app_id = app_id
        self._title = title
        self._menu = menu
        self._render = render
        self._activated = activated
        self._picture = Picture(mood=Mood.STARTING)
        self._text = title
        self._drawn: list[Pixmap] | None = None

    def update(self, picture: Picture, text: str) -> None:
        """Show another picture and tooltip, and tell the hosts what differs."""
        if picture != self._picture:
            self._picture, self._drawn = picture, None
            self.new_icon()
        if text != self._text:
            self._text = text
            self.new_tool_tip()

    def drawn(self) -> list[Pixmap]:
        """Return the picture in each size, drawn when the first one asks."""
        if self._drawn is None:
            try:
                self._drawn = [self._render(self._picture, size) for size in SIZES]
            except Exception:
                log.exception("The icon could not be drawn")
                self._drawn = []
        return self._drawn

    @dbus_property(access=PropertyAccess.READ, name="Category")
    def category(self) -> DBusStr:
        """Return what kind of thing it is."""
        return "ApplicationStatus"

    @dbus_property(access=PropertyAccess.READ, name="Id")
    def id(self) -> DBusStr:
        """Return the name that is the same at each start."""
        return self._app_id

    @dbus_property(access=PropertyAccess.READ, name="Title")
    def title(self) -> DBusStr:
        """Return the app's name; it stays, since panels tell by it which icons to hide."""
        return self._title

    @dbus_property(access=PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        """Return that it is to be seen.

        Never NeedsAttention: dead jobs may lie there for days, while some hosts blink, and others show another icon or
        none. The picture says it.
        """
        return "Active"

    @dbus_property(access=PropertyAccess.READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        """Return the window; there is none."""
        return 0

    @dbus_property(access=PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        """Return where named icons lie; there are none."""
        return ""

    @dbus_property(access=PropertyAccess.READ, name="IconName")
    def icon_name(self) -> DBusStr:
        """Return a name out of the theme; it is drawn instead."""
        return ""

    @dbus_property(access=PropertyAccess.READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        """Return the picture in each size."""
        return [list(pixmap) for pixmap in self.drawn()]

    @dbus_property(access=PropertyAccess.READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        """Return a second icon; there is none."""
        return ""

    @dbus_property(access=PropertyAccess.READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        """Return a second icon; there is none."""
        return []

    @dbus_property(access=PropertyAccess.READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        """Return the icon for NeedsAttention, which is never asked for."""
        return ""

    @dbus_property(access=PropertyAccess.READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        """Return the icon for NeedsAttention, which is never asked for."""
        return []

    @dbus_property(access=PropertyAccess.READ, name="ToolTip")
    def tool_tip(self) -> Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]:
        """Return the tooltip: icon, title and text. Some panels show only the title, so that is what tells most."""
        return ["", [], clean(self._text), self._title]

    @dbus_property(access=PropertyAccess.READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        """Return that a left click does something else than to open the menu."""
        return False

    @dbus_property(access=PropertyAccess.READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        """Return the path of the menu."""
        return self._menu

    @dbus_method(name="Activate")
    def activate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """Answer a left click; without anything to do, an error lets the panel open the menu."""
        if not self._activated():
            raise DBusError(ErrorType.NOT_SUPPORTED, "there is only a menu")

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """Answer a middle click as a left one."""
        self._activated()

    @dbus_method(name="ContextMenu")
    def context_menu(self, _x: DBusInt32, _y: DBusInt32) -> None:
        """Leave the menu to the panel, which has it."""

    @dbus_method(name="Scroll")
    def scroll(self, _delta: DBusInt32, _orientation: DBusStr) -> None:
        """Leave the wheel alone."""

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> None:
        """Say that the picture differs."""

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> None:
        """Say that the tooltip differs."""
