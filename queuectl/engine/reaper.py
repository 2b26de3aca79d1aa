"""Puts right what dead hosts left behind, and forgets what is old: the host's housekeeping thread."""

import logging
import os
import queue
import random
import threading
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from queuectl.engine.aftermath import add_hooks
from queuectl.engine.events import EventKind, JobEvent, Listener, tell
from queuectl.engine.output import open_log, read_tail
from queuectl.engine.stray_logs import remove_stray_logs
from queuectl.errors import LeaseLost, QueuectlError, StoreUnavailable
from queuectl.model.hooks import HookSettings
from queuectl.model.job import Outcome, OutcomeKind
from queuectl.model.policy import Backoff, forget_before, forget_beyond, judge
from queuectl.model.state import State
from queuectl.platform import machine
from queuectl.platform.elapsed import elapsed
from queuectl.platform.process import kill_marked, kill_remains
from queuectl.queue import Queue
from queuectl.store.types import HostRow, Running

KEEP_RUN_COUNTS = timedelta(days=8)
"""For how long back the page shows how many runs ended, and a day."""
PRUNE_EVERY = 600.0
"""Seconds between two looks for jobs that are old enough to be forgotten."""
LOOK_FOR_LOGS_EVERY = 3600.0
"""Seconds between two looks for logs of jobs that other machines have forgotten."""

log = logging.getLogger("queuectl.engine")


