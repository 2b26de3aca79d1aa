"""The tray application: hosts everything, shows one icon, and goes on without it where no tray can be shown."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from queuectl import narrator
from queuectl.dropfolder.events import DropEvent, DropKind
from queuectl.engine.events import EventKind, JobEvent
from queuectl.errors import QueuectlError
from queuectl.host import Host, HostOptions
from queuectl.queue import Queue
from queuectl.tray import menu, snapshot
from queuectl.tray.actions import TrayActions
from queuectl.tray.backend import Notification, TrayBackend
from queuectl.tray.notify import Answers, Notifier
from queuectl.tray.snapshot import Snapshot

SHORTEST = 0.25
"""Seconds between two looks, so that a thousand jobs make four updates a second."""
ELAPSED = 1.0
"""Seconds between two looks while jobs run, for the elapsed times in the menu."""
IDLE = 5.0
"""Seconds between two looks while nothing runs: what other hosts and the command line do is seen by then."""

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

    # the status thread

    def _watch(self) -> None:
        wait = 0.0
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
                due = self._notifier.flush()
            except Exception:
                log.exception("the tray could not be brought up to date")
                due = None
            busy = bool(self._last.running)
            wait = min(ELAPSED if busy else IDLE, IDLE if due is None else max(due, SHORTEST))

    def _look(self) -> Snapshot:
        try:
            fresh = snapshot.take(self.queue, workers=self.host.workers, stopping=self.stopping)
        except QueuectlError as exc:
            return Snapshot(now=self.queue.clock.now(), workers=self.host.workers, error=exc.message)
        self._note_work(fresh)
        return fresh

    def _note_work(self, fresh: Snapshot) -> None:
        now = time.monotonic()
        if fresh.running or fresh.waiting:
            self._at_work_since = self._at_work_since or now
        elif self._at_work_since is not None:
            self._notifier.queue_emptied(timedelta(seconds=now - self._at_work_since))
            self._at_work_since = None

    def _show(self, fresh: Snapshot) -> None:
        self._last = fresh
        self._tray.update(
            picture=snapshot.picture(fresh),
            title=snapshot.title(fresh),
            menu=menu.build(fresh, self.actions, self.actions.choices()),
        )
