"""What the engine tells those who watch it: the terminal, the tray, the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from queuectl.model.job import Job, Outcome
from queuectl.model.state import State

log = logging.getLogger("queuectl.engine")


class EventKind(StrEnum):
    """What happened to a job on this host."""

    STARTED = "started"
    """Its process runs."""
    COMPLETED = "completed"
    """It ended well."""
    RETRYING = "retrying"
    """It failed and waits for its next run."""
    DEAD = "dead"
    """It moved to the dead letter queue."""
    CANCELLED = "cancelled"
    """It was stopped because a person wanted that."""
    RELEASED = "released"
    """It was put back because this host stops."""
    RECOVERED = "recovered"
    """Its host died; this one put it back."""

    @classmethod
    def after_run(cls, job: Job) -> "EventKind":
        """Name what became of a job whose run ended."""
        return {
            State.COMPLETED: cls.COMPLETED,
            State.FAILED: cls.RETRYING,
            State.DEAD: cls.DEAD,
            State.CANCELLED: cls.CANCELLED,
        }.get(job.state, cls.RELEASED)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobEvent:
    """One thing that happened; ``outcome`` is None for a start."""

    kind: EventKind
    job: Job
    outcome: Outcome | None = None


Listener = Callable[[JobEvent], None]


def tell(listener: Listener | None, event: JobEvent) -> None:
    """Tell a listener; its mistakes are logged and stop nothing."""
    if listener is None:
        return
    try:
        listener(event)
    except Exception:
        log.exception("a listener failed on %s of job %s", event.kind, event.job.id)
