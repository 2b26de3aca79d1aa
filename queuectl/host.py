"""The composition root: what runs in a host, in what order it starts and stops, and with what deadline."""

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from queuectl import __version__
from queuectl.engine.coordinator import Coordinator
from queuectl.engine.doorbell import Doorbell
from queuectl.engine.events import JobEvent, Listener
from queuectl.engine.outage import Outage
from queuectl.engine.reaper import Reaper
from queuectl.errors import QueuectlError, StoreUnavailable
from queuectl.model.duty import Duty
from queuectl.platform import bundle, machine
from queuectl.platform.environment import Environment
from queuectl.platform.lock import FileLock
from queuectl.platform.process import clean_environment, keep_exit_codes
from queuectl.queue import FINISH_UP, Queue
from queuectl.settings import find
from queuectl.store.types import HostRow

if TYPE_CHECKING:
    from queuectl.dropfolder.events import DropEvent
    from queuectl.dropfolder.watcher import Watcher
    from queuectl.web.server import Dashboard

THREAD_DEADLINE = 5.0
"""Seconds that the threads get to end."""
SHORTEST_DEADLINE = 1.0
"""Seconds that each of them gets in any case."""

log = logging.getLogger("queuectl.host")


@dataclass(frozen=True, kw_only=True, slots=True)
class HostOptions:
    """What a host runs: ``kind`` is serve, worker or tray; None is what the settings say."""

    kind: str
    workers: int | None = None
    poll: float | None = None
    queues: Sequence[str] | None = None
    budget: int | None = None
    """How many jobs it takes before it stops by itself."""
    burst: bool = False
    """Whether it stops by itself when nothing is left to run."""
    drop_folder: bool = False
    dashboard: bool = False


