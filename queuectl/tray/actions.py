"""What the tray's menu and notifications do."""

import logging
import os
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from queuectl import __version__, bulk
from queuectl.errors import QueuectlError
from queuectl.host import Host, drop_folder
from queuectl.platform import autostart
from queuectl.platform.opener import open_path, open_terminal, read_clipboard
from queuectl.queue import Queue
from queuectl.store.opening import refuse_password
from queuectl.tray.backend import Action, Notification
from queuectl.tray.notify import is_silent

MORNING = 8
"""The hour at which a pause until tomorrow ends."""
UNDO = 5.0
"""Seconds in which a job from the clipboard can still be called back."""
SWITCHES = {
    "notify_dead": "When a job is dead",
    "notify_empty": "When the queue is empty",
    "notify_rejected": "When a drop is rejected",
}

log = logging.getLogger("queuectl.tray")


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What is set, and what this machine can do."""

    notifications: Mapping[str, tuple[str, bool]]
    """Setting -> label and whether it is on."""
    autostart: bool
    """Whether the tray starts at login."""
    cores: int


class Application(Protocol):
    """What the actions need of the application."""

    queue: Queue
    host: Host
    stopping: bool

    def refresh(self) -> None:
        """Look at the queue soon."""
        ...

    def notify(self, notification: Notification) -> None:
        """Show a notification at once."""
        ...

    def stop(self) -> None:
        """Take the icon away and end."""
        ...


class TrayActions:
    """Do what the user chose; each method runs in a thread of its own, and its errors are shown by the caller."""

    def __init__(self, app: Application, *, database: str | None) -> None:
        self._app = app
        self._queue = app.queue
        self._database = database

    def choices(self) -> Choices:
        """Return what the menu shows as set."""
        try:
            settings = self._queue.settings()
            switches = {key: (label, bool(settings[key])) for key, label in SWITCHES.items()}
        except QueuectlError:
            switches = {key: (label, True) for key, label in SWITCHES.items()}
        try:
            at_login = autostart.current() is not None
        except Exception:  # noqa: BLE001 - whatever is wrong with the entry, it must not cost the whole menu
            at_login = False
        return Choices(notifications=switches, autostart=at_login, cores=os.cpu_count() or 1)

    def may_notify(self, setting: str) -> bool:
        """Tell whether a kind of notification is wanted now."""
        settings = self._queue.settings()
        try:
            silent = is_silent(settings["silent_hours"], datetime.now().astimezone())
        except ValueError:
            silent = False
        return bool(settings[setting]) and not silent

    # the queue

    def pause(self, until: datetime | None) -> None:
        """Take no more jobs."""
        self._queue.pause(None, until)
        self._app.refresh()

    def pause_for_an_hour(self) -> None:
        """Take no more jobs for an hour."""
        self.pause(self._queue.clock.now() + timedelta(hours=1))

    def pause_until_tomorrow(self) -> None:
        """Take no more jobs until the next morning."""
        tomorrow = datetime.now() + timedelta(days=1)  # noqa: DTZ005 - made aware below, after the arithmetic
        self.pause(tomorrow.replace(hour=MORNING, minute=0, second=0, microsecond=0).astimezone())

    def resume(self) -> None:
        """Take jobs again."""
        self._queue.resume(None)
        self._app.refresh()

    def cancel(self, job_id: int) -> None:
        """Stop a job."""
        self._queue.cancel(job_id, reason="cancelled in the tray's menu")
        self._app.refresh()

    def retry(self, job_id: int) -> None:
        """Run a job again."""
        self._queue.retry(job_id)
        self._app.refresh()

    def retry_all_dead(self) -> None:
        """Run all dead jobs again."""
        bulk.retry_dead(self._queue)
        self._app.refresh()

    def add_from_clipboard(self) -> None:
        """Enqueue what is in the clipboard, after a moment in which it can be called back."""
        command = read_clipboard().strip()
        if not command:
            raise QueuectlError("the clipboard holds no text", hint="Copy a command, then try again.")
        start = self._queue.clock.now() + timedelta(seconds=UNDO)
        job = self._queue.add(command, run_at=start, cwd=str(Path.home()))
        shown = command if len(command) <= 200 else command[:199] + "…"
        undo = Action(key="cancel", label="Cancel", act=lambda: self.cancel(job.id))
        self._app.notify(Notification(title=f"Job {job.id} starts in {UNDO:.0f} s", body=shown, actions=(undo,)))
        self._app.refresh()

    # what is opened

    def show_log(self, job_id: int) -> None:
        """Open the newest log of a job."""
        job = self._queue.find(job_id)
        path = self._queue.paths.log(job.id, max(job.runs, 1))
        if not path.exists():
            raise QueuectlError(f"job {job_id} has no log on this machine")
        open_path(path)

    def open_dead(self) -> None:
        """Show the dead letter queue."""
        self._open("dead", "dlq", "list")

    def open_dashboard(self) -> None:
        """Show what is going on."""
        self._open("", "status", "--watch")

    def open_duty(self) -> None:
        """Show where it is said which queues of a shared database run here."""
        self._open("settings?find=run_queues", "config", "get")

    def _open(self, page: str, *words: str) -> None:
        """Open a page of our own host or, where there is none, show what a command prints."""
        dashboard = self._app.host.dashboard
        if dashboard is None:
            show_in_terminal(self._queue, self._database, *words)
        else:
            open_path(dashboard.login_url(page))

    def open_drop_folder(self) -> None:
        """Open the drop folder."""
        folder = drop_folder(self._queue)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        open_path(folder)

    def open_rejected(self) -> None:
        """Open the folder of rejected drops."""
        open_path(drop_folder(self._queue) / "rejected")

    def open_logs(self) -> None:
        """Open the folder of the jobs' logs."""
        self._queue.paths.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        open_path(self._queue.paths.logs)

    # the application

    def set_workers(self, count: int) -> None:
        """Change how many jobs run at once."""
        self._queue.set_setting("workers", str(count))
        self._app.refresh()

    def toggle(self, setting: str) -> None:
        """Switch a kind of notification on or off."""
        on = bool(self._queue.settings()[setting])
        self._queue.set_setting(setting, "off" if on else "on")
        self._app.refresh()

    def toggle_autostart(self) -> None:
        """Start at login, or no longer."""
        if autostart.current() is None:
            refuse_password(self._queue.paths)
            database = ("--db", self._queue.paths.address) if self._database else ()
            autostart.turn_on([*autostart.program("queuectl-tray", "queuectl.tray"), *database])
        else:
            autostart.turn_off()
        self._app.refresh()

    def about(self) -> None:
        """Say which version this is and where it keeps things."""
        body = (
            f"Database {self._queue.store.location}\nDrop folder {drop_folder(self._queue)}\n"
            "MIT licence; uses pystray (LGPL) and others"
        )
        self._app.notify(Notification(title=f"queuectl {__version__}", body=body))

    def quit_when_idle(self) -> None:
        """Take no more jobs, and quit when the last running one has ended."""
        self._app.stopping = True
        self._app.host.drain()
        self._app.refresh()
        _in_background(self._quit_when_idle)

    def _quit_when_idle(self) -> None:
        self._app.host.wait_until_idle()
        self._app.stop()

    def quit_now(self) -> None:
        """Quit; what runs goes back to the queue."""
        self._app.host.hurry()
        self._app.stop()


def _in_background(function: Callable[[], None]) -> None:
    threading.Thread(target=function, name="tray-quit", daemon=True).start()


def open_page(queue: Queue, database: str | None) -> None:
    """Open the page of the host that runs already or, where there is none, show the status in a terminal.

    Raises:
        OSError: nothing here can show it.
    """
    from queuectl.web.client import login_url

    try:
        open_path(login_url(queue))
    except QueuectlError:
        show_in_terminal(queue, database, "status", "--watch")


def show_in_terminal(queue: Queue, database: str | None, *words: str) -> None:
    """Show what a command prints: in a terminal or, where there is none, as a text file.

    Raises:
        OSError: nothing here can show it.
    """
    command = [*autostart.program("queuectl", "queuectl"), *(("--db", database) if database else ()), *words]
    try:
        open_terminal(command)
    except OSError:
        once = [word for word in command if word != "--watch"]
        done = subprocess.run(once, capture_output=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
        file = queue.paths.files / f"{words[0]}.txt"
        file.write_bytes(done.stdout or b"nothing\n")
        open_path(file)
