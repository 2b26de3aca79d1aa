"""The tray on Windows and macOS, by pystray: every call on the icon's own thread, every text within its limit."""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from queuectl.platform.icon_thread import before_menu_opens, menu_updates_when_opened, run_on_icon_thread
from queuectl.tray.backend import Entry, Notification, Picture

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = 64
TITLE_MAX = 127
MESSAGE_MAX = 255
NOTIFICATION_TITLE_MAX = 63
"""Characters that Windows holds in NOTIFYICONDATA (shellapi.h)."""

log = logging.getLogger("queuectl.tray")


class NativeTray:
    """Implement TrayBackend with pystray's own backends."""

    def __init__(self, *, render: "Callable[[Picture, int], Image]") -> None:
        import pystray

        self._pystray = pystray
        self._render = render
        self._entries: Sequence[Entry] = ()
        self._picture: Picture | None = None
        self._title = "queuectl"
        self._up = False
        self._icon: Any = pystray.Icon("queuectl", title=self._title, menu=pystray.Menu(self._items))

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon and handle its events until ``stop``."""
        before_menu_opens(self._icon, self._icon.update_menu)

        def setup(icon: Any) -> None:
            self._up = True
            self._ui(lambda: setattr(icon, "visible", True))
            threading.Thread(target=on_ready, name="tray-ready", daemon=True).start()

        self._icon.run(setup)
        self._up = False

    def update(self, *, picture: Picture, title: str, menu: Sequence[Entry]) -> None:
        """Show another picture, title or menu."""
        entries, self._entries = self._entries, menu
        if picture != self._picture:
            self._picture = picture
            image = self._render(picture, SIZE)
            self._ui(lambda: setattr(self._icon, "icon", image))
        if title != self._title:
            self._title = title
            self._ui(lambda: setattr(self._icon, "title", title[:TITLE_MAX]))
        if not menu_updates_when_opened() and shape(entries) != shape(menu):
            self._ui(self._icon.update_menu)

    def notify(self, notification: Notification) -> None:
        """Show a notification; pystray's have no buttons."""
        title = notification.title[:NOTIFICATION_TITLE_MAX] or "queuectl"
        body = notification.body[:MESSAGE_MAX] or title
        self._ui(lambda: self._icon.notify(body, title))

    def stop(self) -> None:
        """Take the icon away and let ``run`` return."""
        if self._up:
            self._icon.stop()

    def _ui(self, function: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                function()
            except Exception:  # the tray may fail; jobs go on
                log.exception("the tray icon could not be changed")

        if self._up:
            run_on_icon_thread(self._icon, guarded)
        else:
            guarded()

    def _items(self) -> list[Any]:
        return [self._item(entry) for entry in self._entries]

    def _item(self, entry: Entry) -> Any:
        if entry.separator:
            return self._pystray.Menu.SEPARATOR
        if entry.children:
            action: Any = self._pystray.Menu(*(self._item(child) for child in entry.children))
        else:
            action = self._runner(entry.act)
        checked = None if entry.checked is None else lambda _item: bool(entry.checked)
        return self._pystray.MenuItem(
            entry.label, action, checked=checked, radio=entry.radio, default=entry.default, enabled=entry.enabled
        )

    def _runner(self, act: Callable[[], None] | None) -> Callable[[], None]:
        def run() -> None:
            if act is not None:
                threading.Thread(target=self._guarded, args=(act,), name="tray-action", daemon=True).start()

        return run

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as exc:
            log.exception("a menu entry failed")
            self.notify(Notification(title="That did not work", body=str(exc) or type(exc).__name__))


def shape(entries: Sequence[Entry]) -> list[Any]:
    """Return what can be seen of a menu, to tell whether it has changed."""
    return [
        (entry.key, entry.label, entry.enabled, entry.checked, entry.separator, shape(entry.children))
        for entry in entries
    ]
