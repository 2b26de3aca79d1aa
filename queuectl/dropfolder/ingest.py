"""Take ``.job`` files in: settle, claim, enqueue, accept or reject; each file once, through any crash."""

import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Protocol

from queuectl.clock import Clock
from queuectl.dropfolder.events import DropEvent, DropKind, OnEvent
from queuectl.dropfolder.folder import Checkpoint, Claim, DropFolder, no_checkpoint, printable
from queuectl.dropfolder.settle import Sightings, Trouble
from queuectl.editing import at_home
from queuectl.errors import InvalidJobFile, InvalidSetting, QueuectlError, StoreUnavailable
from queuectl.model import jobfile
from queuectl.model.job import Job, JobSpec
from queuectl.platform.files import is_foreign, open_unfollowed
from queuectl.platform.lock import FileLock

log = logging.getLogger(__name__)

SETTLE = 0.2
"""Seconds that a file must not change before it is taken."""
PATIENCE = 2.0
"""Seconds that it must not change before it is refused: what makes no sense yet may have a slow writer."""
_LINGER = 1.0  # watchdog holds back what comes after a file that was moved away, such as a claim, for half a second
_QUIET_TRIES = 2  # that somebody has a file open for a moment is no news


class Enqueues(Protocol):
    """The part of a queue that a drop folder needs."""

    clock: Clock

    def enqueue(self, specs: Sequence[JobSpec], *, batch: str | None = None, source: str | None = None) -> list[Job]:
        """Keep jobs durably, all or none; a second call with the same ``batch`` adds nothing."""
        ...


