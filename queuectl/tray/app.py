"""The tray application: hosts everything, shows one icon, and goes on without it where no tray can be shown."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from queuectl import narrator
from queuectl.dropfolder.events import DropEvent, DropKind
from queuectl.engine.events import EventKind, JobEvent
from queuectl.engine.outage import Outage
from queuectl.errors import QueuectlError
from queuectl.host import Host, HostOptions
from queuectl.queue import Queue
from queuectl.tray import menu, snapshot
from queuectl.tray.actions import Choices, TrayActions
from queuectl.tray.backend import Notification, TrayBackend
from queuectl.tray.notify import Answers, Notifier
from queuectl.tray.snapshot import Snapshot
from queuectl.units import format_duration

SHORTEST = 0.25
"""Seconds between two looks, so that a thousand jobs make four updates a second."""
ELAPSED = 1.0
"""Seconds between two looks while jobs run, for the elapsed times in the menu."""
IDLE = 5.0
"""Seconds between two looks while nothing runs: what other hosts and the command line do is seen by then."""

PATIENCE = 5.0
"""Seconds that a server gets to answer a look."""
OUTAGE_IS_NEWS = 10.0
"""Seconds after which a database that does not work is worth a notification."""

log = logging.getLogger("queuectl.tray")


class TrayApp:
    """Keep a tray's picture, title, menu and notifications in step with the queue."""

    def __init__(self, queue: Queue, tray: TrayBackend, *, database: str | None) -> None:
        self.queue = queue
        self._tray = tray
        self.host = Host(
            queue,
            HostOptions(kind="tray", drop_folder=True, dashboard=True),
            listener=self._on_job,
            on_drop=self._on_drop,
            on_outage=self._on_outage,
        )
        self.actions = TrayActions(self, database=database)
        answers = Answers(
            retry=self.actions.retry,
            show_log=self.actions.show_log,
            open_dead=self.actions.open_dead,
            open_rejected=self.actions.open_rejected,
        )
        self._notifier = Notifier(
            show=tray.notify, answers=answers, allowed=self.actions.may_notify, now=time.monotonic
        )
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._at_work_since: float | None = None
        self._choices: Choices | None = None
        self._outage: Outage | None = None
        """The one that was told."""
        self._last = Snapshot(now=queue.clock.now(), starting=True)
        self._watcher = threading.Thread(target=self._watch, name="tray-status", daemon=True)
        self._tell: Callable[[str, str], None] | None = None
        self.stopping = False

    def run(self) -> None:
        """Show the icon, run jobs, and return when the tray is told to stop; the caller stops the host.

        Raises:
            TrayUnavailable: no tray can be shown, or it went away; the host runs on.
        """
        self._show(self._last)
        self._tray.run(on_ready=self._start)

    def _start(self) -> None:
        if not self._watcher.is_alive():
            self._watcher.start()

    def start_host(self) -> None:
        """Start running jobs.

        Raises:
            StoreUnavailable: the database cannot be written.
        """
        self.host.start()

    def stop(self) -> None:
        """Take the icon away and let ``run`` return."""
        self._ended.set()
        self._changed.set()
        self._tray.stop()

    def refresh(self) -> None:
        """Look at the queue soon."""
        self._changed.set()

    def notify(self, notification: Notification) -> None:
        """Show a notification at once."""
        self._tray.notify(notification)

    # the host's threads

    def narrate(self, tell: Callable[[str, str], None]) -> None:
        """Have each thing that happens told in a line, as there is no icon to show it."""
        self._tell = tell

    def _on_job(self, event: JobEvent) -> None:
        if self._tell is not None:
            self._tell(*narrator.of_job(event))
        if event.kind is EventKind.DEAD:
            self._notifier.job_died(event.job)
        self._changed.set()

    def _on_drop(self, event: DropEvent) -> None:
        if self._tell is not None:
            self._tell(*narrator.of_drop(event))
        if event.kind is DropKind.REJECTED:
            self._notifier.drop_rejected(event.name, event.reason or "")
        self._changed.set()

    def _on_outage(self, _outage: Outage | None) -> None:
        self._changed.set()

    # the status thread

    def _watch(self) -> None:
        wait = 0.0
        self.queue.store.answer_within(PATIENCE)
        while not self._ended.is_set():
            self._changed.wait(wait)
            self._changed.clear()
            if self._ended.wait(SHORTEST if wait else 0):
                return
            if self.host.stop_asked:  # by "worker stop --all"
                self.stop()
                return
            try:
                self._show(self._look())
                self._note_outage()
                due = self._notifier.flush()
            except Exception:
                log.exception("the tray could not be brought up to date")
                due = None
            busy = bool(self._last.running) or self.host.outage is not None
            wait = min(ELAPSED if busy else IDLE, IDLE if due is None else max(due, SHORTEST))

    def _look(self) -> Snapshot:
        if self.host.outage is not None:
            return self._without_database(self.host.outage)
        try:
            fresh = snapshot.take(
                self.queue, workers=self.host.workers, untold=self.host.duty.queues == (), stopping=self.stopping
            )
        except QueuectlError as exc:
            return Snapshot(now=self.queue.clock.now(), workers=self.host.workers, error=exc.message)
        self._note_work(fresh)
        return fresh

    def _without_database(self, outage: Outage) -> Snapshot:
        since = f"{outage.since.astimezone():%H:%M:%S}"
        running = f"; {self.host.running} running here" if self.host.running else ""
        error = f"no database since {since}{running} ({outage.reason})"
        return Snapshot(now=self.queue.clock.now(), workers=self.host.workers, error=error, stopping=self.stopping)

    def _note_outage(self) -> None:
        """Tell once that the database does not work when that lasts, and once that it works again."""
        outage = self.host.outage
        if outage is not None and self._outage is None and outage.lasts >= OUTAGE_IS_NEWS:
            self._outage = outage
            body = f"{outage.reason}\nIt is tried until it works; running jobs go on as long as they may."
            self.notify(Notification(title="The database does not work", body=body, urgent=True))
        elif outage is None and self._outage is not None:
            lasted, self._outage = self._outage.lasts, None
            body = f"It did not for {format_duration(float(round(lasted)))}."
            self.notify(Notification(title="The database works again", body=body))

    def _note_work(self, fresh: Snapshot) -> None:
        now = time.monotonic()
        if fresh.running or fresh.waiting:
            self._at_work_since = self._at_work_since or now
        elif self._at_work_since is not None:
            self._notifier.queue_emptied(timedelta(seconds=now - self._at_work_since))
            self._at_work_since = None

    def _show(self, fresh: Snapshot) -> None:
        self._last = fresh
        if fresh.error is None or self._choices is None:
            self._choices = self.actions.choices()
        self._tray.update(
            picture=snapshot.picture(fresh),
            title=snapshot.title(fresh),
            menu=menu.build(fresh, self.actions, self._choices),
        )
