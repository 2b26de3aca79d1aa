"""What a host goes by, read from the settings in one go and taken up while it runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from queuectl.engine.runner import Limits
from queuectl.model.duty import Duty, read_duty
from queuectl.model.hooks import HookSettings
from queuectl.model.policy import Backoff
from queuectl.platform import machine
from queuectl.queue import Queue


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """The settings that the engine goes by. Times are in seconds."""

    duty: Duty
    workers: int
    limits: Limits
    backoff: Backoff
    hooks: HookSettings
    lease: float
    heartbeat: float
    poll: float


def read_terms(jobs: Queue, *, queues: Sequence[str] | None, poll: float | None) -> Terms:
    """Return what the settings say now; ``queues`` and ``poll`` are what the command line says.

    Raises:
        InvalidSetting: one of them is not allowed.
        StoreUnavailable: they cannot be read.
    """
    settings, shared = jobs.settings(), jobs.paths.database is None
    lease: float = settings["lease"]
    return Terms(
        duty=read_duty(settings, machine.name(), shared=shared, queues=queues),
        workers=settings["workers"],
        limits=Limits.of(settings),
        backoff=Backoff.of(settings),
        hooks=HookSettings.of(settings),
        lease=lease,
        heartbeat=min(settings["heartbeat"], lease / 3),
        poll=poll or settings["poll"],
    )
