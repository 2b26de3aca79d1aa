"""The tray on Windows and macOS, by pystray: every call on the icon's own thread, every text within its limit."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from queuectl.platform.icon_thread import (
    before_menu_opens,
    label,
    let_the_session_end,
    menu_updates_when_opened,
    run_on_icon_thread,
    signals_come_through,
)
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
        self._notices: deque[Notification] = deque()
        self._up = False
        self._stop_asked = False
        self._icon: Any = pystray.Icon("queuectl", title=self._title, menu=pystray.Menu(self._items))

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon and handle its events until ``stop``."""
        before_menu_opens(self._icon, self._icon.update_menu)
        let_the_session_end(self._icon)

        def setup(icon: Any) -> None:
            self._up = True
            self._ui(lambda: setattr(icon, "visible", True))
            self._ui(self._show_notices)
            if self._stop_asked:
                self.stop()
            threading.Thread(target=on_ready, name="tray-ready", daemon=True).start()

        with signals_come_through(self._icon):
            self._icon.run(setup)
        self._stop_asked, self._up = True, False

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
        """Show a notification, once the icon is up; pystray's have no buttons."""
        self._notices.append(notification)
        if self._up:
            self._ui(self._show_notices)

    def stop(self) -> None:
        """Take the icon away and let ``run`` return, at once if it has yet to begin."""
        self._stop_asked = True
        if self._up:
            self._ui(self._icon.stop)

    def _show_notices(self) -> None:
        while self._notices:
            notice = self._notices.popleft()
            title = notice.title[:NOTIFICATION_TITLE_MAX] or "queuectl"
            self._icon.notify(notice.body[:MESSAGE_MAX] or title, title)

    def _ui(self, function: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                function()
            except Exception:  # the tray may fail; jobs go on
                log.exception("the tray icon could not be changed")

        if self._up:
            run_on_icon_thread(self._icon, guarded)
        elif not self._stop_asked:
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
            label(entry.label), action, checked=checked, radio=entry.radio, default=entry.default, enabled=entry.enabled
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
