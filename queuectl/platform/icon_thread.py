"""Have something done on the thread that owns a pystray icon, which is the only one that may touch it."""

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

_CALL = 0x8000 + 0x71  # WM_APP and a number of our own
_RIGHT_BUTTON_UP = 0x0205
_QUERY_END_SESSION = 0x0011


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


@contextlib.contextmanager
def signals_come_through(icon: Any) -> Iterator[None]:
    """Have signals handled at once in the main thread, which is the icon's and waits for events outside Python."""
    wakes, woken = socket.socketpair()
    wakes.setblocking(False)

    def pass_on() -> None:
        with woken:
            while woken.recv(1):
                run_on_icon_thread(icon, lambda: None)

    before = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=pass_on, name="tray-signals", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        wakes.close()


def let_the_session_end(icon: Any) -> None:
    """Do not hold up a logoff: pystray answers no to what it does not know."""
    if sys.platform == "win32":
        icon._message_handlers[_QUERY_END_SESSION] = lambda _wparam, _lparam: True


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


def label(text: str) -> str:
    """Return a text as a menu shows it unchanged: on Windows an ampersand would underline the letter after it."""
    return text.replace("&", "&&") if sys.platform == "win32" else text
