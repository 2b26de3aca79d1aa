"""Find a panel that shows icons, and come back to it when it was restarted."""

import asyncio
import contextlib
import itertools
import logging
import os

from dbus_fast import DBusError, Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus

from queuectl.tray.sni.bus import BUS, call, listen

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_PATH = "/StatusNotifierWatcher"
RETRIES = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds; a panel may own its name before it answers to it."""
LOOK = 0.1
"""Seconds between two looks for a host, of which not every watcher tells when it comes."""

log = logging.getLogger("queuectl.tray")


class SniWatcher:
    """Register an icon with each watcher that comes; ``shown`` is set once one has it that also shows it."""

    def __init__(self, bus: MessageBus) -> None:
        self.shown = asyncio.Event()
        self._bus = bus
        self._name = ""
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take a name and look for a watcher, now and whenever another comes."""
        await self._take_name()
        self._bus.add_message_handler(self._on_message)
        await listen(self._bus, sender=BUS, member="NameOwnerChanged", about=WATCHER)
        if (await call(self._bus, "NameHasOwner", "s", WATCHER)).body[0]:
            self._register()

    def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _take_name(self) -> None:
        for number in itertools.count(1):
            # Another process of this number may sit in a container and share the bus.
            self._name = f"org.kde.StatusNotifierItem-{os.getpid()}-{number}"
            if await self._bus.request_name(self._name, NameFlag.DO_NOT_QUEUE) is RequestNameReply.PRIMARY_OWNER:
                return

    def _on_message(self, message: Message) -> None:
        if (
            message.message_type is MessageType.SIGNAL
            and message.sender == BUS
            and message.member == "NameOwnerChanged"
            and message.body[0] == WATCHER
            and message.body[2]
        ):
            self._register()

    def _register(self) -> None:
        self.close()
        self._task = asyncio.get_running_loop().create_task(self._introduce())

    async def _introduce(self) -> None:
        with contextlib.suppress(OSError):  # the bus has gone; who runs the loop notices that himself
            for pause in RETRIES:
                try:
                    await self._ask("RegisterStatusNotifierItem", "s", self._name)
                    break
                except DBusError as error:
                    log.debug("The tray's watcher does not take the icon: %s", error)
                    await asyncio.sleep(pause)
            else:
                log.warning("The panel does not take the tray icon")
                return
            while not self.shown.is_set():
                if await self._has_host():
                    self.shown.set()
                else:
                    await asyncio.sleep(LOOK)

    async def _has_host(self) -> bool:
        try:
            reply = await self._ask(
                "Get", "ss", WATCHER, "IsStatusNotifierHostRegistered", interface="org.freedesktop.DBus.Properties"
            )
        except DBusError:
            return True  # a watcher that does not know of hosts is one
        return bool(reply.body[0].value)

    async def _ask(self, member: str, signature: str, *body: str, interface: str = "") -> Message:
        return await call(self._bus, member, signature, *body, to=WATCHER, path=WATCHER_PATH, interface=interface)


def why_not_shown() -> str:
    """Say why no panel may have answered, and what would help."""
    found = "No panel of this desktop shows tray icons (there is no StatusNotifier host)."
    if "GNOME" in os.environ.get("XDG_CURRENT_DESKTOP", "").upper():
        return (
            f"{found} GNOME does with the extension 'AppIndicator and KStatusNotifierItem Support': "
            "https://extensions.gnome.org/extension/615/"
        )
    return f"{found} Add its system tray or status notifier plugin to the panel."
