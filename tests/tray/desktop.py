"""A desktop without a screen: a private bus, and on it a panel that shows tray icons and a server of notifications.

Everything is spoken over the real bus, from a thread and a connection of its own, with messages put together by hand.
"""

import asyncio
import contextlib
import subprocess
import threading
import time
from types import SimpleNamespace

from dbus_fast import DBusError, Message, MessageFlag, MessageType, NameFlag, Variant, unpack_variants
from dbus_fast.aio import MessageBus

from tests.conftest import need
from tests.support import PATIENCE

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
NO_DATA = Variant("s", "")
NOTIFICATIONS = "org.freedesktop.Notifications"
PROPERTIES = "org.freedesktop.DBus.Properties"
PATHS = {ITEM: "/StatusNotifierItem", MENU: "/MenuBar"}

# Without the session's own service directories, from which the daemon would start programs of this machine.
CONFIG = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """A bus of its own; ``address`` is what DBUS_SESSION_BUS_ADDRESS should say."""

    def __init__(self, folder):
        config = folder / "bus.conf"
        config.write_text(CONFIG.format(path=folder / "bus"), "utf-8")
        self._daemon = subprocess.Popen(
            [need("dbus-daemon"), f"--config-file={config}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.address = self._daemon.stdout.readline().strip()

    def kill(self):
        """End it, as a logout does."""
        self._daemon.kill()
        self._daemon.wait(PATIENCE)
        self._daemon.stdout.close()


class Desktop:
    """A panel and a server of notifications; every method blocks until it is done, and belongs to the test's thread."""

    def __init__(self, address):
        self.heard = []
        """Every signal of tray icons and menus: time, interface, member, body."""
        self.registered = []
        """Names of the icons that registered, in order."""
        self.notified = []
        """What notifications were asked for."""
        self.has_host = True
        self.refusals = 0
        """How many registrations to answer with an error."""
        self.capabilities = ["actions", "body", "body-markup"]
        self.presses = None
        """The button that this quick user presses as soon as a notification is there."""
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._bus = self._do(self._connect(address))

    def close(self):
        """Leave the bus."""
        with contextlib.suppress(Exception):
            self._do(self._disconnect())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def own(self, name):
        """Start the panel or the server by taking its name."""
        self._do(self._bus.request_name(name, NameFlag.DO_NOT_QUEUE))

    def lose(self, name):
        """Stop it."""
        self._do(self._bus.release_name(name))

    def icon(self, nth=1):
        """Wait until so many icons have registered, and return the name of the last."""
        self.wait(lambda: len(self.registered) >= nth, "an icon")
        return self.registered[nth - 1]

    def wait(self, condition, what="what was waited for"):
        """Wait until something holds after one of the messages, and return it."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), f"{what} did not come"
            return condition()

    def signals(self, member, since=0.0):
        """Return the bodies of the signals of a name so far."""
        with self._changed:
            return [body for when, _interface, name, body in self.heard if name == member and when >= since]

    def call(self, interface, member, signature="", *body, to=None, path=None):
        """Call a method of the last icon, and return the body of its answer."""
        return self._do(self._call(interface, member, signature, body, to or self.icon(), path or PATHS[interface]))

    def property(self, name, interface=ITEM):
        """Return a property of the icon or its menu."""
        [value] = self.call(PROPERTIES, "Get", "ss", interface, name, path=PATHS[interface])
        return value

    def properties(self, interface=ITEM):
        """Return all of them."""
        [values] = self.call(PROPERTIES, "GetAll", "s", interface, path=PATHS[interface])
        return values

    def menu(self, parent=0, depth=-1, names=()):
        """Return the menu, or a part of it, as nodes with ``id``, ``properties`` and ``children``."""
        revision, layout = self.call(MENU, "GetLayout", "iias", parent, depth, list(names))
        node = _node(layout)
        node.revision = revision
        return node

    def entry(self, *labels):
        """Return the entry that the labels lead to, or None."""
        node = self.menu()
        for label in labels:
            node = next((child for child in node.children if child.properties.get("label") == label), None)
            if node is None:
                return None
        return node

    def click(self, *labels):
        """Click on an entry."""
        self.event(self.entry(*labels).id)

    def event(self, number, kind="clicked"):
        """Tell what happened to an entry."""
        self.call(MENU, "Event", "isvu", number, kind, NO_DATA, 0)

    def notification(self, nth=1):
        """Wait until so many notifications were asked for, and return the last."""
        self.wait(lambda: len(self.notified) >= nth, "a notification")
        return self.notified[nth - 1]

    def choose(self, notification, key):
        """Press a button of a notification."""
        self._emit("ActionInvoked", "us", notification.id, key)

    def dismiss(self, notification):
        """Close a notification."""
        self._emit("NotificationClosed", "uu", notification.id, 2)

    # on the loop

    def _do(self, awaitable):
        async def wrapped():
            return await awaitable

        return asyncio.run_coroutine_threadsafe(wrapped(), self._loop).result(PATIENCE)

    async def _connect(self, address):
        bus = await MessageBus(bus_address=address).connect()
        bus.add_message_handler(self._on_message)
        self._bus = bus
        for interface in (ITEM, MENU):
            rule = f"type='signal',interface='{interface}'"
            await self._call(
                "org.freedesktop.DBus", "AddMatch", "s", [rule], "org.freedesktop.DBus", "/org/freedesktop/DBus"
            )
        return bus

    async def _disconnect(self):
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()

    async def _call(self, interface, member, signature, body, to, path):
        message = Message(
            destination=to, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        reply = await self._bus.call(message)
        if reply is None:
            raise ConnectionResetError("the bus has gone")
        if reply.message_type is MessageType.ERROR:
            raise DBusError(reply.error_name, reply.body[0] if reply.body else "")
        return unpack_variants(reply.body)

    def _emit(self, member, signature, *body):
        self._do(self._bus.send(_signal(member, signature, *body)))

    def _on_message(self, message):
        with self._changed:
            try:
                return self._handle(message)
            finally:
                self._changed.notify_all()

    def _handle(self, message):
        if message.message_type is MessageType.SIGNAL and message.interface in PATHS:
            entry = (time.monotonic(), message.interface, message.member, unpack_variants(message.body))
            self.heard.append(entry)
            return None
        if message.message_type is not MessageType.METHOD_CALL or message.flags & MessageFlag.NO_REPLY_EXPECTED:
            return None
        match message.member, message.body:
            case "RegisterStatusNotifierItem", [name]:
                if self.refusals:
                    self.refusals -= 1
                    return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownObject", "not yet")
                self.registered.append(name)
                return Message.new_method_return(message)
            case "Get", [_, "IsStatusNotifierHostRegistered"]:
                return Message.new_method_return(message, "v", [Variant("b", self.has_host)])
            case "GetCapabilities", []:
                return Message.new_method_return(message, "as", [self.capabilities])
            case "Notify", [app, replaces, icon, title, body, actions, hints, expire]:
                number = len(self.notified) + 1
                shown = SimpleNamespace(id=number, app=app, replaces=replaces, icon=icon, title=title, body=body)
                shown.buttons = list(zip(actions[::2], actions[1::2], strict=True))
                shown.hints = unpack_variants(hints)
                shown.expire = expire
                self.notified.append(shown)
                self._bus.send(Message.new_method_return(message, "u", [number]))
                if self.presses:
                    self._bus.send(_signal("ActionInvoked", "us", number, self.presses))
                return True
        return None


def _signal(member, signature, *body):
    return Message.new_signal("/org/freedesktop/Notifications", NOTIFICATIONS, member, signature, list(body))


def _node(layout):
    number, properties, children = layout
    return SimpleNamespace(id=number, properties=properties, children=[_node(child) for child in children])
