"""The part of the Store protocol that is about schedules."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from queuectl.model.schedules import Schedule  # every command would pay for its import


class ScheduleVerbs(Protocol):
    """Keep schedules."""

    def schedules(self) -> "list[Schedule]":
        """Return the schedules, by name."""
        ...

    def schedule(self, name: str) -> "Schedule":
        """Return one schedule.

        Raises:
            NotFound: there is none with that name.
        """
        ...

    def hold_schedule(self, name: str) -> "Schedule":
        """Return one schedule as it is now, and let nobody else change it before the caller's transaction ends.

        Raises:
            NotFound: there is none with that name.
        """
        ...

    def add_schedule(self, schedule: "Schedule") -> None:
        """Keep a new schedule.

        Raises:
            WrongState: there is one with that name.
        """
        ...

    def change_schedule(self, before: "Schedule", after: "Schedule") -> bool:
        """Put a schedule in place of what it was; tell whether it still was that, else nothing has changed.

        That is seen by ``last_at``, ``next_at`` and ``paused``, in the statement that changes it: so whoever enqueues
        an occurrence in the same transaction is the only one who does.
        """
        ...

    def remove_schedule(self, name: str) -> None:
        """Forget a schedule; its jobs stay.

        Raises:
            NotFound: there is none with that name.
        """
        ...

    def due_schedules(self, limit: int) -> "list[Schedule]":
        """Return the schedules that are to be looked at now, the longest due first; paused ones rest."""
        ...

    def next_schedule(self) -> datetime | None:
        """Return when the first schedule is to be looked at."""
        ...

    def live_runs(self, schedule: str) -> Sequence[int]:
        """Return the ids of a schedule's jobs that have not ended, in order; its cost does not grow with the others."""
        ...

    def last_runs(self, schedule: str, limit: int) -> Sequence[int]:
        """Return the ids of a schedule's newest jobs, the newest first."""
        ...
