"""How long the database has not worked, told once when that begins and once when it is over."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from queuectl.errors import QueuectlError, StoreBusy
from queuectl.platform.elapsed import elapsed
from queuectl.units import format_duration

BUSY_IN_A_ROW = 3
"""So often a database may be busy before that is an outage."""

log = logging.getLogger("queuectl.engine")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outage:
    """A time in which the database does not work."""

    reason: str
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    """By this machine's clock."""
    began: float = field(default_factory=elapsed)

    @property
    def lasts(self) -> float:
        """Return for how many seconds it has lasted."""
        return elapsed() - self.began


class Outages:
    """Know whether there is one; ``on_change`` is called when one begins, and with None when it is over."""

    def __init__(self, on_change: Callable[[Outage | None], None] | None = None) -> None:
        self.now: Outage | None = None
        self._on_change = on_change
        self._busy = 0

    def failed(self, exc: QueuectlError) -> None:
        """Note that the database has just failed."""
        self._busy += 1
        if self.now is not None or (isinstance(exc, StoreBusy) and self._busy < BUSY_IN_A_ROW):
            log.info("the database failed: %s", exc)
            return
        log.error("the database fails, and is tried until it works again; running jobs go on: %s", exc)
        self._tell(Outage(reason=exc.message))

    def worked(self) -> None:
        """Note that the database has just worked."""
        self._busy = 0
        if self.now is not None:
            log.warning("the database works again after %s", format_duration(float(round(self.now.lasts))))
            self._tell(None)

    def _tell(self, outage: Outage | None) -> None:
        self.now = outage
        if self._on_change is None:
            return
        try:
            self._on_change(outage)
        except Exception:
            log.exception("a listener failed on an outage")