class Ingester:
    """Carry files from a drop folder into a queue, one ``look`` after the other, on one thread."""

    def __init__(
        self,
        queue: Enqueues,
        folder: DropFolder,
        *,
        on_event: OnEvent | None = None,
        stop: Event,
        settle: float = SETTLE,
        patience: float = PATIENCE,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self._queue = queue
        self._folder = folder
        self._on_event = on_event
        self._stop = stop
        self._settle = settle
        self._patience = patience
        self._checkpoint = checkpoint
        self._sightings = Sightings(settle)
        self._store_trouble = Trouble()
        self._store_due = 0.0
        self._linger_until = 0.0
        self._lock = FileLock(folder.lock)
        self._lock_identity: tuple[int, int] | None = None

    def look(self) -> float | None:
        """Move every file on as far as it is ready, and return the seconds until the next look is worth it.

        Returns None where nothing waits, or while another host works on this folder.

        Raises:
            OSError: the folder cannot be listed.
        """
        if not self._hold():
            return None
        waiting = self._folder.waiting()
        claimed = [claim for path in waiting if (claim := self._take(path))]
        if claimed:
            self._folder.sync(claimed)
            self._linger_until = self._now() + _LINGER
        claims = self._folder.claims()
        for claim in claims:
            self._handle(claim)
        self._sightings.forget_all_but({*waiting, *(claim.path for claim in claims)})
        due = self._sightings.next_due()
        if self._now() < self._linger_until:
            due = min(self._now() + self._settle, self._linger_until if due is None else due)
        return None if due is None else max(0.0, due - self._now())

    def close(self) -> None:
        """Let another host take over; whoever comes next finishes the claims that are open."""
        self._lock.close()

    def _now(self) -> float:
        return self._queue.clock.monotonic()

    def _hold(self) -> bool:
        """Be the one host that works on this folder, also when it is deleted and made anew."""
        if self._lock.held and self._identify_lock() != self._lock_identity:
            self._lock.close()
        if not self._lock.held:
            if not self._lock.acquire(0):
                self._lock.close()
                return False
            self._lock_identity = self._identify_lock()
        return True

    def _identify_lock(self) -> tuple[int, int] | None:
        try:
            info = self._folder.lock.stat()
        except FileNotFoundError:
            return None
        return info.st_dev, info.st_ino

    def _take(self, path: Path) -> Claim | None:
        """Claim a file if it is ready."""
        try:
            if self._stop.is_set() or not self._sightings.is_ready(path, self._now()):
                return None
            claim = self._folder.claim(path)
        except FileNotFoundError:
            return None  # whoever put it there has taken it away
        except OSError as exc:
            self._put_off(path, f"cannot be taken: {exc.strerror or exc}")
            return None
        if claim:
            self._sightings.renamed(path, claim.path)
        return claim

    def _handle(self, claim: Claim) -> None:
        """Enqueue a claimed file if it is ready, and put it where it belongs."""
        now = self._now()
        try:
            if self._stop.is_set() or not self._sightings.is_ready(claim.path, now):
                return
            if now < self._store_due:
                self._sightings.put_off(claim.path, self._store_due)
                return
            self._ingest(claim)
        except FileNotFoundError as exc:
            if os.path.lexists(claim.path):  # what is missing is the place to move it to
                self._put_off(claim.path, f"cannot be handled: {exc.strerror or exc}")
                return
            self._sightings.put_off(claim.path, now + self._settle)
            log.info("%s vanished: %s", claim.path, exc)
        except (StoreUnavailable, InvalidSetting) as exc:  # of which no file can help it
            self._store_due = self._now() + self._store_trouble.pause()
            self._sightings.put_off(claim.path, self._store_due)
            if self._store_trouble.is_news(exc.message):
                self._report_error(claim.path, f"{exc.message}; the file is kept and tried again")
        except OSError as exc:
            self._put_off(claim.path, f"cannot be handled: {exc.strerror or exc}")
        except Exception as exc:  # one file must not stop all others
            log.exception("%s cannot be handled", claim.path)
            self._put_off(claim.path, f"cannot be handled: {exc!r}")

    def _ingest(self, claim: Claim) -> None:
        name = printable(claim.path.name)
        try:
            data = self._read(claim.path)
            if data is None:
                self._sightings.put_off(claim.path, self._now() + self._settle)
                return
            self._checkpoint("read")
            specs = [at_home(spec) for spec in jobfile.parse(data, now=self._queue.clock.now())]
            jobs = self._queue.enqueue(specs, batch=claim.id, source=f"drop folder: {name}")
        except (StoreUnavailable, InvalidSetting):
            raise
        except QueuectlError as exc:
            patient_until = self._now() + self._patience - self._sightings.age(claim.path, self._now())
            if self._now() < patient_until:
                self._sightings.put_off(claim.path, patient_until)
                return
            self._folder.reject(claim, self._explain(name, exc))
            log.info("rejected %s: %s", name, exc.message)
            self._report(DropEvent(kind=DropKind.REJECTED, name=name, reason=exc.message))
            return
        self._store_trouble = Trouble()
        self._checkpoint("enqueued")
        self._folder.accept(claim)
        ids = tuple(job.id for job in jobs)
        log.info("accepted %s: jobs %s", name, ids)
        self._report(DropEvent(kind=DropKind.ACCEPTED, name=name, job_ids=ids))

    def _read(self, path: Path) -> bytes | None:
        """Return what a claimed file holds, or None while it is still being written.

        Raises:
            InvalidJobFile: it is nothing to read from.
        """
        _refuse_unreadable(path.lstat())
        try:
            fd = open_unfollowed(path)
        except PermissionError:
            raise InvalidJobFile("may not be read", hint="Give yourself the right to read it.") from None
        with os.fdopen(fd, "rb") as file:
            before = os.fstat(fd)
            _refuse_unreadable(before)
            jobfile.check_size(before.st_size)
            data = file.read(jobfile.MAX_BYTES + 1)
            after = os.fstat(fd)
        is_whole = len(data) == before.st_size == after.st_size and before.st_mtime_ns == after.st_mtime_ns
        return data if is_whole else None

    def _explain(self, name: str, exc: QueuectlError) -> str:
        then = f"{exc.hint} Then" if exc.hint else "Correct it, then"
        return (
            f"queuectl has not taken {name}; none of its jobs was enqueued.\n\n"
            f"What is wrong: {exc.message}\n"
            f"Where:         {name}, dropped into {self._folder.path}\n"
            f"What to do:    {then} move the file back into that folder.\n\n"
            f"When:  {self._queue.clock.now():%Y-%m-%d %H:%M:%S} UTC"
        )

    def _put_off(self, path: Path, reason: str) -> None:
        trouble = self._sightings.trouble(path, self._now())
        self._sightings.put_off(path, self._now() + trouble.pause())
        if trouble.is_news(reason, quiet_tries=_QUIET_TRIES):
            self._report_error(path, reason)

    def _report_error(self, path: Path, reason: str) -> None:
        name = printable(path.name)
        log.error("%s: %s", name, reason)
        self._report(DropEvent(kind=DropKind.ERROR, name=name, reason=reason))

    def _report(self, event: DropEvent) -> None:
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception:  # whoever listens must not stop the files
            log.exception("a listener failed on %s", event)


def _refuse_unreadable(info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        kinds = {stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe"}
        kind = kinds.get(stat.S_IFMT(info.st_mode), "a device or socket")
        raise InvalidJobFile(f"it is {kind}, not a file", hint="Put a copy of the file there.")
    if is_foreign(info):
        raise InvalidJobFile(f"it belongs to another user (uid {info.st_uid})", hint="Copy it, so that it is yours.")
