"""The tray on Linux: a StatusNotifierItem on the session bus. Needs neither X nor a toolkit."""

import asyncio
from collections.abc import Callable, Sequence

from queuectl.tray.backend import Entry, Notification, Picture
from queuectl.tray.sni.item import Render
from queuectl.tray.sni.session import Identity, SniSession, Wishes


class SniTray:
    """Show an icon in the panel of a Linux desktop; ``render`` draws it.

    ``patience`` is how many seconds a panel that shows icons may take to be there. Everything on the bus happens in the
    thread of ``run``. The others only leave a wish and wake it, without a lock, so that a signal handler may do so too.
    """

    def __init__(
        self, *, app_id: str = "queuectl", title: str = "queuectl", render: Render, patience: float = 5.0
    ) -> None:
        self._identity = Identity(app_id=app_id, title=title, render=render)
        self._patience = patience
        self._wishes = Wishes()
        self._session: SniSession | None = None

    def run(self, on_ready: Callable[[], None]) -> None:
        """Show the icon until ``stop``; see the protocol.

        Raises:
            TrayUnavailable: no session bus, no panel with a tray, or the bus has gone.
        """
        asyncio.run(self._run(on_ready))

    def update(self, *, picture: Picture, title: str, menu: Sequence[Entry]) -> None:
        """Show another picture, title or menu; at most four times a second, and then the latest."""
        self._wishes.latest = (picture, title, menu)
        self._wake(SniSession.plan)

    def notify(self, notification: Notification) -> None:
        """Show a notification, if there is a server for it."""
        self._wishes.notices.append(notification)
        self._wake(SniSession.talk)

    def stop(self) -> None:
        """Take the icon away and let ``run`` return."""
        self._wishes.stop = True
        self._wake(SniSession.stop)

    async def _run(self, on_ready: Callable[[], None]) -> None:
        session = SniSession(self._identity, self._wishes, self.notify)
        self._session = session
        try:
            # Asked only now, for whoever stops it before this line cannot see the session, and after it wakes it.
            if not self._wishes.stop:
                await session.run(on_ready, self._patience)
        finally:
            self._session = None

    def _wake(self, what: Callable[[SniSession], None]) -> None:
        session = self._session
        if session is not None:
            session.wake(what)
