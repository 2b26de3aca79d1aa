"""Notifications on a Linux desktop: org.freedesktop.Notifications, with buttons where the server has them."""

import asyncio
import html
import logging
from collections.abc import Callable, Mapping, Sequence

from dbus_fast import DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from queuectl.tray.backend import Action, Notification
from queuectl.tray.sni.bus import BUS, call, clean, listen
from queuectl.tray.sni.item import Pixmap

SERVER = "org.freedesktop.Notifications"
SERVER_PATH = "/org/freedesktop/Notifications"
PATIENCE = 10.0
"""Seconds for the server to start and to answer."""
REMEMBERED_MAX = 100
"""Notifications whose buttons are known; some servers never tell of one that was closed."""

log = logging.getLogger("queuectl.tray")

Shown = tuple[str, int]
"""Who shows a notification (the server's own name on the bus, another one after its restart), and its number there."""


class DesktopNotifications:
    """Show notifications; ``act`` is called on the loop with the action that was chosen."""

    def __init__(self, bus: MessageBus, *, app_id: str, title: str, act: Callable[[Action], None]) -> None:
        self._bus = bus
        self._app_id = app_id
        self._title = title
        self._act = act
        self._listening = False
        self._capabilities: frozenset[str] | None = None
        self._actions: dict[Shown, Mapping[str, Action]] = {}

    async def show(self, notification: Notification, icon: Pixmap | None) -> None:
        """Show a notification with the icon beside it; where there is no server, do nothing."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._listen()
                await self._show(notification, icon)
        except (DBusError, TimeoutError, OSError) as error:
            log.debug("The notification %r was not shown: %s", notification.title, error)

    async def _listen(self) -> None:
        if not self._listening:
            self._listening = True
            self._bus.add_message_handler(self._on_message)
            await listen(self._bus, sender=SERVER, member="ActionInvoked")
            await listen(self._bus, sender=SERVER, member="NotificationClosed")
            await listen(self._bus, sender=BUS, member="NameOwnerChanged", about=SERVER)

    async def _show(self, notification: Notification, icon: Pixmap | None) -> None:
        if self._capabilities is None:
            reply = await call(self._bus, "GetCapabilities", to=SERVER, path=SERVER_PATH)
            self._capabilities = frozenset(reply.body[0])
        actions = notification.actions if "actions" in self._capabilities else ()
        body = clean(notification.body)
        if "body-markup" in self._capabilities:
            body = html.escape(body, quote=False)
        hints = {
            "urgency": Variant("y", 2 if notification.urgent else 1),
            "desktop-entry": Variant("s", self._app_id),
        }
        if icon is not None:
            hints["image-data"] = _image(icon)
        reply = await call(
            self._bus,
            "Notify",
            "susssasa{sv}i",
            *(self._title, 0, self._app_id, clean(notification.title), body, _buttons(actions), hints, -1),
            to=SERVER,
            path=SERVER_PATH,
        )
        if actions:
            self._actions[reply.sender or "", reply.body[0]] = {
                **{action.key: action for action in actions},
                "default": actions[0],
            }
            while len(self._actions) > REMEMBERED_MAX:
                del self._actions[next(iter(self._actions))]

    def _on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        match message.member, message.body:
            case "NameOwnerChanged", [str(name), str(old), str()] if name == SERVER and message.sender == BUS:
                self._capabilities = None
                self._actions = {shown: actions for shown, actions in self._actions.items() if shown[0] != old}
            case "ActionInvoked" | "NotificationClosed", [int(number), str() | int() as what]:
                # One step later, since the answer to Notify that came before it is also only noted in the next step.
                shown = (message.sender or "", number)
                asyncio.get_running_loop().call_soon(self._answered, shown, message.member, what)

    def _answered(self, shown: Shown, member: str, what: str | int) -> None:
        if member == "NotificationClosed":
            self._actions.pop(shown, None)
        elif (action := self._actions.get(shown, {}).get(str(what))) is not None:
            self._act(action)


def _buttons(actions: Sequence[Action]) -> list[str]:
    if not actions:
        return []
    # A click on the notification itself. Xfce shows it as one more button, but for the last one without a label.
    named = [*((action.key, action.label) for action in actions), ("default", "")]
    return [clean(text) for pair in named for text in pair]


def _image(icon: Pixmap) -> Variant:
    # The picture itself: an executable that nobody installed has no icon in any theme.
    width, height, argb = icon
    rgba = bytearray(len(argb))
    rgba[0::4], rgba[1::4], rgba[2::4], rgba[3::4] = argb[1::4], argb[2::4], argb[3::4], argb[0::4]
    return Variant("(iiibiiay)", [width, height, width * 4, True, 8, 4, bytes(rgba)])
