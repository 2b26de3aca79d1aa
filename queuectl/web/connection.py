"""A visitor's connection: who asks nothing is not waited for, and no more are held than the host has files to spare."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from queuectl.platform.listener import most_connections

PATIENCE = 10.0
"""Seconds in which a connection has to bring a whole request, from its beginning or after the answer before."""


class Connection(H11Protocol):
    """Anybody on this machine may knock, and hold a file of ours by it; jobs need files too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._most = most_connections()
        self._idle_at: object = None
        """Its last request, if that was answered when it was last looked at."""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent has it
        """Take a visitor in; where there are too many, one that asks nothing has to go."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(PATIENCE, self._look)
        held = [one for one in self.connections if isinstance(one, Connection) and not one.transport.is_closing()]
        if len(held) > self._most:
            next((one for one in held if one.is_idle and one is not self), self).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a visitor."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is asked, or only begun to be."""
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        if self.is_idle and self._idle_at is self.cycle:
            self.transport.abort()
            return
        self._idle_at = self.cycle if self.is_idle else self
        self._timer = self.loop.call_later(PATIENCE, self._look)
