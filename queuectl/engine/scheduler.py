"""Fires schedules: enqueues what is due in the transaction that notes it as done, so that it is done once (P8)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from queuectl.errors import InvalidSetting, NotFound, QueuectlError, StoreUnavailable
from queuectl.model.catchup import GRACE, Due, due
from queuectl.model.schedules import Schedule
from queuectl.queue import Queue
from queuectl.scheduling import launch

AT_ONCE = 100
"""Schedules fired in one transaction, so that others need not wait long."""
TRY_AGAIN = timedelta(minutes=1)
"""How long after an occurrence could not be enqueued it is tried again."""

STAND_BY = timedelta(seconds=10)
"""How long a host leaves an occurrence to the one that is elected to fire it."""

log = logging.getLogger("queuectl.engine")


class Scheduler:
    """Know in memory when the first schedule is due; so a transaction in between costs nothing more.

    Every host fires, whatever queues it runs; who is first in the database wins. Where there are many, one is
    elected to do it, and the others only stand by. Belongs to one thread.
    """

    def __init__(self, jobs: Queue) -> None:
        self._queue = jobs
        self._store = jobs.store
        self.next: datetime | None = datetime.min.replace(tzinfo=UTC)
        """When to fire; the beginning of time as long as nobody has looked."""
        self._found: list[tuple[Schedule, Due | QueuectlError]] = []

    def look(self) -> None:
        """See when the first schedule is due; to be called when others have changed something."""
        found = self._store.next_schedule()
        self.next = found if found is None or self._store.is_elected() else found + STAND_BY

    @contextmanager
    def ready(self) -> Iterator[None]:
        """Wrap the transaction in which ``fire`` is called.

        What is due is found out before, for it may take long after a long sleep; and others are told afterwards.
        """
        if self.next is None or self.next > self._store.now():
            yield
            return
        now, grace = self._store.now(), self._grace()
        self._found = [(one, _due(one, now, grace)) for one in self._store.due_schedules(AT_ONCE)]
        try:
            yield
        finally:
            found, self._found = self._found, []
        with suppress(StoreUnavailable):  # what was fired is kept; it is still due, so the next transaction looks again
            self.look()
        if found:
            self._store.ring()

    def fire(self) -> None:
        """Enqueue what is due, unless another host was quicker or somebody has changed the schedule."""
        for schedule, found in self._found:
            with suppress(NotFound):
                there = self._store.hold_schedule(schedule.name)
                if there == schedule:
                    self._fire(schedule, found)

    def _fire(self, schedule: Schedule, found: Due | QueuectlError) -> None:
        if isinstance(found, QueuectlError):
            self._put_off(schedule, schedule, found)
            return
        missed = schedule.missed + found.missed
        done = replace(schedule, last_at=found.last, next_at=found.next, missed=missed, problem=None)
        if not self._store.change_schedule(schedule, done):
            return
        try:
            launched = launch(self._queue, schedule, found.run, source=f"schedule {schedule.name}")
        except StoreUnavailable:
            raise
        except QueuectlError as exc:
            self._put_off(schedule, done, exc)
            return
        if launched.skipped:
            log.info("schedule %s: the run before has not ended; the new one is left out", schedule.name)
        last_job = launched.jobs[-1].id if launched.jobs else schedule.last_job
        self._store.change_schedule(done, replace(done, last_job=last_job, skipped=schedule.skipped + launched.skipped))

    def _put_off(self, schedule: Schedule, stored: Schedule, problem: QueuectlError) -> None:
        log.error("schedule %s: %s", schedule.name, problem.message)
        later = self._store.now() + TRY_AGAIN
        self._store.change_schedule(stored, replace(schedule, next_at=later, problem=problem.message))

    def _grace(self) -> timedelta:
        try:
            return timedelta(seconds=self._queue.settings()["schedule_grace"])
        except InvalidSetting:  # the coordinator tells of it
            return GRACE


def _due(schedule: Schedule, now: datetime, grace: timedelta) -> Due | QueuectlError:
    try:
        return due(schedule.rule, schedule.last_at, now, schedule.catch_up, grace=grace)
    except QueuectlError as exc:  # such as a time zone that this machine does not have
        return exc
