"""Watch the drop folder on a thread of its own. Events only wake it; a listing decides."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.events import FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler

from queuectl.dropfolder.events import DropEvent, DropKind, OnEvent
from queuectl.dropfolder.folder import DropFolder, is_job_name
from queuectl.dropfolder.ingest import SETTLE, Enqueues, Ingester
from queuectl.errors import QueuectlError

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

log = logging.getLogger(__name__)

INTERVAL = 3.0
"""Seconds between listings when no event comes; systems drop events under load."""
_GATHER = 0.02  # a thousand files at once are a thousand events; one look serves many of them


class Watcher:
    """Take files from a drop folder into a queue until stopped; ``on_event`` is called on the watcher's thread."""

    def __init__(
        self,
        queue: Enqueues,
        folder: Path,
        *,
        on_event: OnEvent | None = None,
        interval: float = INTERVAL,
        settle: float = SETTLE,
    ) -> None:
        self._folder = DropFolder(folder)
        self._on_event = on_event
        self._interval = interval
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._ingester = Ingester(queue, self._folder, on_event=on_event, stop=self._stop, settle=settle)
        self._alarm = _Alarm(self._wake.set)
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="drop-folder", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Stop after the file at hand, and tell whether that took at most ``timeout`` seconds."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                delay = self._look()
                self._wake.wait(delay)
                self._stop.wait(_GATHER)
                self._wake.clear()
        finally:
            self._ingester.close()
            self._alarm.close()

    def _look(self) -> float:
        """Look once, whatever happens, and return the seconds until the next look."""
        try:
            identity = self._folder.prepare()
            self._alarm.watch(self._folder.path, identity)
            delay = self._ingester.look()
        except QueuectlError as exc:
            self._report(f"{exc.message}. {exc.hint}")
        except OSError as exc:
            self._report(f"the drop folder {self._folder.path} cannot be used: {exc.strerror or exc}")
        except Exception as exc:  # the thread must live
            log.exception("the drop folder cannot be looked at")
            self._report(f"the drop folder {self._folder.path} cannot be used: {exc!r}")
        else:
            self._problem = ""
            return self._interval if delay is None else min(delay, self._interval)
        return self._interval

    def _report(self, problem: str) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        log.error("%s", problem)
        if self._on_event is None:
            return
        try:
            self._on_event(DropEvent(kind=DropKind.ERROR, name="", reason=problem))
        except Exception:  # whoever listens must not stop the watcher
            log.exception("a listener failed")


class _Alarm(FileSystemEventHandler):
    """Ring when a file for the queue comes into the folder; without it there are still the listings."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None
        self._failed = False

    def watch(self, path: Path, identity: tuple[int, int]) -> None:
        """Watch the folder, also when another one has taken its place since the last call."""
        if self._observer and identity == self._watched and all(one.is_alive() for one in self._observer.emitters):
            return
        try:
            observer = self._observer or self._start_observer()
            observer.unschedule_all()
            # Only what brings files: a listing makes events too, and must not wake itself.
            observer.schedule(self, str(path), event_filter=[FileCreatedEvent, FileMovedEvent])
            for emitter in observer.emitters:
                emitter.name = "drop-folder-emitter"
        except Exception as exc:  # noqa: BLE001 (each of watchdog's backends fails in its own way)
            if not self._failed:
                log.warning("no events from %s (%s); it is listed every few seconds", path, exc)
            self._failed = True
            return
        self._watched = identity
        self._failed = False

    def _start_observer(self) -> "BaseObserver":
        from watchdog.observers import Observer

        observer: BaseObserver = Observer()
        observer.name = "drop-folder-events"
        observer.daemon = True
        observer.start()
        self._observer = observer
        return observer

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Ring for a name that belongs to the queue."""
        if is_job_name(Path(os.fsdecode(event.dest_path or event.src_path)).name):
            self._ring()

    def close(self) -> None:
        """Stop the threads of watchdog."""
        if self._observer:
            self._observer.stop()
            self._observer.join(1.0)
