"""One life of the Linux tray on the session bus: everything here belongs to the asyncio loop of its thread."""

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from dbus_fast import DBusFastError
from dbus_fast.aio import MessageBus

from queuectl.errors import QueuectlError
from queuectl.tray.backend import Entry, Mood, Notification, Picture, TrayUnavailable
from queuectl.tray.sni.bus import connect
from queuectl.tray.sni.callbacks import Callbacks
from queuectl.tray.sni.dbusmenu import DbusMenu
from queuectl.tray.sni.item import Render, SniItem
from queuectl.tray.sni.notifications import DesktopNotifications
from queuectl.tray.sni.watcher import SniWatcher, why_not_shown

ITEM_PATH = "/StatusNotifierItem"
MENU_PATH = "/MenuBar"
INTERVAL = 0.25
"""Seconds between two updates that leave the process."""
LAST_WORDS = 0.5
"""Seconds at the end for notifications on their way, and for callbacks that still run."""
MARK_DELAY = 1.0
"""Seconds after a click on a check mark in which the app shows what came of it."""

log = logging.getLogger("queuectl.tray")


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What names the app on the bus, and draws it."""

    app_id: str
    title: str
    render: Render


@dataclass(kw_only=True, slots=True)
class Wishes:
    """What other threads want; each is one assignment, so that no lock is needed."""

    latest: tuple[Picture, str, Sequence[Entry]] = (Picture(mood=Mood.STARTING), "", ())
    """What to show: picture, title, menu."""
    notices: deque[Notification] = field(default_factory=lambda: deque(maxlen=100))
    stop: bool = False


class SniSession:
    """Show the icon from ``run`` until ``stop`` or the end of the bus."""

    def __init__(self, identity: Identity, wishes: Wishes, notify: Callable[[Notification], None]) -> None:
        self._identity = identity
        self._wishes = wishes
        self._notify = notify
        self._loop = asyncio.get_running_loop()
        self._callbacks = Callbacks()
        self._stopping = asyncio.Event()
        self._menu = DbusMenu(self._clicked)
        self._item = SniItem(
            app_id=identity.app_id,
            title=identity.title,
            menu=MENU_PATH,
            render=identity.render,
            activated=self._activated,
        )
        self._entries: Sequence[Entry] = ()
        self._notifications: DesktopNotifications | None = None
        self._talking: asyncio.Task[None] | None = None
        self._flush: asyncio.TimerHandle | None = None
        self._flushed = float("-inf")

    def wake(self, what: Callable[["SniSession"], None]) -> None:
        """Have something done on the loop; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(what, self)

    def plan(self) -> None:
        """Show what is wanted, at once or when the interval allows."""
        if self._flush is None:
            self._flush = self._loop.call_at(max(self._loop.time(), self._flushed + INTERVAL), self._show)

    def talk(self) -> None:
        """Show the notifications that wait."""
        if self._notifications is not None and self._talking is None:
            self._talking = self._loop.create_task(self._talk(self._notifications))

    def stop(self) -> None:
        """Let ``run`` return."""
        self._stopping.set()

    async def run(self, on_ready: Callable[[], None], patience: float) -> None:
        """Show the icon; ``patience`` is how many seconds the bus, and then a panel, may take.

        Raises:
            TrayUnavailable: no session bus, no panel with a tray, or the bus has gone.
        """
        with _signals_wake(self._loop):
            bus = await connect(patience)
            watcher = SniWatcher(bus)
            gone = asyncio.ensure_future(bus.wait_for_disconnect())  # type: ignore[no-untyped-call]
            stopping = asyncio.ensure_future(self._stopping.wait())
            shown = asyncio.ensure_future(watcher.shown.wait())
            try:
                await self._come_up(bus, watcher)
                await asyncio.wait({gone, stopping, shown}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                if shown.done():
                    self._do("Starting", on_ready)
                    await asyncio.wait({gone, stopping}, return_when=asyncio.FIRST_COMPLETED)
                elif not gone.done() and not stopping.done():
                    raise TrayUnavailable(why_not_shown())
                if gone.done():
                    raise TrayUnavailable("The session bus has gone, and the tray icon with it.")
            except (OSError, DBusFastError) as error:
                raise TrayUnavailable(f"The session bus does not take the tray icon: {error}") from error
            finally:
                watcher.close()
                await self._go_down(bus, gone)
                for waiting in (stopping, shown):
                    waiting.cancel()

    async def _come_up(self, bus: MessageBus, watcher: SniWatcher) -> None:
        self._show()
        bus.export(ITEM_PATH, self._item)
        bus.export(MENU_PATH, self._menu)
        await watcher.start()
        self._notifications = DesktopNotifications(
            bus,
            app_id=self._identity.app_id,
            title=self._identity.title,
            act=lambda action: self._do(action.label, action.act),
        )
        self.talk()

    async def _go_down(self, bus: MessageBus, gone: "asyncio.Future[None]") -> None:
        if self._flush is not None:
            self._flush.cancel()
        if (talking := self._talking) is not None:
            await asyncio.wait({talking}, timeout=LAST_WORDS)
            talking.cancel()
        bus.disconnect()
        with contextlib.suppress(Exception):  # why it has gone is of no interest any more
            await gone
        self._callbacks.close(LAST_WORDS)

    def _show(self) -> None:
        self._flush = None
        self._flushed = self._loop.time()
        picture, title, self._entries = self._wishes.latest
        self._item.update(picture, title or self._identity.title)
        self._menu.update(self._entries)

    async def _talk(self, notifications: DesktopNotifications) -> None:
        try:
            while self._wishes.notices:
                notice = self._wishes.notices.popleft()
                await notifications.show(notice, next((icon for icon in self._item.drawn() if icon[0] >= 48), None))
        finally:
            self._talking = None

    def _clicked(self, entry: Entry, number: int) -> None:
        if entry.act is not None:
            self._do(entry.label, entry.act)
        self._loop.call_later(MARK_DELAY, self._menu.repeat_mark, number)

    def _activated(self) -> bool:
        entry = _default(self._entries)
        if entry is None or entry.act is None:
            return False
        self._do(entry.label, entry.act)
        return True

    def _do(self, label: str, act: Callable[[], None]) -> None:
        self._callbacks.submit(partial(self._act, label, act))

    def _act(self, label: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            log.exception("The tray's %r failed", label)
            lines = [str(error) or type(error).__name__]
            if isinstance(error, QueuectlError) and error.hint:
                lines.append(error.hint)
            self._notify(Notification(title=f"{label}: this failed", body="\n".join(lines), urgent=True))


def _default(entries: Sequence[Entry]) -> Entry | None:
    for entry in entries:
        found = entry if entry.default and entry.enabled else _default(entry.children)
        if found is not None:
            return found
    return None


@contextlib.contextmanager
def _signals_wake(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have the loop wake at each signal, so that the caller's handler runs at once whichever thread it reached."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        loop.add_reader(ours, ours.recv, 4096)
        before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(ours)
