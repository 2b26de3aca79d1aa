"""What the tray knows of the queue at one moment, and what that looks like at a glance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from queuectl.model.job import Job
from queuectl.model.state import State
from queuectl.queue import Queue
from queuectl.store.types import JobFilter, Pause, Running
from queuectl.tray.backend import Mood, Picture

RECENT = 8
"""Ended jobs in the menu."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The queue at one moment. ``error`` says why the rest may be old."""

    now: datetime
    counts: Mapping[State, int] = field(default_factory=dict)
    running: Sequence[Running] = ()
    recent: Sequence[Job] = ()
    pauses: Sequence[Pause] = ()
    workers: int = 1
    untold: bool = False
    """Nobody has said which queues of a shared database this machine runs, so that it runs none."""
    error: str | None = None
    starting: bool = False
    stopping: bool = False

    @property
    def paused(self) -> Pause | None:
        """Return the pause of all queues, if there is one."""
        return next((pause for pause in self.pauses if not pause.queue), None)

    @property
    def dead(self) -> int:
        """Return the length of the dead letter queue."""
        return self.counts.get(State.DEAD, 0)

    @property
    def waiting(self) -> int:
        """Return how many jobs have yet to run, or to run again."""
        waiting = (State.PENDING, State.SCHEDULED, State.BLOCKED, State.FAILED)
        return sum(self.counts.get(state, 0) for state in waiting)


def take(queue: Queue, *, workers: int, untold: bool, stopping: bool) -> Snapshot:
    """Look at the queue.

    Raises:
        StoreUnavailable: the database cannot be read.
    """
    status = queue.status()
    ended = (State.COMPLETED, State.DEAD, State.CANCELLED)
    return Snapshot(
        now=queue.clock.now(),
        counts=status.counts,
        running=status.running,
        recent=queue.jobs(JobFilter(states=ended, limit=RECENT)),
        pauses=status.pauses,
        workers=workers,
        untold=untold,
        stopping=stopping,
    )


def picture(snapshot: Snapshot) -> Picture:
    """Choose what the icon shows: trouble first, then the dead, then what keeps jobs from running, then work."""
    running = len(snapshot.running)
    if snapshot.error is not None:
        return Picture(mood=Mood.ERROR)
    if snapshot.starting:
        return Picture(mood=Mood.STARTING)
    if snapshot.dead:
        return Picture(mood=Mood.ATTENTION, count=snapshot.dead)
    if snapshot.paused is not None or snapshot.untold:
        return Picture(mood=Mood.PAUSED)
    if running:
        return Picture(mood=Mood.RUNNING, count=running)
    return Picture(mood=Mood.IDLE)


def title(snapshot: Snapshot) -> str:
    """Say the same in a line: ``3 running, 12 waiting, 1 dead``."""
    if snapshot.error is not None:
        return f"queuectl: {snapshot.error}"
    if snapshot.starting:
        return "queuectl is starting"
    parts = [f"{len(snapshot.running)} running", f"{snapshot.waiting} waiting", f"{snapshot.dead} dead"]
    text = ", ".join(parts)
    if snapshot.stopping:
        return f"Stopping: {text}"
    if snapshot.untold:
        return f"No queue runs on this machine: {text}"
    return f"Paused: {text}" if snapshot.paused is not None else text
