"""The D-Bus session bus as the tray uses it: connect, call, listen; and why there is none."""

import asyncio
import os
from pathlib import Path
from typing import Any

from dbus_fast import DBusError, DBusFastError, Message, MessageType
from dbus_fast.aio import MessageBus

from queuectl.tray.backend import TrayUnavailable

BUS = "org.freedesktop.DBus"
BUS_PATH = "/org/freedesktop/DBus"


async def connect(patience: float) -> MessageBus:
    """Connect to the session bus, within so many seconds.

    Raises:
        TrayUnavailable: there is no session bus, or it does not answer.
    """
    address = _address()
    if address is None:
        raise TrayUnavailable(
            "There is no D-Bus session bus here (over ssh, in cron or on a bare console there is none), "
            "and without it no icon can be shown."
        )
    try:
        async with asyncio.timeout(patience):
            return await MessageBus(bus_address=address).connect()
    except TimeoutError as error:
        raise TrayUnavailable(f"The D-Bus session bus at {address} does not answer.") from error
    except (OSError, EOFError, DBusFastError) as error:
        raise TrayUnavailable(f"The D-Bus session bus at {address} cannot be reached: {error}") from error


def _address() -> str | None:
    if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    # Where systemd puts the bus of a user; a program started from a service or over su may lack the variable.
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and (Path(runtime) / "bus").is_socket():
        return f"unix:path={runtime}/bus"
    return None


async def call(
    bus: MessageBus,
    member: str,
    signature: str = "",
    *body: Any,
    to: str = BUS,
    path: str = BUS_PATH,
    interface: str = "",
) -> Message:
    """Call a method and return the reply; ``interface`` is by default named as the one called.

    Raises:
        DBusError: it answered with an error.
        OSError: the bus has gone.
    """
    message = Message(
        destination=to, path=path, interface=interface or to, member=member, signature=signature, body=list(body)
    )
    try:
        reply = await bus.call(message)
    except EOFError:
        reply = None
    if reply is None:
        raise ConnectionResetError("the session bus has gone")
    if reply.message_type is MessageType.ERROR:
        raise DBusError(reply.error_name or "unknown.Error", str(reply.body[0]) if reply.body else "", reply)
    return reply


async def listen(bus: MessageBus, *, sender: str, member: str, about: str = "") -> None:
    """Have the bus hand on a signal of ``sender``; ``about`` is its first argument, if only that one is wanted."""
    rule = f"type='signal',sender='{sender}',member='{member}'"
    await call(bus, "AddMatch", "s", f"{rule},arg0='{about}'" if about else rule)


def clean(text: str) -> str:
    """Return a text that D-Bus takes: no NUL and no half of a pair, for which the bus would hang up."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