class Host:
    """Run a queue's jobs in background threads, from ``start`` to ``stop``."""

    def __init__(
        self,
        jobs: Queue,
        options: HostOptions,
        *,
        listener: Listener | None = None,
        on_drop: Callable[["DropEvent"], None] | None = None,
        on_outage: Callable[[Outage | None], None] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.id = os.urandom(6).hex()
        self.options = options
        self._queue = jobs
        self._listener: Listener | None = None
        self.stop_asked = False
        """Whether somebody wants this host to stop."""
        self._stop_wishes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self._lock = FileLock(jobs.host_lock(self.id))
        if options.dashboard:
            self._listener, listener = listener, self._tell
        self._coordinator = Coordinator(
            jobs,
            self.id,
            workers=options.workers,
            environ=Environment(
                # What jobs ask of queuectl, they ask of their own queue.
                {**clean_environment(os.environ if environ is None else environ), "QUEUECTL_DB": jobs.store.address},
                shared=jobs.paths.is_shared,
            ),
            poll=options.poll,
            queues=options.queues,
            budget=options.budget,
            burst=options.burst,
            listener=listener,
            on_stop_asked=self._on_stop_asked,
            on_outage=on_outage,
        )
        self._reaper = Reaper(jobs, self.id, ended_tokens=self._coordinator.holdings.ended_tokens, listener=listener)
        self._doorbell = Doorbell(self._rung)
        self._stop_listening: Callable[[float], None] = lambda _: None
        self.dashboard: Dashboard | None = None
        """The page, while the host runs and if it has one."""
        self.watcher: Watcher | None = None
        if options.drop_folder and jobs.settings()["drop_enabled"]:
            self.watcher = _watcher(jobs, on_drop)

    def start(self, on_open: Callable[[], None] | None = None) -> None:
        """Start everything: the lock and the row first, so that others see who holds the leases.

        ``on_open`` is called when all is in place, and nothing runs yet.

        Raises:
            StoreUnavailable: the database cannot be written.
        """
        keep_exit_codes()
        if not self._lock.acquire(THREAD_DEADLINE):
            raise QueuectlError(f"the lock {self._queue.host_lock(self.id)} cannot be taken")
        try:
            self._register()
        except QueuectlError:
            self._doorbell.close()
            self._lock.close()
            raise
        if self.options.dashboard:
            self._open_dashboard()
        if on_open is not None:
            on_open()
        self._doorbell.start()
        self._stop_listening = self._queue.store.listen(self._rung)
        self._coordinator.start()
        self._reaper.start()
        if self.watcher is not None:
            self.watcher.start()
        bundle.settle()

    def _open_dashboard(self) -> None:
        """Have a page; whatever keeps it from being there, jobs run without it."""
        try:
            if not self._queue.settings()["dashboard_enabled"]:
                return
            from queuectl.web.server import Dashboard  # a worker process has no page

            folder = drop_folder(self._queue)
            self.dashboard = Dashboard(self._queue, self.id, folder, watches=self.watcher is not None)
            self.dashboard.start()
            self._queue.store.set_dashboard(self.id, self.dashboard.url, self.dashboard.logs)
        except (QueuectlError, OSError) as exc:
            log.warning("there is no page that others can find: %s", exc)

    def _rung(self) -> None:
        self._coordinator.ring()
        if self.dashboard is not None:
            self.dashboard.wake()

    def _tell(self, event: JobEvent) -> None:
        if self.dashboard is not None:
            self.dashboard.wake()
        if self._listener is not None:
            self._listener(event)

    def _register(self) -> None:
        now = self._queue.store.now()
        self._queue.store.add_host(
            HostRow(
                id=self.id, machine=self._queue.machine, name=machine.name(), kind=self.options.kind, pid=os.getpid(),
                workers=self.workers, port=self._doorbell.port, version=__version__, started_at=now, seen_at=now,
                stop=None, dashboard=self.page,
                logs=self.dashboard.logs if self.dashboard is not None else None,
                tags=self.duty.tags, queues=self.duty.queues,
            )
        )  # fmt: skip

    def _on_stop_asked(self, how: str) -> None:
        if how == "gone":
            log.warning("this host's row was struck off; adding it again")
            self._register()
        elif how.startswith(FINISH_UP):
            self._coordinator.finish_up(int(how.removeprefix(FINISH_UP)))
        else:
            self.ask_to_stop()

    @property
    def page(self) -> str | None:
        """Return the address of its page, if it has one."""
        return self.dashboard.url if self.dashboard is not None else None

    @property
    def duty(self) -> Duty:
        """Return what runs here, of all jobs."""
        return self._coordinator.duty

    @property
    def running(self) -> int:
        """Return how many jobs run here now."""
        return len(self._coordinator.holdings.runs)

    @property
    def outage(self) -> Outage | None:
        """Return since when the database has not worked here, and why, if that is so."""
        return self._coordinator.outages.now

    @property
    def workers(self) -> int:
        """Return how many jobs it runs at once."""
        pool = self._coordinator.holdings.pool
        return pool.size or pool.wanted

    def wait(self) -> None:
        """Wait until somebody wants this host to stop, or its budget is spent."""
        while not self.stop_asked and not self._coordinator.done.is_set():
            with contextlib.suppress(queue.Empty):
                self._stop_wishes.get(timeout=1.0)  # with a deadline, so that a signal is noticed on Windows too

    def ask_to_stop(self) -> None:
        """Let ``wait`` return; a signal handler may call it, whatever its thread is in the midst of."""
        self.stop_asked = True
        self._stop_wishes.put(None)  # an Event's lock would not let the waiting thread's own handler in

    def wait_until_idle(self, timeout: float | None = None) -> bool:
        """Wait until the budget is spent, or nothing runs any more in a host that stops; tell whether that came."""
        return self._coordinator.done.wait(timeout)

    def drain(self) -> None:
        """Take no more jobs."""
        self._coordinator.drain()

    def hurry(self) -> None:
        """Give running jobs no more time."""
        self._hurry.set()

    def stop(self) -> int:
        """Stop gracefully: take no more jobs, let running ones end, then put back those that did not.

        Returns:
            How many jobs were stopped and put back.
        """
        self._queue.store.answer_within(THREAD_DEADLINE)
        if self.watcher is not None:
            self.watcher.stop(THREAD_DEADLINE)
        self._coordinator.drain()
        self._wait_done(self._setting("stop_grace"))
        put_back = self.running
        if put_back:
            self._coordinator.interrupt("its host was stopped")
            self._wait_done(self._setting("kill_grace") + THREAD_DEADLINE, last=True)
        parts = [self._doorbell.stop, self._stop_listening, self._coordinator.stop, self._reaper.stop]
        if self.dashboard is not None:
            parts.insert(0, self.dashboard.stop)
        deadline = time.monotonic() + THREAD_DEADLINE
        for stop in parts:
            try:
                stop(max(SHORTEST_DEADLINE, deadline - time.monotonic()))
            except Exception:  # the others have to stop, and the host to sign off
                log.exception("a part of this host could not be stopped")
        try:
            self._queue.store.remove_host(self.id)
        except StoreUnavailable as exc:
            log.error("this host could not sign off: %s", exc)  # noqa: TRY400 - the free lock tells the same
        self._lock.release()
        self._lock.close()
        self._queue.host_lock(self.id).unlink(missing_ok=True)
        return put_back

    def _setting(self, key: str) -> float:
        """Return a setting or, when the database is gone or config.toml broken, its default: a stop has to go on."""
        try:
            return float(find(key).default if self.outage else self._queue.settings()[key])
        except QueuectlError:
            return float(find(key).default)

    def _wait_done(self, seconds: float, *, last: bool = False) -> None:
        """Wait for the running jobs, until somebody is in a hurry; at ``last`` not for a database that is away."""
        waited = 0.0
        while waited < seconds and not self._coordinator.done.wait(0.05):
            waited += 0.05
            if (self.outage and not self._coordinator.holdings.at_work) if last else self._hurry.is_set():
                return


def _watcher(jobs: Queue, on_drop: "Callable[[DropEvent], None] | None") -> "Watcher":
    from queuectl.dropfolder.watcher import Watcher  # a worker process has no need of watchdog

    return Watcher(jobs, drop_folder(jobs), on_event=on_drop)


def drop_folder(jobs: Queue) -> Path:
    """Return the folder that hosts of this queue watch on this machine."""
    configured: str = jobs.settings()["drop_folder"]
    return Path(configured).expanduser().absolute() if configured else jobs.paths.drop