class Reaper:
    """Sweep every few seconds: dead hosts, processes that outlived their attempt, old jobs.

    A host of this machine is dead when its lock is free, at once; one of another machine when its lease has ended.
    ``ended_tokens`` are the leases of runs that ended on this host.
    """

    def __init__(
        self, jobs: Queue, host_id: str, *, ended_tokens: "queue.SimpleQueue[str]", listener: Listener | None = None
    ) -> None:
        self._queue = jobs
        self._store = jobs.store
        self._host_id = host_id
        self._ended_tokens = ended_tokens
        self._listener = listener
        self._rng = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._sweep_for_ever, name="reaper", daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Stop sweeping within ``timeout`` seconds, and kill a last time what outlived its attempt."""
        self._stopped.set()
        self._thread.join(timeout)
        self._kill_strays()

    def _sweep_for_ever(self) -> None:
        prune_at = look_for_logs_at = 0.0
        interval = 5.0
        while True:
            try:
                self._kill_strays()  # even while there is no database
                interval = self._queue.settings()["reaper_interval"]
                self.sweep()
                now = elapsed()
                if now >= prune_at and self._store.is_elected():
                    self.forget()
                    prune_at = now + PRUNE_EVERY
                if now >= look_for_logs_at and self._queue.paths.is_shared:
                    self.forget_logs()
                    look_for_logs_at = now + LOOK_FOR_LOGS_EVERY
            except StoreUnavailable as exc:
                log.info("sweeping failed: %s", exc)  # the coordinator tells of it, once
            except QueuectlError as exc:
                log.error("sweeping failed: %s", exc)  # noqa: TRY400 - the message says it all
            except Exception:
                log.exception("sweeping failed")
            if self._stopped.wait(interval):
                return

    def sweep(self) -> None:
        """Recover the jobs of dead hosts."""
        hosts = {host.id: host for host in self._store.hosts()}
        lease = self._queue.settings()["lease"]
        # Hosts of other machines are the elected one's, unless that does nothing about them.
        wait = 0.0 if self._store.is_elected() else lease
        dead = {
            host.id for host in hosts.values() if host.id != self._host_id and not self._queue.lives(host, lease + wait)
        }
        for run in self._store.running():
            owner = run.job.lease.owner if run.job.lease else ""
            if self._may_run_elsewhere(run, hosts.get(owner), wait):
                continue
            if owner in dead or (owner not in hosts and not self._queue.lives_unlisted(run.job.lease)):
                self._recover(run, hosts.get(owner))
        for host_id in dead:
            if not self._store.running(host_id):
                log.warning("host %s (pid %s) died; it is struck off", host_id, hosts[host_id].pid)
                self._store.remove_host(host_id)
                with suppress(OSError):
                    self._queue.host_lock(host_id).unlink()

    def _may_run_elsewhere(self, run: Running, host: HostRow | None, wait: float) -> bool:
        """Tell whether a job's lease lasts, as its holder on another machine was told, whatever our settings say."""
        if run.job.lease is None or host is None or host.machine == self._queue.machine:
            return False
        return self._store.now() < run.job.lease.expires_at + timedelta(seconds=wait)

    def _recover(self, run: Running, host: HostRow | None) -> None:
        job = run.job
        local = host is None or host.machine == self._queue.machine
        name = machine.name() if host is None else host.name
        token = job.lease.token if job.lease else ""
        if local and not kill_remains(run.pid, run.pid_created, token):
            log.error("job %s: what is left of its run on a dead host cannot be killed; trying again", job.id)
            return
        now = self._store.now()
        tail, size = self._tail(job.id, job.runs) if local else ("", 0)
        reason = f"host {name} died while it ran"
        outcome = Outcome(kind=OutcomeKind.LOST, reason=reason, finished_at=now, tail=tail, output_bytes=size)
        settings = self._queue.settings()
        verdict = judge(job, outcome, now=now, backoff=Backoff.of(settings), rng=self._rng)
        try:
            with self._store.transaction():
                job = self._store.finish(job, outcome, verdict, host_name=name)
                where = self._where_hooks_run(job.spec.queue, name)
                add_hooks(self._queue, [(job, outcome)], HookSettings.of(settings), where=where)
        except LeaseLost:
            return  # another host's reaper was quicker
        self._store.ring()
        kind = EventKind.DEAD if job.state is State.DEAD else EventKind.RECOVERED
        tell(self._listener, JobEvent(kind=kind, job=job, outcome=outcome))

    def _where_hooks_run(self, queue_name: str, ran_on: str) -> str:
        """Return a machine that may run what runs after a job of this queue: this one, or another one that lives."""
        hosts = [host for host in self._queue.hosts() if host.queues is None or queue_name in host.queues]
        names = [host.name for host in hosts]
        return machine.name() if machine.name() in names else next(iter(names), ran_on)

    def _tail(self, job_id: int, number: int) -> tuple[str, int]:
        path = self._queue.paths.log(job_id, number)
        limit = self._queue.settings()["tail_bytes"]
        try:
            if not path.exists():
                return "", 0
            descriptor = open_log(path)
            try:
                return read_tail(descriptor, limit)
            finally:
                os.close(descriptor)
        except OSError as exc:  # what a disk has lost keeps no job from running again
            log.warning("job %d: the log %s of its lost run cannot be read: %s", job_id, path, exc.strerror or exc)
            return "", 0

    def _kill_strays(self) -> None:
        tokens = set(_drain(self._ended_tokens))
        if tokens:
            count = kill_marked(tokens)
            if count:
                log.warning("killed %d processes that had outlived their attempts", count)

    def forget(self) -> None:
        """Forget the ended jobs that are older, or more, than the settings keep."""
        settings = self._queue.settings()
        count = self._queue.prune(forget_before(settings, self._store.now()))
        count += self._queue.prune_beyond(forget_beyond(settings))
        self._store.forget_run_counts(self._store.now() - KEEP_RUN_COUNTS)
        if count:
            log.info("forgot %d old jobs", count)

    def forget_logs(self) -> None:
        """Remove the logs here of jobs that another machine has forgotten."""
        count = remove_stray_logs(self._queue)
        if count:
            log.info("removed the logs of %d jobs that are forgotten", count)


def _drain(tokens: "queue.SimpleQueue[str]") -> Iterable[str]:
    while True:
        try:
            yield tokens.get_nowait()
        except queue.Empty:
            return
