"""Have something done on the thread that owns a pystray icon, which is the only one that may touch it."""

import sys
from collections.abc import Callable
from typing import Any

_CALL = 0x8000 + 0x71  # WM_APP and a number of our own
_RIGHT_BUTTON_UP = 0x0205


def run_on_icon_thread(icon: Any, function: Callable[[], None]) -> None:
    """Hand a function to the icon's thread; it is dropped when the icon has no thread any more."""
    if sys.platform == "win32":
        from pystray._util import win32

        waiting = icon.__dict__.setdefault("_queuectl_calls", [])
        waiting.append(function)

        def on_call(_wparam: int, _lparam: int) -> None:
            while waiting:
                waiting.pop(0)()

        icon._message_handlers.setdefault(_CALL, on_call)
        if icon._hwnd:
            win32.PostMessage(icon._hwnd, _CALL, 0, 0)
    elif sys.platform == "darwin":
        from PyObjCTools import AppHelper

        AppHelper.callAfter(function)


def before_menu_opens(icon: Any, function: Callable[[], None]) -> None:
    """Call a function on the icon's thread each time its menu is about to open, where the platform lets us."""
    if sys.platform == "win32":
        from pystray._util import win32

        on_notify = icon._message_handlers[win32.WM_NOTIFY]

        def notify(wparam: int, lparam: int) -> None:
            if lparam == _RIGHT_BUTTON_UP:
                function()
            on_notify(wparam, lparam)

        icon._message_handlers[win32.WM_NOTIFY] = notify


def menu_updates_when_opened() -> bool:
    """Tell whether a menu is to be built when it opens: on Windows a new one would close the one that is open."""
    return sys.platform == "win32"
