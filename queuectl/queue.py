"""The use cases: what can be done with a queue. The one API of the CLI, the page, the tray, and other people's scripts.

from queuectl.queue import Queue

with Queue.open() as queue:
    job = queue.add("ffmpeg -i in.mov out.mp4", priority=5, timeout=3600)
    queue.wait([job.id])
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from queuectl import config_file
from queuectl.clock import Clock
from queuectl.errors import InvalidJob, NotFound, QueuectlError, WrongState
from queuectl.model.defaults import fill, read_defaults
from queuectl.model.dependencies import WaitKind, in_order, with_ids
from queuectl.model.job import Attempt, Event, Job, JobSpec, Lease
from queuectl.model.state import FINAL, State
from queuectl.model.validation import validate
from queuectl.platform import machine, paths
from queuectl.platform.lock import is_locked
from queuectl.settings import Kept, Resolved, Settings, find
from queuectl.store.base import Store
from queuectl.store.types import HostRow, JobFilter, NewJob, Pause, QueueRow, Running

FINISH_UP = "finish up to "
"""Asks a host to stop when the jobs up to the id that follows have run."""
PRUNE_BATCH = 500
"""Jobs deleted in one transaction, so that others need not wait long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The queue at a glance."""

    counts: Mapping[State, int]
    queues: Mapping[str, Mapping[State, int]]
    pauses: Sequence[Pause]
    hosts: Sequence[HostRow]
    running: Sequence[Running]


class Queue:
    """A job queue in a database; open it with ``Queue.open``."""

    def __init__(self, store: Store, places: paths.Paths, *, clock: Clock, actor: str) -> None:
        self.store = store
        self.paths = places
        self.clock = clock
        self.actor = actor

    @classmethod
    def open(cls, location: str | None = None, *, clock: Clock | None = None) -> Self:
        """Open the queue at a path (QUEUECTL_DB, else this user's own, when None); create it when it is not there.

        Raises:
            StoreUnavailable: the database cannot be opened; its children say why.
        """
        from queuectl.store.opening import open_store

        location = location or os.environ.get("QUEUECTL_DB") or None
        places = paths.locate(location)
        store = open_store(places, clock)
        return cls(store, places, clock=store.clock, actor=f"{machine.user()}@{machine.name()}")

    def close(self) -> None:
        """Close the database; nothing of this queue may be used afterwards."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # adding jobs

    def add(self, command: str | Sequence[str], **fields: Any) -> Job:
        """Enqueue one command (a text for the shell, or a list that is run as it is) with JobSpec's fields.

        Raises:
            InvalidJob: names the field that cannot be.
        """
        if isinstance(command, str):
            return self.enqueue([JobSpec(command=command, **fields)])[0]
        return self.enqueue([JobSpec(argv=tuple(command), **fields)])[0]

    def enqueue(self, specs: Sequence[JobSpec], *, batch: str | None = None, source: str | None = None) -> list[Job]:
        """Keep jobs durably, all or none, and wake the hosts; when this returns, they survive a power cut.

        A job whose ``key`` a live job has is not added: the live one is returned. With ``batch``, a token of the
        caller's, the same call a second time adds nothing and returns the jobs of the first.

        Raises:
            InvalidJob, NotFound, WrongState: a job cannot be; none is added.
            StoreUnavailable: the database cannot keep them.
        """
        settings = self.settings()
        defaults = {row.name: read_defaults(row.defaults) for row in self.store.queues() if row.defaults}
        filled = []
        for position, spec in enumerate(specs, start=1):
            try:
                validate(spec)
                filled.append(fill(spec, defaults.get(spec.queue, {}), settings))
            except InvalidJob as exc:
                where = f"job {position} of {len(specs)}: " if len(specs) > 1 else ""
                raise InvalidJob(f"{where}{exc.message}", field=exc.field, hint=exc.hint) from None
        placed = in_order(filled)
        new = [self.filled_in(place.spec, settings, place.beside) for place in placed]
        jobs = self.store.enqueue(new, batch=batch, source=source or self.actor)
        self.store.ring()
        if len(jobs) != len(placed):  # some of an earlier batch have been deleted since
            return jobs
        return [job for _, job in sorted(zip(placed, jobs, strict=True), key=lambda pair: pair[0].position)]

    def filled_in(self, spec: JobSpec, settings: Settings, beside: Sequence[tuple[int, WaitKind]] = ()) -> NewJob:
        """Return what the store takes: jobs to wait for by id, and the settings where the specification is silent.

        Raises:
            NotFound: it names a job that does not exist.
        """
        return NewJob(
            spec=with_ids(spec, lambda name: self.find(name).id),
            max_retries=settings["max_retries"] if spec.max_retries is None else spec.max_retries,
            backoff_base=settings["backoff_base"] if spec.backoff_base is None else spec.backoff_base,
            beside=beside,
        )

    # looking

    def find(self, reference: str | int) -> Job:
        """Return a job by its id, or the newest one by its key.

        Raises:
            NotFound: there is none.
        """
        text = str(reference)
        if text.isascii() and text.isdigit() and len(text) < 19:
            try:
                return self.store.get(int(text))
            except NotFound:
                job = self.store.by_key(text)
                if job is None:
                    raise
                return job
        job = self.store.by_key(text)
        if job is None:
            raise NotFound(f"there is no job with the id or key {text!r}", hint="List them: queuectl list")
        return job

    def jobs(self, query: JobFilter | None = None) -> list[Job]:
        """Return jobs, newest first unless the query says otherwise."""
        return self.store.jobs(query or JobFilter())

    def attempts(self, job_id: int) -> list[Attempt]:
        """Return the runs of a job in order.

        Raises:
            NotFound: there is no such job.
        """
        return self.store.attempts(job_id)

    def history(self, job_id: int) -> list[Event]:
        """Return every transition of a job in order: when, from where to where, who, why.

        Raises:
            NotFound: there is no such job.
        """
        from queuectl.model.history import history

        return history(self.store.get(job_id), self.store.attempts(job_id), self.store.events(job_id))

    def status(self) -> Status:
        """Return the queue at a glance; its cost does not grow with the number of jobs."""
        queues = self.store.counts()
        return Status(
            counts={state: sum(counts.get(state, 0) for counts in queues.values()) for state in State},
            queues=queues,
            pauses=self.store.pauses(),
            hosts=self.hosts(),
            running=self.store.running(),
        )

    def hosts(self) -> list[HostRow]:
        """Return the hosts that live."""
        lease = self.settings()["lease"]
        return [host for host in self.store.hosts() if self.lives(host, lease)]

    def lives(self, host: HostRow, lease: float) -> bool:
        """Tell whether a host lives: on this machine by its lock, elsewhere by its heartbeat."""
        if host.machine == self.machine:
            return self.holds_lock(host.id)
        return self.store.now() - host.seen_at < timedelta(seconds=lease)

    def lives_unlisted(self, lease: Lease | None) -> bool:
        """Tell whether a host may live that holds a lease and has no row."""
        if lease is None:
            return False
        return self.holds_lock(lease.owner) or (self.paths.database is None and self.store.now() < lease.expires_at)

    @property
    def machine(self) -> str:
        """Say where hosts see each other's locks: on this machine; with a server, in this user's folder of it."""
        here = machine.identity()
        return here if self.paths.database is not None else f"{here} {machine.folder_identity(self.paths.locks)}"

    def holds_lock(self, host_id: str) -> bool:
        """Tell whether a host of this machine lives."""
        return is_locked(self.host_lock(host_id))

    def host_lock(self, host_id: str) -> Path:
        """Return the file that a host of this machine holds locked as long as it lives."""
        return self.paths.locks / f"host-{host_id}.lock"

    def wait(
        self,
        job_ids: Sequence[int],
        timeout: float | None = None,
        *,
        on_look: Callable[[Sequence[Job]], None] | None = None,
    ) -> list[Job]:
        """Wait until each of the jobs has ended, at most ``timeout`` seconds; return them as they stand then.

        ``on_look`` is called with them whenever the database has changed.

        Raises:
            NotFound: one of them does not exist.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pause = 0.01
        while True:
            self.store.changed()
            jobs = [self.store.get(job_id) for job_id in job_ids]
            if on_look is not None:
                on_look(jobs)
            if all(job.state in FINAL for job in jobs):
                return jobs
            while not self.store.changed():
                if deadline is not None and time.monotonic() >= deadline:
                    return jobs
                time.sleep(pause)
                pause = min(pause * 1.5, 0.1)
            pause = 0.01

    # changing

    def cancel(self, job_id: int, *, reason: str | None = None) -> Job:
        """End a waiting job, or have a running one stopped; jobs that wait for it end too.

        Raises:
            NotFound, WrongState: it has ended already.
        """
        job = self.store.cancel(job_id, actor=self.actor, reason=reason)
        self.store.ring()
        return job

    def retry(self, job_id: int) -> Job:
        """Run an ended or failed job again, with a new set of attempts.

        Raises:
            NotFound, WrongState: it still waits or runs.
        """
        job = self.store.retry(job_id, actor=self.actor)
        self.store.ring()
        return job

    def dead(self, limit: int = 1_000_000) -> list[Job]:
        """Return the dead letter queue, newest first."""
        return self.store.jobs(JobFilter(states=(State.DEAD,), limit=limit))

    def delete(self, job_id: int) -> None:
        """Forget a job that does not run, its history and its logs.

        Raises:
            NotFound, WrongState: it runs.
        """
        self.store.delete(job_id)
        self.remove_logs([job_id])
        self.store.ring()

    def prune(self, before: Mapping[State, datetime]) -> int:
        """Forget the jobs that ended in these states before these moments, with their logs; return how many."""
        count = 0
        for state, moment in before.items():
            if state not in FINAL:
                raise WrongState(f"jobs that are {state} have not ended; only ended ones can be forgotten")
            while True:
                gone = self.store.forget(state, moment, PRUNE_BATCH)
                self.remove_logs(gone)
                count += len(gone)
                if len(gone) < PRUNE_BATCH:
                    break
        return count

    def prune_beyond(self, counts: Mapping[State, int]) -> int:
        """Forget all but the newest jobs, so many for each of these final states; return how many."""
        before = {state: self.store.nth_ended(state, count) for state, count in counts.items()}
        return self.prune({state: moment for state, moment in before.items() if moment is not None})

    def remove_logs(self, job_ids: Sequence[int]) -> None:
        """Remove the logs of jobs that are forgotten."""
        import shutil

        for job_id in job_ids:
            shutil.rmtree(self.paths.log(job_id, 0).parent, ignore_errors=True)

    def pause(self, queue: str | None = None, until: datetime | None = None) -> None:
        """Have no more jobs taken, from one queue or from all; running ones go on."""
        self.store.pause(queue or "", until)
        self.store.ring()

    def resume(self, queue: str | None = None) -> bool:
        """Have jobs taken again; tell whether there was a pause."""
        was_paused = self.store.resume(queue or "")
        self.store.ring()
        return was_paused

    def set_queue(
        self, name: str, *, max_running: int | None = None, defaults: Mapping[str, Any] | None = None
    ) -> QueueRow:
        """Set up a queue: how many of its jobs run at once (None is no limit), and fields for jobs that lack them.

        Raises:
            InvalidJob: the name, the limit or a default cannot be.
        """
        validate(JobSpec(command="true", queue=name))
        if max_running is not None and max_running < 0:
            raise InvalidJob("limit must be 0 or more", field="limit")
        read_defaults(defaults or {})
        row = self.store.set_queue(name, max_running=max_running, defaults=defaults)
        self.store.ring()
        return row

    def remove_queue(self, name: str) -> None:
        """Forget an empty queue, its limit, defaults and pause.

        Raises:
            NotFound, WrongState: it still has jobs.
        """
        self.store.remove_queue(name)

    def stop_hosts(self, kinds: Sequence[str], *, machine: str | None = None, finish_up: bool = False) -> list[HostRow]:
        """Ask living hosts, of all machines or of one, to stop gracefully, or first to run what is there by now."""
        asked = [one for one in self.hosts() if one.kind in kinds and (machine is None or one.answers_to(machine))]
        newest = self.store.newest_id() if finish_up else 0
        for host in asked:
            self.store.ask_to_stop(host.id, f"{FINISH_UP}{newest}" if newest else "graceful")
        self.store.ring()
        return asked

    # settings

    def settings(self) -> Settings:
        """Return the settings in force.

        Raises:
            InvalidSetting: config.toml is no TOML.
        """
        return Settings(database=self.store.settings(), machine=config_file.load(self.paths.config))

    def set_setting(self, key: str, text: str) -> Resolved:
        """Change a setting.

        Raises:
            NotFound: there is no such setting.
            InvalidSetting: the value is of the wrong type or out of range.
        """
        setting = find(key)
        value = setting.parse(text)
        self._keep(setting.key, setting.kept, setting.format(value))
        return self.settings().resolve(setting.key)

    def unset_setting(self, key: str) -> Resolved:
        """Bring a setting back to its default.

        Raises:
            NotFound: there is no such setting.
        """
        setting = find(key)
        self._keep(setting.key, setting.kept, None)
        return self.settings().resolve(setting.key)

    def _keep(self, key: str, kept: Kept, text: str | None) -> None:
        if kept is Kept.DATABASE:
            self.store.set_setting(key, text)
        else:
            try:
                config_file.change(self.paths.config, key, text)
            except OSError as exc:
                raise QueuectlError(f"{self.paths.config} cannot be written: {exc.strerror}") from exc
        self.store.ring()
