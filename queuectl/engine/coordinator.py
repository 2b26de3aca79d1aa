"""Claims and completions in group commits: the one thread of a host that moves jobs through the database.

Everything that can wake it is a message in one inbox: a finished run, a run whose process is to be noted, a ring.
It answers what has gathered in one transaction: finished runs are reported, due jobs promoted, new ones claimed.
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial

from queuectl.engine.aftermath import add_hook_when_empty, add_hooks
from queuectl.engine.events import EventKind, JobEvent, Listener, tell
from queuectl.engine.holdings import Holdings
from queuectl.engine.inbox import Finished, Inbox
from queuectl.engine.outage import Outage, Outages
from queuectl.engine.pace import Pace
from queuectl.engine.scheduler import Scheduler
from queuectl.engine.terms import read_terms
from queuectl.errors import InvalidSetting, QueuectlError
from queuectl.model.admission import Room
from queuectl.model.duty import Duty
from queuectl.model.hooks import HOOKS
from queuectl.model.job import Job
from queuectl.model.policy import judge
from queuectl.model.state import State
from queuectl.platform import machine
from queuectl.platform.environment import Environment
from queuectl.queue import Queue
from queuectl.store.types import JobFilter, Report

UNBOUNDED = 10**9
"""As many jobs as will ever be."""
ENOUGH = 1000
"""So many jobs that wait for a retry, and one will be for this machine."""
RETRY_STORE = (0.1, 5.0)
"""First and longest wait, in seconds, before a failed transaction is tried again."""

SHORTEST_ANSWER = 2.0
"""Seconds that the database is given in any case; a busy server needs them."""

log = logging.getLogger("queuectl.engine")


class Coordinator:
    """Move jobs between the database and a pool of workers.

    ``workers`` is what the settings say when None. ``budget`` limits how many jobs are taken in all, and ``burst``
    takes only as long as there are some; when either is over and nothing runs any more, ``done`` is set. What runs
    after jobs is no part of either, and is run all the same.
    """

    def __init__(
        self,
        jobs: Queue,
        host_id: str,
        *,
        workers: int | None,
        environ: Environment,
        poll: float | None = None,
        queues: Sequence[str] | None = None,
        budget: int | None = None,
        burst: bool = False,
        listener: Listener | None = None,
        on_stop_asked: Callable[[str], None] | None = None,
        on_outage: Callable[[Outage | None], None] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.done = threading.Event()
        self._queue = jobs
        self._store = jobs.store
        self._host_id = host_id
        self._budget = UNBOUNDED if budget is None else budget
        self._burst = burst
        self._newest: int | None = None
        self._listener = listener
        self._on_stop_asked = on_stop_asked
        self.outages = Outages(on_outage)
        self._rng = rng or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._inbox = Inbox()
        self._scheduler = Scheduler(jobs)
        self._draining = False
        self._stopped = False
        self._pace = Pace()
        self._read_terms = partial(read_terms, jobs, queues=queues, poll=poll)
        self._terms = self._read_terms()
        self._follow_workers = workers is None
        self.holdings = Holdings(
            jobs, host_id, self._inbox, workers=workers or self._terms.workers, environ=environ, listener=listener
        )
        self._pool = self.holdings.pool
        self._thread = threading.Thread(target=self._coordinate, name="coordinator", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self.holdings.start()
        self._thread.start()

    def ring(self) -> None:
        """Have it look into the database now."""
        self._inbox.ring()

    @property
    def duty(self) -> Duty:
        """Return what this machine runs, as the settings say it now."""
        return self._terms.duty

    def drain(self) -> None:
        """Take no more jobs and put back those that no worker has begun; ``done`` is set when the last run ends."""
        self._draining = True
        self._inbox.ring()

    def finish_up(self, newest: int) -> None:
        """Take only the jobs up to this id; ``done`` is set when there are no more of them and the last run ends."""
        if newest == self._newest:
            return  # the wish stands there until the end, and is read at each look
        self._newest = newest
        self._burst = True
        self._inbox.ring()

    def interrupt(self, reason: str) -> None:
        """Stop the runs that go on; they go back to the queue and spend no attempt.

        The coordinator may be in the midst of a claim: what that brings is stopped as it begins.
        """
        self.holdings.interrupt(reason)

    def stop(self, timeout: float) -> None:
        """End the thread, the workers and the warden; wait at most ``timeout`` seconds for each."""
        self._draining = self._stopped = True
        self._inbox.ring()
        self._thread.join(timeout)
        self.holdings.stop(timeout)

    # the coordinator's thread

    def _coordinate(self) -> None:
        patience = RETRY_STORE[0]
        next_heartbeat = 0.0
        looked = 0.0
        self._expect_answers()
        due: datetime | None = None
        exhausted = False
        more = True  # whether the database may hold something for us that we have not seen
        unheard = False  # whether others may have asked for something that was not done yet
        while not (self._stopped and not self._inbox.finished):
            try:
                is_soon = unheard or self._pool.waiting()
                next_look = looked + (min(self._terms.poll, 1.0) if is_soon else self._terms.poll)
                wait = min(next_look, next_heartbeat) - time.monotonic()
                # A claim that was cut short by the number of free workers goes on when one is free: a report tells.
                rung = self._inbox.gather(
                    max(0.0, min(wait, self._until(due))), others_follow=bool(self._pool.waiting())
                )
                unheard = unheard or rung
                now = time.monotonic()
                if now >= next_heartbeat:
                    self.holdings.renew(self._terms.lease)
                    next_heartbeat = now + self._terms.heartbeat
                ripe = self._until(due) <= 0
                if rung or ripe or now >= next_look:
                    looked = now
                    unheard = self._store.changed() or unheard
                    more = more or unheard or ripe
                    due = None if ripe else due
                    if unheard:
                        self._obey()
                        unheard = False
                    more = self._return_idle() or more
                if self._inbox or ripe or (more and self._room().most):
                    more, due = self._transact()
                exhausted = self._burst and not more and not self.holdings.runs and self._is_exhausted()
                patience = RETRY_STORE[0]
                self.outages.worked()
            except QueuectlError as exc:
                self.outages.failed(exc)
                patience, more, next_heartbeat = self._be_patient(patience), True, 0.0
            except Exception:
                log.exception("the coordinator failed, trying again in %.1f s", patience)
                patience, more = self._be_patient(patience), True
            if not self.holdings.runs and (self._draining or (self._budget <= 0 and not more) or exhausted):
                self.done.set()

    def _be_patient(self, patience: float) -> float:
        """Wait about so many seconds, not all hosts equally long; return how long to wait the next time."""
        time.sleep(patience * self._rng.uniform(0.5, 1))
        return min(patience * 2, RETRY_STORE[1], self._terms.heartbeat / 2)

    def _expect_answers(self) -> None:
        """Let a renewal that is not answered be tried again well before the leases end."""
        self._store.answer_within(max(SHORTEST_ANSWER, self._terms.lease / 4))

    def _until(self, due: datetime | None) -> float:
        """Return the seconds until then, or a schedule, by the store's clock, which may jump; so it is asked anew."""
        moments = [moment for moment in (due, self._scheduler.next) if moment is not None]
        return (min(moments) - self._store.now()).total_seconds() if moments else math.inf

    def _room(self, ended: Collection[str] = ()) -> Room:
        """Return what there is room for now: the free workers, and a few jobs ahead of them when runs are short."""
        workers = self._pool.size
        ends = self._draining or self.done.is_set()
        if ends or self.duty.queues == ():  # nobody here has said that anything may run
            return Room(workers=workers, free=0)
        slots = self.holdings.slots(besides=ended)
        one_each = sum(slots) == len(slots)
        ahead = self._pace.ahead(workers) if one_each else 0
        return Room(workers=workers, free=workers - sum(slots), ahead=ahead, jobs=self._budget or UNBOUNDED)

    def _transact(self) -> tuple[bool, datetime | None]:
        """Commit what has gathered; return whether there may be more to claim, and when time brings the next job."""
        finished = self._inbox.finished
        began, tenure = time.monotonic(), self.holdings.tenure(self._terms.lease)
        with self._scheduler.ready(), self._store.transaction():
            self._scheduler.fire()
            for run in self._inbox.lasting:
                self.holdings.note(run)
            for run, progress in self._inbox.progressed.items():
                self._store.report_progress(run.job, progress.fraction, progress.message or None)
            ended = self._finish(finished)
            known = [(job, item.outcome) for job, item in zip(ended, finished, strict=True) if job is not None]
            add_hooks(self._queue, known, self._terms.hooks)
            self._store.promote()
            room = self._room({item.run.token for item in finished})
            claimed = self._claim(room) if room.most else []
            worked = any(job.spec.queue != HOOKS for job, _ in known)
            resting = all(job.spec.queue == HOOKS for job in claimed)
            emptied = worked and resting and add_hook_when_empty(self._queue, self._terms.hooks)
            due = self._store.next_due()
        self._inbox.forget()
        for item in finished:
            self.holdings.forget(item.run)
            self._pace.ended(item.outcome)
        self._budget -= sum(job.spec.queue != HOOKS for job in claimed)
        if claimed:
            self._pace.claimed()
        for job in claimed:
            self.holdings.begin(job, self._terms.limits, tenure)
        for job, outcome in known:
            tell(self._listener, JobEvent(kind=EventKind.after_run(job), job=job, outcome=outcome))
        self._pace.committed(time.monotonic() - began)
        return len(claimed) >= room.most or emptied, due

    def _claim(self, room: Room) -> list[Job]:
        queues = self.duty.queues if self._budget else ()  # hooks are taken in any case
        newest, names = self._newest, self.duty.names
        return self._store.claim(
            self._host_id, room, lease=self._terms.lease, queues=queues, newest=newest, places=names
        )

    def _is_exhausted(self) -> bool:
        """Tell whether no retry is to come either, of a job that this host would take."""
        before = None if self._newest is None else self._newest + 1
        queues: Sequence[str | None] = (None,) if self.duty.queues is None else self.duty.queues
        here = {None, *self.duty.names}
        for name in queues:
            query = JobFilter(states=(State.FAILED,), queue=name, before=before, limit=ENOUGH)
            found = self._store.jobs(query)
            if len(found) == ENOUGH or any(job.spec.machine in here for job in found):
                return False
        return True

    def _finish(self, finished: Sequence[Finished]) -> list[Job | None]:
        if not finished:
            return []
        now = self._store.now()
        reports = [
            Report(
                job=item.run.job,
                outcome=item.outcome,
                verdict=judge(item.run.job, item.outcome, now=now, backoff=self._terms.backoff, rng=self._rng),
            )
            for item in finished
        ]
        ended = self._store.finish_all(reports, host_name=machine.name())
        for job, item in zip(ended, finished, strict=True):
            if job is None:
                log.warning("job %d is no longer this host's; its %s is dropped", item.run.job.id, item.outcome.kind)
        return ended

    def _obey(self) -> None:
        """Do what other processes have asked for: cancel, pause, other settings."""
        self._take_up_settings()
        self._scheduler.look()
        self.holdings.cancel(self._store.cancelling(self._host_id))
        asked = self._store.stop_asked(self._host_id)
        if asked is not None and self._on_stop_asked is not None:
            self._on_stop_asked(asked)

    def _return_idle(self) -> bool:
        """Put back what was claimed ahead but cannot be begun soon, for another host or a later day; tell if it did."""
        if not self.holdings.idle:
            return False
        wanted = self._draining or self.holdings.returning
        if not (wanted or self._pace.is_stuck() or self._store.pauses()):
            return False
        self._budget += sum(job.spec.queue != HOOKS for job in self.holdings.put_back())
        return True

    def _take_up_settings(self) -> None:
        try:
            terms = self._read_terms()
        except InvalidSetting as exc:
            log.error("the settings stay as they were: %s", exc)  # noqa: TRY400 - the message says it all
            return
        duty = terms.duty
        workers = terms.workers if self._follow_workers else self._pool.size
        if workers != self._pool.size or duty != self.duty:
            self._store.describe_host(self._host_id, workers, tags=duty.tags, queues=duty.queues)
            self._pool.resize(workers)
        self._terms = terms
        self._expect_answers()
